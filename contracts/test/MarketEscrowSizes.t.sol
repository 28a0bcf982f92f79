// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {Market} from "./Market.sol";
import {PlainToken} from "./Tokens.sol";

/// @dev The odd sizes of money and time.
contract MarketEscrowSizesTest is Market {
    function test_a_single_base_unit_is_kept_exactly() public {
        bytes32 id = fundAs(ada, termsIn(address(dollar), 1));
        vm.warp(START + 45 * DAY);
        same(escrow.release(id), 1, "one");
        vm.prank(ada);
        escrow.cancel(id);
        same(credit(ben), 1, "the fee on one unit is nothing; half a unit is not earned");
        same(credit(ada), 2, "the rest");
        same(credit(treasury), 0, "no fee");
    }

    function test_a_token_without_decimals_is_kept_exactly() public {
        PlainToken token = new PlainToken(0);
        allow(address(token));
        token.mint(ada, 300);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        vm.warp(START + 1 days);
        vm.prank(ada);
        escrow.cancel(id);
        same(escrow.credits(address(token), ben), 3, "a day of thirty, rounded down");
        same(escrow.credits(address(token), ada), 297, "the rest");
    }

    function test_very_large_amounts_are_kept_exactly_and_larger_ones_refused() public {
        PlainToken token = new PlainToken(18);
        allow(address(token));
        token.mint(ada, 3e30);
        bytes32 id = fundAs(ada, termsIn(address(token), 1e30));
        vm.warp(START + 90 * DAY + HOLD);
        same(escrow.release(id), 3e30, "all");
        same(escrow.credits(address(token), treasury), 75e27, "fee");
        uint256 limit = type(uint128).max;
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.AmountTooLarge.selector, limit + 1, limit));
        escrow.fund(termsIn(address(token), limit + 1));
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.AmountTooLarge.selector, limit / 2 * 3, limit));
        escrow.fund(termsIn(address(token), limit / 2));
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.AmountTooLarge.selector, type(uint256).max, limit));
        escrow.fund(termsIn(address(token), type(uint256).max));
    }

    function test_money_sent_by_mistake_changes_nothing_that_is_owed() public {
        bytes32 id = fundAda();
        dollar.mint(address(escrow), 5 * DOLLAR);
        vm.prank(ada);
        escrow.cancel(id);
        same(escrow.owed(address(dollar)), 30 * DOLLAR, "owed");
        vm.prank(ada);
        same(escrow.withdraw(address(dollar), ada), 30 * DOLLAR, "no more than was paid");
    }

    function test_the_longest_order_that_can_be_written_down_can_be_left() public {
        IMarketEscrow.Terms memory t = IMarketEscrow.Terms(
            "for ever", ben, address(dollar), 1, type(uint32).max, type(uint32).max, 250
        );
        dollar.mint(ada, 1e12);
        bytes32 id = fundAs(ada, t);
        vm.warp(START + 365 * DAY);
        escrow.release(id);
        vm.prank(ada);
        escrow.cancel(id);
        same(credit(ada), uint256(type(uint32).max), "all back");
    }
}
