// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {Market} from "./Market.sol";
import {BlockingToken, RebasingToken} from "./Tokens.sol";

/// @dev Buyers, providers and arbiters who mean no good, and tokens that change under an order.
contract DisputeAttacksTest is Market {
    address private arbiter = vm.addr(0xA4B);

    function setUp() public override {
        super.setUp();
        vm.prank(timelock);
        escrow.setArbiter(arbiter, true);
    }

    function dispute(bytes32 id) private {
        vm.prank(ada);
        escrow.dispute(id, "evidence");
    }

    function test_a_buyer_who_disputes_everything_wins_nothing_but_time() public {
        bytes32 id = fundAda();
        vm.warp(START + 89 * DAY);
        uint256 earned = escrow.earned(id, block.timestamp, true);
        dispute(id);
        vm.warp(START + 92 * DAY);
        vm.prank(ben);
        escrow.resolveTimeout(id);
        same(credit(ben) + credit(treasury), earned, "the provider has all that was earned, three days later");
    }

    function test_a_dispute_takes_back_nothing_that_was_mature() public {
        bytes32 id = fundAda();
        vm.warp(START + 60 * DAY + HOLD);
        dispute(id);
        vm.prank(arbiter);
        escrow.resolve(id, 0, "ruling");
        same(credit(ben) + credit(treasury), 20 * DOLLAR, "released first, whoever called for it or not");
    }

    function test_a_malicious_arbiter_cannot_give_the_provider_what_was_not_earned() public {
        bytes32 id = fundAda();
        vm.warp(START + 45 * DAY);
        dispute(id);
        vm.warp(START + 48 * DAY - 1);
        vm.prank(arbiter);
        escrow.resolve(id, 10_000, "ruling");
        same(credit(ben) + credit(treasury), 15 * DOLLAR, "5: earned when it froze");
        same(credit(ada), 15 * DOLLAR, "what had not elapsed");
        same(credit(arbiter), 0, "nothing for the arbiter");
    }

    function test_an_arbiter_asleep_and_a_market_without_one_leave_everybody_an_exit() public {
        vm.prank(timelock);
        escrow.setArbiter(arbiter, false);
        bytes32 id = fundAda();
        vm.warp(START + 45 * DAY);
        dispute(id);
        vm.warp(order(id).rulingDueAt);
        vm.prank(stranger);
        escrow.resolveTimeout(id);
        vm.prank(ben);
        escrow.withdraw(address(dollar), ben);
        vm.prank(ada);
        escrow.withdraw(address(dollar), ada);
        same(dollar.balanceOf(ada), 985 * DOLLAR, "out");
    }

    function test_the_longest_wait_for_an_arbiter_is_sixty_days() public {
        vm.startPrank(timelock);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketEscrow.ArbiterTimeTooLong.selector, 60 days + 1, 60 days)
        );
        escrow.setParams(250, treasury, HOLD, 60 days + 1, 1 hours);
        escrow.setParams(250, treasury, HOLD, 60 days, 1 hours);
        vm.stopPrank();
        bytes32 id = fundAda();
        vm.warp(START + 1);
        dispute(id);
        vm.warp(START + 1 + 60 days);
        escrow.resolveTimeout(id);
        orderIs(id, IMarketEscrow.State.Closed);
    }

    function test_a_release_that_lands_before_a_dispute_changes_nothing_in_it() public {
        bytes32 released = fundAda();
        IMarketEscrow.Terms memory t = terms();
        t.orderRef = "order 2";
        bytes32 untouched = fundAs(ada, t);
        vm.warp(START + 45 * DAY);
        escrow.release(released);
        dispute(released);
        dispute(untouched);
        PrepaidOrders.Order memory one = order(released);
        PrepaidOrders.Order memory other = order(untouched);
        same(keccak256(abi.encode(one)), keccak256(abi.encode(other)), "the same order");
    }

    function test_a_blocked_side_does_not_hold_up_a_ruling() public {
        BlockingToken token = new BlockingToken();
        allow(address(token));
        token.mint(ada, 300);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        vm.warp(START + 45 * DAY);
        token.stop(true);
        dispute(id);
        vm.prank(arbiter);
        escrow.resolve(id, 5000, "ruling");
        same(escrow.credits(address(token), ada), 175, "the buyer's waits in the books");
        same(escrow.owed(address(token)), 300, "nothing is lost");
    }

    function test_a_token_that_shrinks_pays_those_who_come_first_and_is_seen() public {
        RebasingToken token = new RebasingToken();
        allow(address(token));
        token.mint(ada, 300);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        token.shrink(address(escrow), 30);
        holds(token.balanceOf(address(escrow)) < escrow.owed(address(token)), "1: anybody can see the difference");
        vm.warp(START + 37 * DAY);
        escrow.release(id);
        vm.prank(ben);
        escrow.withdraw(address(token), ben);
        vm.startPrank(ada);
        escrow.cancel(id);
        vm.expectRevert();
        escrow.withdraw(address(token), ada);
        same(escrow.credits(address(token), ada), 177, "what cannot be paid stays owed");
        vm.stopPrank();
    }

    function test_a_token_that_grows_leaves_what_is_owed_as_it_was() public {
        RebasingToken token = new RebasingToken();
        allow(address(token));
        token.mint(ada, 300);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        token.mint(address(escrow), 30);
        vm.startPrank(ada);
        escrow.cancel(id);
        same(escrow.withdraw(address(token), ada), 300, "what was paid, no more");
        vm.stopPrank();
    }
}
