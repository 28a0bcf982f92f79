// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {Market} from "./Market.sol";
import {FeeToken} from "./Tokens.sol";

/// @dev Further periods for a running order, one promise per test.
contract RenewalsTest is Market {
    function test_a_renewal_adds_periods_at_the_orders_own_price() public {
        bytes32 id = fundAda();
        approve(ada, 20 * DOLLAR);
        vm.warp(START + 45 * DAY);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.Renewed(
            4, id, ada, ben, address(dollar), 20 * DOLLAR, 2, 50 * DOLLAR, 5, uint64(START + 150 * DAY)
        );
        vm.prank(ada);
        escrow.renew(id, 2);
        PrepaidOrders.Order memory o = order(id);
        same(o.total, 50 * DOLLAR, "total");
        same(o.periods, 5, "periods");
        same(o.startedAt, START, "the start stays");
        same(dollar.balanceOf(address(escrow)), 50 * DOLLAR, "held");
        heldIsOwed();
    }

    function test_a_renewal_changes_nothing_that_was_earned_before() public {
        bytes32 id = fundAda();
        vm.warp(START + 45 * DAY);
        uint256 before = escrow.earned(id, block.timestamp, true);
        renewAs(ada, id, 2);
        same(escrow.earned(id, block.timestamp, true), before, "the same moment earns the same");
        same(escrow.earned(id, START + 120 * DAY, true), 40 * DOLLAR, "and goes on beyond the old end");
        vm.warp(START + 150 * DAY + HOLD);
        same(escrow.release(id), 50 * DOLLAR, "all of it in the end");
        orderIs(id, IMarketEscrow.State.Closed);
    }

    function test_a_renewal_keeps_the_fee_the_hold_and_the_payee_of_its_order() public {
        bytes32 id = fundAda();
        vm.prank(timelock);
        escrow.setParams(1000, stranger, 30 days, 1 days, 1 hours);
        renewAs(ada, id, 1);
        vm.warp(START + 120 * DAY + HOLD);
        same(escrow.release(id), 40 * DOLLAR, "at the old hold");
        same(credit(treasury), DOLLAR, "at the old fee");
        same(credit(stranger), 0, "to the old payee");
    }

    function test_nobody_but_the_buyer_renews_by_their_own_hand() public {
        bytes32 id = fundAda();
        bytes memory reason = abi.encodeWithSelector(IMarketEscrow.NotTheBuyer.selector, id, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        escrow.renew(id, 1);
        vm.expectRevert(reason);
        escrow.renewWithPermit(id, 1, START + DAY, 27, 0, 0);
        vm.stopPrank();
    }

    function test_a_permit_renews_even_if_somebody_used_it_first() public {
        bytes32 id = fundAda();
        (uint8 v, bytes32 r, bytes32 s) = permit(address(dollar), 20 * DOLLAR);
        vm.prank(stranger);
        dollar.permit(ada, address(escrow), 20 * DOLLAR, START + DAY, v, r, s);
        vm.prank(ada);
        escrow.renewWithPermit(id, 2, START + DAY, v, r, s);
        same(order(id).total, 50 * DOLLAR, "used first");
        (v, r, s) = permit(address(dollar), 10 * DOLLAR);
        vm.prank(ada);
        escrow.renewWithPermit(id, 1, START + DAY, v, r, s);
        same(order(id).total, 60 * DOLLAR, "by its own hand");
    }

    function signedRenewal(bytes32 id, uint32 periods) private view returns (bytes memory) {
        return authorization(ada, address(dollar), periods * 10 * DOLLAR, escrow.renewalId(id, periods));
    }

    function relayRenewal(bytes32 id, uint32 periods, bytes memory signature) private {
        vm.prank(relayer);
        escrow.renewWithAuthorization(id, periods, 0, START + DAY, signature);
    }

    function test_a_signature_handed_in_by_a_relayer_renews() public {
        bytes32 id = fundAda();
        relayRenewal(id, 2, signedRenewal(id, 2));
        same(order(id).periods, 5, "renewed");
        same(dollar.balanceOf(ada), 950 * DOLLAR, "paid");
        heldIsOwed();
    }

    function test_a_signed_renewal_counts_once() public {
        bytes32 id = fundAda();
        bytes memory signature = signedRenewal(id, 2);
        relayRenewal(id, 2, signature);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relayRenewal(id, 2, signature);
        same(dollar.balanceOf(ada), 950 * DOLLAR, "taken once");
    }

    function test_a_signed_renewal_fits_nothing_else() public {
        bytes32 id = fundAda();
        IMarketEscrow.Terms memory t = terms();
        t.orderRef = "order 2";
        bytes32 other = fundAs(ada, t);
        bytes memory signature = signedRenewal(id, 2);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relayRenewal(other, 2, signature);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relayRenewal(id, 1, signature);
        (t.orderRef, t.periods) = ("order 3", 2);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relay(ada, t, signature);
        vm.chainId(1337);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relayRenewal(id, 2, signature);
        vm.chainId(31337);
        renewAs(ada, id, 1);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relayRenewal(id, 2, signature);
        same(order(id).periods, 4, "the order was another one when it was signed");
    }

    function test_the_id_of_a_renewal_is_the_hash_of_chain_escrow_order_and_lengths() public {
        bytes32 id = fundAda();
        bytes32 expected = keccak256(abi.encode(block.chainid, address(escrow), id, uint32(3), uint32(2)));
        same(escrow.renewalId(id, 2), expected, "id");
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.UnknownOrder.selector, bytes32("no")));
        escrow.renewalId("no", 1);
    }

    function test_what_is_over_or_unknown_cannot_be_renewed() public {
        bytes32 id = fundAda();
        approve(ada, 1000 * DOLLAR);
        vm.startPrank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.UnknownOrder.selector, bytes32("no")));
        escrow.renew("no", 1);
        vm.warp(START + 90 * DAY);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketEscrow.OrderHasEnded.selector, id, uint64(START + 90 * DAY))
        );
        escrow.renew(id, 1);
        vm.warp(START + 90 * DAY - 1);
        escrow.renew(id, 1);
        escrow.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsClosed.selector, id));
        escrow.renew(id, 1);
        vm.stopPrank();
        vm.prank(relayer);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.OrderIsClosed.selector, id));
        escrow.renewWithAuthorization(id, 1, 0, START + DAY, "");
    }

    function test_a_renewal_is_new_money_and_waits_for_a_pause_and_an_accepted_token() public {
        bytes32 id = fundAda();
        approve(ada, 1000 * DOLLAR);
        vm.prank(timelock);
        escrow.pause();
        vm.prank(ada);
        refuses(IMarketEscrow.FundingPaused.selector);
        escrow.renew(id, 1);
        vm.startPrank(timelock);
        escrow.unpause();
        escrow.setToken(address(dollar), false);
        vm.stopPrank();
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.TokenNotAllowed.selector, dollar));
        escrow.renew(id, 1);
        same(order(id).periods, 3, "as it was");
    }

    function test_renewals_have_bounds() public {
        bytes32 id = fundAs(ada, termsIn(address(dollar), 1));
        vm.startPrank(ada);
        dollar.approve(address(escrow), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidTerms.selector, 1, 30 * DAY, 0));
        escrow.renew(id, 0);
        uint256 limit = type(uint32).max;
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.TooManyPeriods.selector, limit + 1, limit));
        escrow.renew(id, type(uint32).max - 2);
        dollar.mint(ada, limit);
        escrow.renew(id, type(uint32).max - 3);
        vm.stopPrank();
        same(order(id).periods, limit, "exactly as many as can be counted");
    }

    function test_a_renewal_that_no_order_can_hold_is_refused() public {
        uint256 limit = type(uint128).max;
        dollar.mint(ada, limit);
        IMarketEscrow.Terms memory t = termsIn(address(dollar), limit / 4);
        bytes32 id = fundAs(ada, t);
        approve(ada, limit);
        vm.startPrank(ada);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.AmountTooLarge.selector, limit / 4 * 5, limit));
        escrow.renew(id, 2);
        escrow.renew(id, 1);
        vm.stopPrank();
    }

    function test_a_token_that_begins_to_keep_a_part_renews_nothing() public {
        FeeToken token = new FeeToken();
        allow(address(token));
        token.mint(ada, 1000);
        token.keep(false);
        bytes32 id = fundAs(ada, termsIn(address(token), 100));
        token.keep(true);
        vm.startPrank(ada);
        token.approve(address(escrow), 100);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.WrongAmountReceived.selector, token, 100, 99));
        escrow.renew(id, 1);
        vm.stopPrank();
        same(token.balanceOf(ada), 700, "nothing was taken");
    }
}
