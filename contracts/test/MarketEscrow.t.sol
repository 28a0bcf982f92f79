// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {Market} from "./Market.sol";
import {Vm} from "./Suite.sol";
import {PlainToken} from "./Tokens.sol";

/// @dev What buyer, provider and token holders may count on, one promise per test.
contract MarketEscrowTest is Market {
    function test_funding_takes_the_total_and_fixes_the_order() public {
        bytes32 id = fundAda();
        PrepaidOrders.Order memory o = order(id);
        holds(o.state == IMarketEscrow.State.Active, "active");
        same(o.buyer, ada, "buyer");
        same(o.provider, ben, "provider");
        same(o.token, address(dollar), "token");
        same(o.total, 30 * DOLLAR, "total");
        same(o.released, 0, "released");
        same(o.pricePerPeriod, 10 * DOLLAR, "price");
        same(o.periodSeconds, 30 * DAY, "period");
        same(o.periods, 3, "periods");
        same(o.startedAt, START, "start");
        same(o.hold, HOLD, "hold");
        same(o.feeBps, 250, "fee");
        same(o.treasury, treasury, "treasury");
        same(dollar.balanceOf(address(escrow)), 30 * DOLLAR, "held");
        same(escrow.owed(address(dollar)), 30 * DOLLAR, "owed");
    }

    function test_the_funded_event_says_everything() public {
        IMarketEscrow.Terms memory t = terms();
        bytes32 id = escrow.orderId(ada, t);
        vm.startPrank(ada);
        dollar.approve(address(escrow), 30 * DOLLAR);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Funded(
            3, id, ada, ben, "order 1", address(dollar), 30 * DOLLAR, 10 * DOLLAR, 30 * DAY, 3, 250, treasury, HOLD,
            uint64(START), uint64(START + 90 * DAY)
        );
        same(escrow.fund(t), id, "id");
        vm.stopPrank();
    }

    function test_the_id_is_the_hash_of_chain_escrow_buyer_and_terms() public {
        IMarketEscrow.Terms memory t = terms();
        bytes32 expected = keccak256(
            abi.encode(
                block.chainid, address(escrow), ada, t.orderRef, t.provider, t.token, t.pricePerPeriod, t.periodSeconds,
                t.periods, t.maxFeeBps
            )
        );
        same(escrow.orderId(ada, t), expected, "id");
        holds(escrow.orderId(ben, t) != expected, "another buyer, another id");
        vm.chainId(1);
        holds(escrow.orderId(ada, t) != expected, "another chain, another id");
    }

    function test_an_order_cannot_be_paid_twice_even_after_it_closed() public {
        bytes32 id = fundAda();
        vm.startPrank(ada);
        dollar.approve(address(escrow), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderExists.selector, id));
        escrow.fund(terms());
        escrow.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderExists.selector, id));
        escrow.fund(terms());
        vm.stopPrank();
    }

    function test_terms_that_make_no_sense_are_refused() public {
        vm.startPrank(ada);
        dollar.approve(address(escrow), type(uint256).max);
        IMarketEscrow.Terms memory t = terms();
        t.pricePerPeriod = 0;
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidTerms.selector, 0, 30 * DAY, 3));
        escrow.fund(t);
        t = terms();
        t.periodSeconds = 0;
        refuses(IMarketEscrow.InvalidTerms.selector);
        escrow.fund(t);
        t = terms();
        t.periods = 0;
        refuses(IMarketEscrow.InvalidTerms.selector);
        escrow.fund(t);
        t = terms();
        t.provider = address(0);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidProvider.selector, address(0)));
        escrow.fund(t);
        t.provider = address(escrow);
        refuses(IMarketEscrow.InvalidProvider.selector);
        escrow.fund(t);
        vm.stopPrank();
    }

    function test_a_token_that_was_not_voted_in_is_refused_in_every_way_of_paying() public {
        IMarketEscrow.Terms memory t = termsIn(address(new PlainToken(6)), 1);
        bytes memory reason = abi.encodeWithSelector(IMarketEscrow.TokenNotAllowed.selector, t.token);
        vm.expectRevert(reason);
        escrow.fund(t);
        vm.expectRevert(reason);
        escrow.fundWithPermit(t, START + DAY, 27, 0, 0);
        vm.expectRevert(reason);
        escrow.fundWithAuthorization(ada, t, 0, START + DAY, "");
    }

    function test_release_pays_whole_periods_older_than_the_hold_less_the_fee() public {
        bytes32 id = fundAda();
        vm.warp(START + 30 * DAY + HOLD - 1);
        same(escrow.releasable(id), 0, "one second early");
        same(escrow.release(id), 0, "nothing is due, and it says so");
        vm.warp(START + 30 * DAY + HOLD);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Released(
            4, id, ada, ben, address(dollar), 10 * DOLLAR, DOLLAR / 4, 10 * DOLLAR - DOLLAR / 4,
            uint64(START + 30 * DAY)
        );
        vm.prank(stranger);
        same(escrow.release(id), 10 * DOLLAR, "gross");
        same(credit(ben), 9_750_000, "provider");
        same(credit(treasury), 250_000, "treasury");
        same(escrow.release(id), 0, "not twice");
    }

    function test_the_last_release_closes_the_order() public {
        bytes32 id = fundAda();
        vm.warp(START + 90 * DAY + HOLD);
        vm.recordLogs();
        same(escrow.release(id), 30 * DOLLAR, "all of it");
        same(uint256(vm.getRecordedLogs()[1].topics[0]), uint256(IMarketEscrow.Closed.selector), "closed is told");
        holds(order(id).state == IMarketEscrow.State.Closed, "closed");
        same(escrow.release(id), 0, "a closed order has nothing due");
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsClosed.selector, id));
        escrow.cancel(id);
    }

    function test_release_many_skips_what_is_not_due() public {
        bytes32 early = fundAda();
        vm.warp(START + 20 * DAY);
        IMarketEscrow.Terms memory t = terms();
        t.orderRef = "order 2";
        bytes32 late = fundAs(ada, t);
        vm.warp(START + 40 * DAY);
        bytes32[] memory ids = new bytes32[](3);
        (ids[0], ids[1], ids[2]) = (late, early, early);
        same(escrow.releaseMany(ids), 10 * DOLLAR, "one period of the early order");
        same(order(late).released, 0, "late");
        same(order(early).released, 10 * DOLLAR, "early");
    }

    function test_an_order_that_was_never_paid_is_said_to_be_unknown() public {
        bytes memory reason = abi.encodeWithSelector(IMarketEscrow.UnknownOrder.selector, bytes32("no"));
        vm.expectRevert(reason);
        escrow.release("no");
        vm.expectRevert(reason);
        escrow.cancel("no");
        vm.expectRevert(reason);
        escrow.earned("no", 0, true);
        vm.expectRevert(reason);
        escrow.releasable("no");
    }

    function test_a_buyer_who_cancels_pays_to_the_second() public {
        bytes32 id = fundAda();
        vm.warp(START + 45 * DAY);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Cancelled(
            4, id, ada, ben, address(dollar), ada, 15 * DOLLAR, 375_000, 14_625_000, 15 * DOLLAR
        );
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Closed(5, id);
        vm.prank(ada);
        escrow.cancel(id);
        same(credit(ada), 15 * DOLLAR, "refund");
        same(credit(ben), 14_625_000, "provider");
        same(credit(treasury), 375_000, "treasury");
    }

    function test_a_buyer_who_cancels_at_once_gets_everything_back() public {
        bytes32 id = fundAda();
        vm.prank(ada);
        escrow.cancel(id);
        same(credit(ada), 30 * DOLLAR, "refund");
        same(credit(ben) + credit(treasury), 0, "nobody else gets anything");
    }

    function test_what_was_released_is_not_paid_again_when_the_buyer_cancels() public {
        bytes32 id = fundAda();
        vm.warp(START + 40 * DAY);
        escrow.release(id);
        vm.warp(START + 45 * DAY);
        vm.prank(ada);
        escrow.cancel(id);
        same(order(id).released, 15 * DOLLAR, "gross in all");
        same(credit(ben) + credit(treasury), 15 * DOLLAR, "paid in all");
        same(credit(ada), 15 * DOLLAR, "refund");
    }

    function test_a_provider_who_cancels_keeps_only_what_is_older_than_the_hold() public {
        bytes32 id = fundAda();
        vm.warp(START + 60 * DAY + HOLD - 1);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Cancelled(
            4, id, ada, ben, address(dollar), ben, 10 * DOLLAR, 250_000, 9_750_000, 20 * DOLLAR
        );
        vm.prank(ben);
        escrow.cancel(id);
        same(credit(ben), 9_750_000, "one period, not two");
        same(credit(ada), 20 * DOLLAR, "the rest goes back");
    }

    function test_a_stranger_cannot_cancel() public {
        bytes32 id = fundAda();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NotAParty.selector, id, stranger));
        escrow.cancel(id);
    }

    function test_withdrawing_sends_the_whole_credit_to_the_named_address_once() public {
        bytes32 id = fundAda();
        vm.warp(START + 37 * DAY);
        escrow.release(id);
        vm.startPrank(ben);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Withdrawn(5, address(dollar), ben, stranger, 9_750_000);
        same(escrow.withdraw(address(dollar), stranger), 9_750_000, "amount");
        same(dollar.balanceOf(stranger), 9_750_000, "arrived");
        same(escrow.owed(address(dollar)), 30 * DOLLAR - 9_750_000, "owed");
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.NothingToWithdraw.selector, address(dollar), ben));
        escrow.withdraw(address(dollar), ben);
        vm.stopPrank();
    }

    function test_money_cannot_be_withdrawn_into_nowhere() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidRecipient.selector, address(0)));
        escrow.withdraw(address(dollar), address(0));
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidRecipient.selector, address(escrow)));
        escrow.withdraw(address(dollar), address(escrow));
    }

    function test_a_pause_stops_funding_and_nothing_else() public {
        bytes32 id = fundAda();
        vm.prank(timelock);
        escrow.pause();
        refuses(IMarketEscrow.FundingPaused.selector);
        escrow.fund(terms());
        refuses(IMarketEscrow.FundingPaused.selector);
        escrow.fundWithPermit(terms(), START + DAY, 27, 0, 0);
        refuses(IMarketEscrow.FundingPaused.selector);
        escrow.fundWithAuthorization(ada, terms(), 0, START + DAY, "");
        vm.warp(START + 37 * DAY);
        same(escrow.release(id), 10 * DOLLAR, "release");
        vm.startPrank(ada);
        escrow.cancel(id);
        holds(escrow.withdraw(address(dollar), ada) > 0, "refund is out");
        vm.stopPrank();
        vm.prank(timelock);
        escrow.unpause();
        IMarketEscrow.Terms memory t = terms();
        t.orderRef = "order 2";
        fundAs(ada, t);
    }

    function test_every_event_has_the_next_number() public {
        vm.recordLogs();
        bytes32 id = fundAda();
        vm.warp(START + 37 * DAY);
        escrow.release(id);
        vm.prank(ada);
        escrow.cancel(id);
        vm.prank(ada);
        escrow.withdraw(address(dollar), ada);
        vm.startPrank(timelock);
        escrow.pause();
        escrow.unpause();
        escrow.setToken(address(dollar), false);
        escrow.setParams(300, treasury, 0, 1 days, 1 hours);
        vm.stopPrank();
        uint256 expected = 2;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            // `seq` is the first value of every event's data.
            if (logs[i].emitter == address(escrow)) same(uint256(bytes32(logs[i].data)), ++expected, "seq");
        }
        same(expected, 11, "all nine are told");
        same(escrow.seq(), expected, "latest");
    }
}
