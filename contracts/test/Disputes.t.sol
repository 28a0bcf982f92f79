// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {Market} from "./Market.sol";

/// @dev What the sides of a dispute and its arbiter may do, one promise per test.
contract DisputesTest is Market {
    address private arbiter = vm.addr(0xA4B);
    bytes32 private constant EVIDENCE = "evidence";
    bytes32 private constant RULING = "ruling";

    function setUp() public override {
        super.setUp();
        vm.prank(timelock);
        escrow.setArbiter(arbiter, true);
    }

    /// @dev Half through the second period: 10 dollars are mature, 5 contested, 15 not earned.
    function disputed() private returns (bytes32 id) {
        id = fundAda();
        vm.warp(START + 45 * DAY);
        vm.prank(ada);
        escrow.dispute(id, EVIDENCE);
    }

    function resolve(bytes32 id, uint16 providerBps) private {
        vm.prank(arbiter);
        escrow.resolve(id, providerBps, RULING);
    }

    function test_a_dispute_pays_what_is_mature_and_freezes_the_rest() public {
        bytes32 id = fundAda();
        vm.warp(START + 45 * DAY);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Released(
            5, id, ada, ben, address(dollar), 10 * DOLLAR, 250_000, 9_750_000, uint64(START + 30 * DAY)
        );
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Disputed(
            6, id, ada, ben, address(dollar), EVIDENCE, 5 * DOLLAR, 15 * DOLLAR, uint64(START + 45 * DAY),
            uint64(START + 48 * DAY)
        );
        vm.prank(ada);
        escrow.dispute(id, EVIDENCE);
        PrepaidOrders.Order memory o = order(id);
        holds(o.state == IMarketEscrow.State.Disputed, "disputed");
        same(o.frozenAt, START + 45 * DAY, "frozen");
        same(o.rulingDueAt, START + 48 * DAY, "due");
        vm.warp(START + 47 * DAY);
        same(escrow.earned(id, block.timestamp, true), 15 * DOLLAR, "earns nothing more");
        same(escrow.releasable(id), 0, "pays nothing");
        same(escrow.release(id), 0, "to nobody");
        heldIsOwed();
    }

    function test_a_ruling_splits_what_was_contested_and_nothing_else() public {
        bytes32 id = disputed();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Resolved(
            7, id, ada, ben, address(dollar), arbiter, 6000, RULING, 3 * DOLLAR, 75_000, 2_925_000, 17 * DOLLAR
        );
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Closed(8, id);
        resolve(id, 6000);
        orderIs(id, IMarketEscrow.State.Closed);
        same(credit(ada), 17 * DOLLAR, "two of five, and what was not earned");
        same(credit(ben), 9_750_000 + 2_925_000, "what was mature, and three of five less the fee");
        same(credit(treasury), 325_000, "the fee on what the provider got");
        heldIsOwed();
    }

    function test_the_strictest_rulings_stay_within_what_was_contested() public {
        bytes32 all = disputed();
        resolve(all, 10_000);
        same(credit(ben) + credit(treasury), 15 * DOLLAR, "no more than was earned");
        vm.warp(START);
        IMarketEscrow.Terms memory t = terms();
        t.orderRef = "order 2";
        bytes32 none = fundAs(ada, t);
        vm.warp(START + 45 * DAY);
        vm.prank(ada);
        escrow.dispute(none, EVIDENCE);
        resolve(none, 0);
        same(credit(ben) + credit(treasury), 25 * DOLLAR, "what was mature stays paid");
    }

    function test_silence_of_the_arbiter_ends_as_the_buyers_cancel_at_the_freeze() public {
        bytes32 id = disputed();
        vm.warp(START + 48 * DAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketEscrow.RulingNotOverdue.selector, id, uint64(START + 48 * DAY))
        );
        escrow.resolveTimeout(id);
        vm.warp(START + 48 * DAY);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Resolved(
            7, id, ada, ben, address(dollar), address(0), 10_000, 0, 5 * DOLLAR, 125_000, 4_875_000, 15 * DOLLAR
        );
        vm.prank(stranger);
        escrow.resolveTimeout(id);
        orderIs(id, IMarketEscrow.State.Closed);
        same(credit(ada), 15 * DOLLAR, "what had not elapsed when the dispute began");
        same(credit(ben), 9_750_000 + 4_875_000, "all that was earned until then");
    }

    function test_an_arbiter_who_comes_too_late_rules_nothing() public {
        bytes32 id = disputed();
        vm.warp(START + 48 * DAY);
        vm.prank(arbiter);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketEscrow.RulingTooLate.selector, id, uint64(START + 48 * DAY))
        );
        escrow.resolve(id, 0, RULING);
        vm.warp(START + 48 * DAY - 1);
        resolve(id, 0);
    }

    function test_only_the_buyer_of_a_running_order_disputes_it_and_only_once() public {
        bytes32 id = fundAda();
        vm.warp(START + 45 * DAY);
        vm.prank(ben);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NotTheBuyer.selector, id, ben));
        escrow.dispute(id, EVIDENCE);
        vm.startPrank(ada);
        refuses(IMarketEscrow.UnknownOrder.selector);
        escrow.dispute("no", EVIDENCE);
        refuses(IMarketEscrow.HashMissing.selector);
        escrow.dispute(id, 0);
        escrow.dispute(id, EVIDENCE);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsDisputed.selector, id));
        escrow.dispute(id, EVIDENCE);
        vm.stopPrank();
        resolve(id, 5000);
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsClosed.selector, id));
        escrow.dispute(id, EVIDENCE);
    }

    function test_what_earned_nothing_or_is_paid_already_is_cancelled_not_disputed() public {
        bytes32 id = fundAda();
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NothingToDispute.selector, id));
        escrow.dispute(id, EVIDENCE);
        vm.warp(START + 90 * DAY + HOLD);
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NothingToDispute.selector, id));
        escrow.dispute(id, EVIDENCE);
        orderIs(id, IMarketEscrow.State.Active);
        vm.warp(START + 90 * DAY + HOLD - 1);
        vm.prank(ada);
        escrow.dispute(id, EVIDENCE);
        resolve(id, 0);
        same(credit(ada), 10 * DOLLAR, "the last period can be contested until its hold is over");
    }

    function test_only_an_arbiter_rules_and_only_with_reasons_on_a_dispute() public {
        bytes32 id = fundAda();
        vm.warp(START + 45 * DAY);
        vm.startPrank(arbiter);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderNotDisputed.selector, id));
        escrow.resolve(id, 5000, RULING);
        refuses(IMarketEscrow.UnknownOrder.selector);
        escrow.resolve("no", 5000, RULING);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderNotDisputed.selector, id));
        escrow.resolveTimeout(id);
        vm.prank(ada);
        escrow.dispute(id, EVIDENCE);
        address[4] memory others = [ada, ben, stranger, timelock];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NotAnArbiter.selector, others[i]));
            escrow.resolve(id, 5000, RULING);
        }
        vm.startPrank(arbiter);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidShare.selector, 10_001));
        escrow.resolve(id, 10_001, RULING);
        refuses(IMarketEscrow.HashMissing.selector);
        escrow.resolve(id, 5000, 0);
        escrow.resolve(id, 5000, RULING);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsClosed.selector, id));
        escrow.resolve(id, 5000, RULING);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsClosed.selector, id));
        escrow.resolveTimeout(id);
        vm.stopPrank();
    }

    function test_nobody_rules_on_a_dispute_of_their_own() public {
        bytes32 id = disputed();
        vm.startPrank(timelock);
        escrow.setArbiter(ada, true);
        escrow.setArbiter(ben, true);
        vm.stopPrank();
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.ArbiterIsAParty.selector, id, ada));
        escrow.resolve(id, 0, RULING);
        vm.prank(ben);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.ArbiterIsAParty.selector, id, ben));
        escrow.resolve(id, 10_000, RULING);
    }

    function test_a_buyer_may_give_in_and_pays_to_the_second_of_the_dispute() public {
        bytes32 id = disputed();
        vm.warp(START + 47 * DAY);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Cancelled(
            7, id, ada, ben, address(dollar), ada, 5 * DOLLAR, 125_000, 4_875_000, 15 * DOLLAR
        );
        vm.prank(ada);
        escrow.cancel(id);
        orderIs(id, IMarketEscrow.State.Closed);
        heldIsOwed();
    }

    function test_a_provider_may_give_in_and_gets_nothing_more() public {
        bytes32 id = disputed();
        vm.warp(START + 47 * DAY);
        vm.prank(ben);
        escrow.cancel(id);
        same(credit(ada), 20 * DOLLAR, "all that was left");
        same(credit(ben), 9_750_000, "what was mature before");
        orderIs(id, IMarketEscrow.State.Closed);
    }

    function test_what_a_provider_gives_back_in_a_dispute_is_no_longer_contested() public {
        bytes32 id = disputed();
        vm.prank(ben);
        escrow.refund(id, 2 * DOLLAR);
        same(credit(ada), 2 * DOLLAR, "at once");
        resolve(id, 10_000);
        same(credit(ben) + credit(treasury), 13 * DOLLAR, "three of five are left to rule on");
        same(credit(ada), 17 * DOLLAR, "the rest");
        heldIsOwed();
    }

    function test_a_provider_who_gives_back_everything_in_a_dispute_ends_it() public {
        bytes32 id = disputed();
        vm.prank(ben);
        escrow.refund(id, 20 * DOLLAR);
        orderIs(id, IMarketEscrow.State.Closed);
        vm.prank(arbiter);
        refuses(IMarketEscrow.OrderIsClosed.selector);
        escrow.resolve(id, 10_000, RULING);
    }

    function test_an_order_in_dispute_takes_no_new_money() public {
        bytes32 id = disputed();
        approve(ada, 100 * DOLLAR);
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsDisputed.selector, id));
        escrow.renew(id, 1);
    }

    function test_the_time_to_rule_is_the_orders_own() public {
        bytes32 id = fundAda();
        vm.prank(timelock);
        escrow.setParams(250, treasury, HOLD, 60 days, 1 hours);
        vm.warp(START + 45 * DAY);
        vm.prank(ada);
        escrow.dispute(id, EVIDENCE);
        same(order(id).rulingDueAt, START + 48 * DAY, "three days, as when it was funded");
    }

    function test_an_arbiter_is_made_and_unmade_by_the_timelock_alone() public {
        bytes32 id = disputed();
        vm.prank(arbiter);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NotTheTimelock.selector, arbiter));
        escrow.setArbiter(stranger, true);
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidArbiter.selector, address(0)));
        escrow.setArbiter(address(0), true);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.ArbiterSet(7, arbiter, false);
        escrow.setArbiter(arbiter, false);
        escrow.setArbiter(timelock, true);
        vm.stopPrank();
        vm.prank(arbiter);
        refuses(IMarketEscrow.NotAnArbiter.selector);
        escrow.resolve(id, 0, RULING);
        vm.prank(timelock);
        escrow.resolve(id, 0, RULING);
        orderIs(id, IMarketEscrow.State.Closed);
    }

    function test_a_pause_stops_no_dispute() public {
        bytes32 id = fundAda();
        bytes32 other = fundAs(ada, second());
        vm.prank(timelock);
        escrow.pause();
        vm.warp(START + 45 * DAY);
        vm.startPrank(ada);
        escrow.dispute(id, EVIDENCE);
        escrow.dispute(other, EVIDENCE);
        vm.stopPrank();
        resolve(id, 5000);
        vm.warp(START + 48 * DAY);
        escrow.resolveTimeout(other);
    }

    function second() private view returns (IMarketEscrow.Terms memory t) {
        t = terms();
        t.orderRef = "order 2";
    }

    function testFuzz_a_ruling_moves_at_most_what_was_earned(uint64 after_, uint16 share, uint64 given, uint16 wait)
        public
    {
        bytes32 id = fundAda();
        vm.warp(START + bound(after_, 1, 90 * DAY + HOLD - 1));
        vm.prank(ada);
        escrow.dispute(id, EVIDENCE);
        PrepaidOrders.Order memory o = order(id);
        uint256 earned = escrow.earned(id, o.frozenAt, true);
        uint256 amount = bound(given, 0, o.total - o.released - 1);
        if (amount > 0) {
            vm.prank(ben);
            escrow.refund(id, amount);
        }
        uint256 contested = earned > o.released + amount ? earned - o.released - amount : 0;
        vm.warp(o.frozenAt + wait);
        uint16 providerBps = uint16(bound(share, 0, 10_000));
        resolve(id, providerBps);
        same(
            credit(ben) + credit(treasury), o.released + contested * providerBps / 10_000, "5: the share of what was earned"
        );
        same(credit(ada) + credit(ben) + credit(treasury), 30 * DOLLAR, "nothing is lost");
        heldIsOwed();
    }

    function testFuzz_a_timeout_is_the_buyers_cancel_at_the_freeze(uint64 after_, uint64 later) public {
        bytes32 cancelled = fundAda();
        bytes32 contested = fundAs(ada, second());
        vm.warp(START + bound(after_, 1, 90 * DAY + HOLD - 1));
        vm.startPrank(ada);
        escrow.cancel(cancelled);
        escrow.dispute(contested, EVIDENCE);
        vm.stopPrank();
        vm.warp(order(contested).rulingDueAt + later % (365 * DAY));
        escrow.resolveTimeout(contested);
        same(order(contested).released, order(cancelled).released, "the provider's gross");
        orderIs(contested, IMarketEscrow.State.Closed);
    }
}
