// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {IUsageChannels} from "../src/IUsageChannels.sol";
import {Channels} from "./Channels.sol";

/// @dev What each call costs, transaction included. Ceilings are the budget; snapshots/gas.json has the exact figures,
/// and README.md quotes them.
contract GasTest is Channels {
    uint256 private constant TRANSACTION = 21_000;
    address private arbiter = vm.addr(0xA4B);

    bytes32 private running;
    bytes32 private line;

    /// @dev Not the first of their kind: all sides have been paid before, so that no figure contains a market's first
    /// day.
    function setUp() public override {
        super.setUp();
        vm.prank(timelock);
        escrow.setArbiter(arbiter, true);
        running = fundAda();
        line = openAda();
        claim(line, DOLLAR);
        vm.warp(START + 37 * DAY);
        escrow.release(running);
        vm.prank(ben);
        escrow.refund(running, DOLLAR);
        vm.warp(START);
    }

    function another() private view returns (IMarketEscrow.Terms memory t) {
        t = terms();
        t.orderRef = "order 2";
    }

    function anotherLine() private view returns (IUsageChannels.ChannelTerms memory t) {
        t = channelTerms();
        t.channelRef = "channel 2";
    }

    /// @dev Words of calldata cost 16 gas a byte that is not zero, 4 a zero.
    function within(uint256 ceiling, string memory what, address who, bytes memory data) private {
        uint256 gas = TRANSACTION;
        for (uint256 i = 0; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
        vm.cool(address(escrow));
        vm.cool(address(dollar));
        vm.prank(who);
        uint256 before = gasleft();
        (bool ok,) = address(escrow).call(data);
        gas += before - gasleft();
        holds(ok, "the call goes through");
        vm.snapshotValue("gas", what, gas);
        holds(gas <= ceiling, what);
    }

    function test_funding_stays_affordable() public {
        approve(ada, 30 * DOLLAR);
        within(245_000, "fund", ada, abi.encodeCall(escrow.fund, (another())));
    }

    function test_funding_by_permit_stays_affordable() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(address(dollar), 30 * DOLLAR);
        bytes memory data = abi.encodeCall(escrow.fundWithPermit, (another(), START + DAY, v, r, s));
        within(290_000, "fundWithPermit", ada, data);
    }

    function test_funding_by_signature_stays_affordable() public {
        bytes memory signature = authorization(ada, address(dollar), 30 * DOLLAR, escrow.orderId(ada, another()));
        bytes memory data = abi.encodeCall(escrow.fundWithAuthorization, (ada, another(), 0, START + DAY, signature));
        within(285_000, "fundWithAuthorization", relayer, data);
    }

    function test_renewing_stays_affordable() public {
        approve(ada, 20 * DOLLAR);
        within(110_000, "renew", ada, abi.encodeCall(escrow.renew, (running, 2)));
    }

    function test_renewing_by_signature_stays_affordable() public {
        bytes memory signature = authorization(ada, address(dollar), 20 * DOLLAR, escrow.renewalId(running, 2));
        bytes memory data = abi.encodeCall(escrow.renewWithAuthorization, (running, 2, 0, START + DAY, signature));
        within(145_000, "renewWithAuthorization", relayer, data);
    }

    function test_releasing_stays_affordable() public {
        vm.warp(START + 67 * DAY);
        within(80_000, "release", stranger, abi.encodeCall(escrow.release, (running)));
    }

    function test_cancelling_stays_affordable() public {
        vm.warp(START + 45 * DAY);
        within(105_000, "cancel", ada, abi.encodeCall(escrow.cancel, (running)));
    }

    function test_refunding_stays_affordable() public {
        within(70_000, "refund", ben, abi.encodeCall(escrow.refund, (running, DOLLAR)));
    }

    function test_disputing_stays_affordable() public {
        vm.warp(START + 67 * DAY);
        within(120_000, "dispute", ada, abi.encodeCall(escrow.dispute, (running, keccak256("evidence"))));
    }

    function test_ruling_stays_affordable() public {
        vm.warp(START + 45 * DAY);
        vm.prank(ada);
        escrow.dispute(running, "evidence");
        bytes memory data = abi.encodeCall(escrow.resolve, (running, 6_000, keccak256("ruling")));
        within(121_000, "resolve", arbiter, data);
    }

    function test_ending_a_dispute_without_a_ruling_stays_affordable() public {
        vm.warp(START + 45 * DAY);
        vm.prank(ada);
        escrow.dispute(running, "evidence");
        vm.warp(START + 48 * DAY);
        within(115_000, "resolveTimeout", stranger, abi.encodeCall(escrow.resolveTimeout, (running)));
    }

    function test_opening_a_channel_stays_affordable() public {
        approve(ada, 100 * DOLLAR);
        within(245_000, "openChannel", ada, abi.encodeCall(escrow.openChannel, (anotherLine())));
    }

    function test_opening_a_channel_by_signature_stays_affordable() public {
        IUsageChannels.ChannelTerms memory t = anotherLine();
        bytes memory signature = authorization(ada, address(dollar), t.deposit, escrow.channelId(ada, t));
        bytes memory data =
            abi.encodeCall(escrow.openChannelWithAuthorization, (ada, t, 0, START + DAY, signature));
        within(285_000, "openChannelWithAuthorization", relayer, data);
    }

    function test_topping_up_stays_affordable() public {
        approve(ada, DOLLAR);
        within(100_000, "topUp", ada, abi.encodeCall(escrow.topUp, (line, DOLLAR)));
    }

    function test_claiming_stays_affordable() public {
        bytes memory data = abi.encodeCall(escrow.claim, (line, 3 * DOLLAR, receipt(line, 3 * DOLLAR)));
        within(99_000, "claim", relayer, data);
    }

    function test_asking_to_close_stays_affordable() public {
        within(60_000, "requestClose", ada, abi.encodeCall(escrow.requestClose, (line)));
    }

    function test_closing_a_channel_stays_affordable() public {
        within(80_000, "closeChannel", ben, abi.encodeCall(escrow.closeChannel, (line)));
    }

    function test_withdrawing_stays_affordable() public {
        within(100_000, "withdraw", ben, abi.encodeCall(escrow.withdraw, (address(dollar), ben)));
    }

    function test_the_escrow_fits_on_every_chain() public view {
        holds(address(escrow).code.length <= 24_576, "EIP-170");
    }
}
