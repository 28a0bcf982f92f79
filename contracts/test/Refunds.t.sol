// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {Market} from "./Market.sol";

/// @dev What a provider gives back of its own will, one promise per test.
contract RefundsTest is Market {
    function refund(bytes32 id, uint256 amount) private {
        vm.prank(ben);
        escrow.refund(id, amount);
    }

    function test_what_a_provider_gives_back_is_the_buyers_at_once() public {
        bytes32 id = fundAda();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Refunded(4, id, ada, ben, address(dollar), 4 * DOLLAR, 26 * DOLLAR);
        refund(id, 4 * DOLLAR);
        same(credit(ada), 4 * DOLLAR, "the buyer's");
        same(order(id).refunded, 4 * DOLLAR, "remembered");
        orderIs(id, IMarketEscrow.State.Active);
        vm.prank(ada);
        same(escrow.withdraw(address(dollar), ada), 4 * DOLLAR, "and can be taken");
        heldIsOwed();
    }

    function test_a_refund_comes_out_of_what_the_provider_would_have_got_not_out_of_the_rest() public {
        bytes32 id = fundAda();
        refund(id, 4 * DOLLAR);
        vm.warp(START + 45 * DAY);
        vm.prank(ada);
        escrow.cancel(id);
        same(credit(ada), 19 * DOLLAR, "15 that have not elapsed, and the 4");
        same(credit(ben) + credit(treasury), 11 * DOLLAR, "15 used, less the 4");
    }

    function test_a_release_pays_what_is_due_less_what_was_given_back() public {
        bytes32 id = fundAda();
        refund(id, 14 * DOLLAR);
        vm.warp(START + 30 * DAY + HOLD);
        same(escrow.releasable(id), 0, "the first period was given back");
        same(escrow.release(id), 0, "whole");
        vm.warp(START + 60 * DAY + HOLD);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Released(
            5, id, ada, ben, address(dollar), 6 * DOLLAR, 150_000, 5_850_000, uint64(START + 60 * DAY)
        );
        same(escrow.release(id), 6 * DOLLAR, "and 4 of the second");
        vm.warp(START + 90 * DAY + HOLD);
        same(escrow.release(id), 10 * DOLLAR, "the third is whole");
        orderIs(id, IMarketEscrow.State.Closed);
        same(credit(ada), 14 * DOLLAR, "the buyer has the refund and nothing else");
        heldIsOwed();
    }

    function test_a_refund_of_all_that_is_left_closes_the_order() public {
        bytes32 id = fundAda();
        vm.warp(START + 37 * DAY);
        escrow.release(id);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Refunded(5, id, ada, ben, address(dollar), 20 * DOLLAR, 0);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Closed(6, id);
        refund(id, 20 * DOLLAR);
        orderIs(id, IMarketEscrow.State.Closed);
        vm.warp(START + 365 * DAY);
        same(escrow.release(id), 0, "nothing more is paid");
        vm.prank(ben);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsClosed.selector, id));
        escrow.refund(id, 1);
    }

    function test_a_refund_is_neither_nothing_nor_more_than_is_left() public {
        bytes32 id = fundAda();
        vm.warp(START + 37 * DAY);
        escrow.release(id);
        refund(id, 5 * DOLLAR);
        vm.startPrank(ben);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidRefund.selector, 0, 15 * DOLLAR));
        escrow.refund(id, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketEscrow.InvalidRefund.selector, 15 * DOLLAR + 1, 15 * DOLLAR)
        );
        escrow.refund(id, 15 * DOLLAR + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketEscrow.InvalidRefund.selector, type(uint256).max, 15 * DOLLAR)
        );
        escrow.refund(id, type(uint256).max);
        vm.stopPrank();
    }

    function test_nobody_but_the_provider_gives_back_and_only_in_an_order_that_exists() public {
        bytes32 id = fundAda();
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NotTheProvider.selector, id, ada));
        escrow.refund(id, 1);
        vm.prank(ben);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.UnknownOrder.selector, bytes32("no")));
        escrow.refund("no", 1);
    }

    function test_a_refund_then_a_providers_cancel_gives_the_buyer_the_rest_once() public {
        bytes32 id = fundAda();
        refund(id, 14 * DOLLAR);
        vm.warp(START + 60 * DAY + HOLD);
        vm.prank(ben);
        escrow.cancel(id);
        same(credit(ada), 24 * DOLLAR, "14 and 10");
        same(credit(ben) + credit(treasury), 6 * DOLLAR, "20 matured, less the 14");
    }

    function test_a_refund_before_a_renewal_still_comes_out_of_the_providers_pay() public {
        bytes32 id = fundAda();
        refund(id, 25 * DOLLAR);
        renewAs(ada, id, 2);
        vm.warp(START + 150 * DAY + HOLD);
        same(escrow.release(id), 25 * DOLLAR, "five periods, less what was given back");
        orderIs(id, IMarketEscrow.State.Closed);
        heldIsOwed();
    }

    function testFuzz_refunds_and_releases_in_any_order_leave_nothing_over(uint64[4] memory when, uint64[4] memory what)
        public
    {
        bytes32 id = fundAda();
        uint256 time = START;
        uint256 given;
        for (uint256 i = 0; i < 4; ++i) {
            time += when[i] % (50 * DAY);
            vm.warp(time);
            escrow.release(id);
            uint256 left = order(id).total - order(id).released - order(id).refunded;
            uint256 amount = what[i] % (left + 1);
            if (amount > 0) refund(id, amount);
            given += amount;
        }
        vm.warp(START + 90 * DAY + HOLD);
        escrow.release(id);
        orderIs(id, IMarketEscrow.State.Closed);
        same(credit(ada), given, "the buyer has what was given back");
        same(credit(ben) + credit(treasury), 30 * DOLLAR - given, "the provider's side all the rest");
    }
}
