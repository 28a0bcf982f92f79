// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {Market} from "./Market.sol";

/// @dev What each call costs, transaction included; README.md quotes the figures.
contract GasTest is Market {
    uint256 private constant TRANSACTION = 21_000;

    bytes32 private running;

    /// @dev Not the first of their kind: somebody has been paid before, so that no figure contains a market's first day.
    function setUp() public override {
        super.setUp();
        running = fundAda();
        vm.warp(START + 37 * DAY);
        escrow.release(running);
        vm.warp(START);
    }

    function another() private view returns (IMarketEscrow.Terms memory t) {
        t = terms();
        t.orderRef = "order 2";
    }

    /// @dev Words of calldata cost 16 gas a byte that is not zero, 4 a zero.
    function cost(address who, bytes memory data) private returns (uint256 gas) {
        gas = TRANSACTION;
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
    }

    function within(string memory what, uint256 gas, uint256 ceiling) private {
        emit Cost(what, gas);
        holds(gas <= ceiling, what);
    }

    event Cost(string what, uint256 gas);

    function test_funding_stays_affordable() public {
        vm.prank(ada);
        dollar.approve(address(escrow), 30 * DOLLAR);
        within("fund", cost(ada, abi.encodeCall(escrow.fund, (another()))), 245_000);
    }

    function test_funding_by_signature_stays_affordable() public {
        bytes memory signature =
            authorization(ada, address(dollar), 30 * DOLLAR, escrow.orderId(ada, another()));
        bytes memory data = abi.encodeCall(escrow.fundWithAuthorization, (ada, another(), 0, START + DAY, signature));
        within("fundWithAuthorization", cost(relayer, data), 285_000);
    }

    function test_releasing_stays_affordable() public {
        vm.warp(START + 67 * DAY);
        within("release", cost(stranger, abi.encodeCall(escrow.release, (running))), 100_000);
    }

    function test_cancelling_stays_affordable() public {
        vm.warp(START + 45 * DAY);
        within("cancel", cost(ada, abi.encodeCall(escrow.cancel, (running))), 115_000);
    }

    function test_withdrawing_stays_affordable() public {
        within("withdraw", cost(ben, abi.encodeCall(escrow.withdraw, (address(dollar), ben))), 100_000);
    }
}
