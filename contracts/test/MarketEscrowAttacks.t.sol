// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {IUsageChannels} from "../src/IUsageChannels.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {Market} from "./Market.sol";
import {BlockingToken, FeeToken, HookToken, OlderDollar, SilentToken, Wallet} from "./Tokens.sol";

/// @dev Tries every way back into the escrow whenever the token calls, and remembers whether one was open.
contract Intruder {
    MarketEscrow private immutable _escrow;
    bytes32 private immutable _running;
    bytes32 private immutable _channel;
    IMarketEscrow.Terms private _terms;
    uint256 public tries;
    bool public got_in;

    constructor(MarketEscrow escrow, bytes32 running, bytes32 channel, IMarketEscrow.Terms memory t) {
        (_escrow, _running, _channel, _terms) = (escrow, running, channel, t);
    }

    function heard() external {
        IMarketEscrow.Terms memory t = _terms;
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = _running;
        attempt(abi.encodeCall(_escrow.fund, (t)));
        attempt(abi.encodeCall(_escrow.fundWithPermit, (t, block.timestamp, 27, 0, 0)));
        attempt(abi.encodeCall(_escrow.fundWithAuthorization, (address(this), t, 0, block.timestamp, new bytes(65))));
        attempt(abi.encodeCall(_escrow.release, (_running)));
        attempt(abi.encodeCall(_escrow.releaseMany, (ids)));
        attempt(abi.encodeCall(_escrow.cancel, (_running)));
        attempt(abi.encodeCall(_escrow.withdraw, (t.token, address(this))));
        attempt(abi.encodeCall(_escrow.renew, (_running, 1)));
        attempt(abi.encodeCall(_escrow.renewWithPermit, (_running, 1, block.timestamp, 27, 0, 0)));
        attempt(abi.encodeCall(_escrow.renewWithAuthorization, (_running, 1, 0, block.timestamp, new bytes(65))));
        attempt(abi.encodeCall(_escrow.refund, (_running, 1)));
        attempt(abi.encodeCall(_escrow.dispute, (_running, "evidence")));
        attempt(abi.encodeCall(_escrow.resolveTimeout, (_running)));
        tryChannels(IUsageChannels.ChannelTerms("c", t.provider, address(this), t.token, 1, 250));
    }

    function tryChannels(IUsageChannels.ChannelTerms memory t) private {
        attempt(abi.encodeCall(_escrow.resolve, (_running, 1, "ruling")));
        attempt(abi.encodeCall(_escrow.openChannel, (t)));
        attempt(abi.encodeCall(_escrow.openChannelWithPermit, (t, block.timestamp, 27, 0, 0)));
        attempt(
            abi.encodeCall(
                _escrow.openChannelWithAuthorization, (address(this), t, 0, block.timestamp, new bytes(65))
            )
        );
        attempt(abi.encodeCall(_escrow.topUp, (_channel, 1)));
        attempt(abi.encodeCall(_escrow.claim, (_channel, 1, new bytes(65))));
        attempt(abi.encodeCall(_escrow.requestClose, (_channel)));
        attempt(abi.encodeCall(_escrow.closeChannel, (_channel)));
    }

    function attempt(bytes memory data) private {
        (bool ok, bytes memory why) = address(_escrow).call(data);
        tries++;
        if (ok || bytes4(why) != ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector) got_in = true;
    }
}

/// @dev Hostile tokens and hostile relayers.
contract MarketEscrowAttacksTest is Market {
    function test_a_token_with_hooks_finds_every_door_shut() public {
        HookToken token = new HookToken();
        allow(address(token));
        token.mint(ada, 1000 * DOLLAR);
        bytes32 running = fundAs(ada, termsIn(address(token), 5));
        vm.warp(START + 37 * DAY);
        vm.prank(ada);
        token.approve(address(escrow), 100);
        vm.prank(ada);
        bytes32 channel = escrow.openChannel(IUsageChannels.ChannelTerms("c", ben, stranger, address(token), 10, 250));
        Intruder intruder = new Intruder(escrow, running, channel, termsIn(address(token), 7));
        token.listen(address(intruder));
        vm.startPrank(ada);
        escrow.topUp(channel, 10);
        same(intruder.tries(), 42, "tried while a channel is topped up");
        escrow.renew(running, 1);
        same(intruder.tries(), 84, "tried while renewing");
        vm.stopPrank();
        fundAs(ada, termsIn(address(token), 10));
        same(intruder.tries(), 126, "tried while funding");
        escrow.release(running);
        vm.prank(ben);
        escrow.withdraw(address(token), ben);
        same(intruder.tries(), 168, "tried while withdrawing");
        holds(!intruder.got_in(), "nobody got in");
    }

    function test_a_token_that_keeps_a_part_of_each_transfer_is_refused() public {
        FeeToken token = new FeeToken();
        allow(address(token));
        token.mint(ada, 1000);
        vm.startPrank(ada);
        token.approve(address(escrow), 300);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.WrongAmountReceived.selector, token, 300, 297));
        escrow.fund(termsIn(address(token), 100));
        vm.stopPrank();
        same(token.balanceOf(ada), 1000, "nothing was taken");
    }

    function test_an_account_blocked_by_the_token_harms_only_itself() public {
        BlockingToken token = new BlockingToken();
        allow(address(token));
        token.mint(ada, 1000);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        token.block_(ben, true);
        token.block_(treasury, true);
        vm.warp(START + 37 * DAY);
        same(escrow.release(id), 100, "released all the same");
        vm.startPrank(ada);
        escrow.cancel(id);
        holds(escrow.withdraw(address(token), ada) > 0, "the buyer is out");
        vm.stopPrank();
        uint256 left = escrow.credits(address(token), ben);
        vm.startPrank(ben);
        vm.expectRevert(bytes("blocked"));
        escrow.withdraw(address(token), ben);
        same(escrow.credits(address(token), ben), left, "the credit stays");
        same(escrow.withdraw(address(token), stranger), left, "and leaves by another address");
        vm.stopPrank();
    }

    function test_a_token_that_stops_all_transfers_keeps_no_credit_for_ever() public {
        BlockingToken token = new BlockingToken();
        allow(address(token));
        token.mint(ada, 1000);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        token.stop(true);
        vm.startPrank(ada);
        escrow.cancel(id);
        vm.expectRevert(bytes("blocked"));
        escrow.withdraw(address(token), ada);
        token.stop(false);
        same(escrow.withdraw(address(token), ada), 300, "later");
        vm.stopPrank();
    }

    function test_a_token_that_says_no_without_reverting_is_heard() public {
        SilentToken token = new SilentToken();
        allow(address(token));
        token.mint(ada, 1000);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        token.refuse(true);
        vm.startPrank(ada);
        escrow.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        escrow.withdraw(address(token), ada);
        vm.stopPrank();
        same(escrow.credits(address(token), ada), 300, "the credit stays");
    }

    function test_a_fee_that_rises_first_takes_no_money() public {
        bytes32 id = escrow.orderId(ada, terms());
        bytes memory signature = authorization(ada, address(dollar), 30 * DOLLAR, id);
        vm.prank(timelock);
        escrow.setParams(251, treasury, HOLD, 1 days, 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.FeeAboveAgreed.selector, 251, 250));
        relay(ada, terms(), signature);
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.FeeAboveAgreed.selector, 251, 250));
        escrow.fund(terms());
        same(dollar.balanceOf(ada), 1000 * DOLLAR, "nothing was taken");
    }

    function test_a_permit_funds_in_one_transaction() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(address(dollar), 30 * DOLLAR);
        vm.prank(ada);
        bytes32 id = escrow.fundWithPermit(terms(), START + DAY, v, r, s);
        same(order(id).total, 30 * DOLLAR, "funded");
    }

    function test_a_permit_that_somebody_used_first_still_funds() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(address(dollar), 30 * DOLLAR);
        vm.prank(stranger);
        dollar.permit(ada, address(escrow), 30 * DOLLAR, START + DAY, v, r, s);
        vm.prank(ada);
        bytes32 id = escrow.fundWithPermit(terms(), START + DAY, v, r, s);
        same(order(id).total, 30 * DOLLAR, "funded");
    }

    function test_a_permit_handed_in_by_another_takes_nothing_from_its_signer() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(address(dollar), 30 * DOLLAR);
        vm.prank(stranger);
        vm.expectRevert();
        escrow.fundWithPermit(terms(), START + DAY, v, r, s);
        same(dollar.balanceOf(ada), 1000 * DOLLAR, "nothing was taken");
    }

    function test_a_signature_handed_in_by_a_relayer_funds_the_order() public {
        bytes32 id = escrow.orderId(ada, terms());
        same(relay(ada, terms(), authorization(ada, address(dollar), 30 * DOLLAR, id)), id, "id");
        same(order(id).buyer, ada, "the signer is the buyer");
        same(dollar.balanceOf(ada), 970 * DOLLAR, "paid");
    }

    function test_a_signature_cannot_fund_other_terms() public {
        bytes32 id = escrow.orderId(ada, terms());
        bytes memory signature = authorization(ada, address(dollar), 30 * DOLLAR, id);
        IMarketEscrow.Terms[6] memory others;
        for (uint256 i = 0; i < others.length; ++i) {
            others[i] = terms();
        }
        others[0].provider = stranger;
        others[1].orderRef = "order 2";
        others[2].periodSeconds = 1;
        others[3].maxFeeBps = 1000;
        (others[4].pricePerPeriod, others[4].periods) = (30 * DOLLAR, 1);
        others[5].pricePerPeriod = 20 * DOLLAR;
        for (uint256 i = 0; i < others.length; ++i) {
            refuses(ERC3009.ERC3009InvalidSignature.selector);
            relay(ada, others[i], signature);
        }
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relay(stranger, terms(), signature);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, escrow));
        dollar.receiveWithAuthorization(ada, address(escrow), 30 * DOLLAR, 0, START + DAY, id, signature);
        same(dollar.balanceOf(ada), 1000 * DOLLAR, "nothing was taken");
    }

    function test_a_signature_funds_once() public {
        bytes memory signature =
            authorization(ada, address(dollar), 30 * DOLLAR, escrow.orderId(ada, terms()));
        relay(ada, terms(), signature);
        refuses(IMarketEscrow.OrderExists.selector);
        relay(ada, terms(), signature);
        same(dollar.balanceOf(ada), 970 * DOLLAR, "taken once");
    }

    function test_a_signature_is_worth_nothing_on_another_chain_or_escrow() public {
        bytes memory signature =
            authorization(ada, address(dollar), 30 * DOLLAR, escrow.orderId(ada, terms()));
        vm.chainId(1337);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relay(ada, terms(), signature);
        vm.chainId(31337);
        MarketEscrow first = escrow;
        escrow = new MarketEscrow(timelock, 250, treasury, HOLD, 3 days, 1 days);
        allow(address(dollar));
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relay(ada, terms(), signature);
        escrow = first;
        relay(ada, terms(), signature);
    }

    function test_a_signature_is_worth_nothing_after_its_time() public {
        bytes memory signature =
            authorization(ada, address(dollar), 30 * DOLLAR, escrow.orderId(ada, terms()));
        vm.warp(START + DAY);
        refuses(ERC3009.ERC3009InvalidAuthorizationTime.selector);
        relay(ada, terms(), signature);
    }

    function test_the_mirror_image_of_a_signature_is_refused() public {
        bytes memory signature =
            authorization(ada, address(dollar), 30 * DOLLAR, escrow.orderId(ada, terms()));
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        (bytes32 r, uint256 s) = abi.decode(abi.encodePacked(signature, new bytes(31)), (bytes32, uint256));
        bytes memory mirrored = abi.encodePacked(r, n - s, signature[64] == 0x1b ? bytes1(0x1c) : bytes1(0x1b));
        vm.expectRevert();
        relay(ada, terms(), mirrored);
        relay(ada, terms(), signature);
    }

    function test_a_contract_wallet_pays_by_signature_of_any_length() public {
        Wallet wallet = new Wallet(ada);
        dollar.mint(address(wallet), 1000 * DOLLAR);
        IMarketEscrow.Terms memory t = terms();
        bytes memory signature = authorization(
            address(wallet), address(dollar), 30 * DOLLAR, escrow.orderId(address(wallet), t)
        );
        same(order(relay(address(wallet), t, signature)).buyer, address(wallet), "65 bytes");
        t.orderRef = "order 2";
        signature = authorization(address(wallet), address(dollar), 30 * DOLLAR, escrow.orderId(address(wallet), t));
        same(order(relay(address(wallet), t, abi.encodePacked(signature, "more"))).buyer, address(wallet), "longer");
        t.orderRef = "order 3";
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relay(address(wallet), t, signature);
        wallet.run(address(escrow), abi.encodeCall(escrow.cancel, (escrow.orderId(address(wallet), terms()))));
        wallet.run(address(escrow), abi.encodeCall(escrow.withdraw, (address(dollar), ada)));
        same(dollar.balanceOf(ada), 1030 * DOLLAR, "and takes its refund out");
    }

    function test_an_account_with_code_and_a_key_of_its_own_pays_by_its_key() public {
        OlderDollar token = new OlderDollar();
        allow(address(token));
        token.mint(ada, 30);
        vm.etch(ada, hex"00");
        IMarketEscrow.Terms memory t = termsIn(address(token), 10);
        bytes memory signature = authorization(ada, address(token), 30, escrow.orderId(ada, t));
        same(order(relay(ada, t, signature)).total, 30, "funded, by a token that knows the short form only");
    }

    function test_an_older_dollar_takes_the_short_form() public {
        OlderDollar token = new OlderDollar();
        allow(address(token));
        token.mint(ada, 30);
        IMarketEscrow.Terms memory t = termsIn(address(token), 10);
        bytes memory signature = authorization(ada, address(token), 30, escrow.orderId(ada, t));
        same(order(relay(ada, t, signature)).total, 30, "funded");
    }
}
