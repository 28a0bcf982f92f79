// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {Market} from "./Market.sol";
import {PlainToken} from "./Tokens.sol";

/// @dev The sums, for any price, period, fee and moment.
contract MarketEscrowFuzzTest is Market {
    PlainToken private token;

    struct Case {
        uint128 price;
        uint32 periodSeconds;
        uint16 periods;
        uint16 feeBps;
        uint32 hold;
        uint64 first;
        uint64 second;
    }

    function setUp() public override {
        super.setUp();
        token = new PlainToken(18);
        allow(address(token));
    }

    /// @dev Cuts a case to what the contract accepts; moments fall within one and a half lengths of the order.
    function open(Case memory c, bytes32 ref) private returns (bytes32) {
        IMarketEscrow.Terms memory t = IMarketEscrow.Terms(
            ref, ben, address(token), c.price, c.periodSeconds, c.periods, c.feeBps
        );
        token.mint(ada, total(t));
        return fundAs(ada, t);
    }

    function cut(Case memory c) private {
        c.price = uint128(bound(c.price, 1, c.price % 3 == 0 ? 1000 : 1e30));
        c.periodSeconds = uint32(bound(c.periodSeconds, 1, 365 days));
        c.periods = uint16(bound(c.periods, 1, c.periods % 2 == 0 ? 12 : type(uint16).max));
        c.feeBps = uint16(bound(c.feeBps, 0, 1000));
        c.hold = uint32(bound(c.hold, 0, 30 days));
        uint256 length = uint256(c.periodSeconds) * c.periods + c.hold;
        c.first = uint64(bound(c.first, 0, length * 3 / 2));
        c.second = uint64(bound(c.second, c.first, length * 3 / 2));
        vm.prank(timelock);
        escrow.setParams(c.feeBps, treasury, c.hold, 1 days, 1 hours);
    }

    function testFuzz_earnings_never_fall_and_whole_periods_never_exceed_seconds(Case memory c) public {
        cut(c);
        bytes32 id = open(c, "a");
        uint256 whole = escrow.earned(id, START + c.first, false);
        uint256 exact = escrow.earned(id, START + c.first, true);
        holds(whole <= exact && exact <= order(id).total, "whole <= exact <= total");
        holds(whole % c.price == 0, "whole periods");
        holds(exact - whole < c.price, "less than a period between them");
        holds(whole <= escrow.earned(id, START + c.second, false), "whole is monotone");
        holds(exact <= escrow.earned(id, START + c.second, true), "exact is monotone");
        same(escrow.earned(id, START, true), 0, "nothing at the start");
        same(escrow.earned(id, type(uint256).max, true), order(id).total, "everything at the end");
    }

    function testFuzz_many_releases_pay_what_one_pays(Case memory c) public {
        cut(c);
        bytes32 one = open(c, "a");
        bytes32 many = open(c, "b");
        vm.warp(START + c.first / 2);
        uint256 times = escrow.release(many) > 0 ? 1 : 0;
        vm.warp(START + c.first);
        if (escrow.release(many) > 0) times++;
        vm.warp(START + c.second);
        if (escrow.release(many) > 0) times++;
        escrow.release(one);
        same(order(many).released, order(one).released, "gross");
        same(uint256(order(many).state), uint256(order(one).state), "state");
        uint256 paid = uint256(order(many).released) * 2;
        uint256 fee = escrow.credits(address(token), treasury);
        uint256 exactly = uint256(order(one).released) * c.feeBps / 10_000 * 2;
        holds(fee <= exactly && exactly - fee <= times, "the fee differs by less than a unit a release");
        same(escrow.credits(address(token), ben) + fee, paid, "nothing is lost");
    }

    function testFuzz_a_buyers_cancel_splits_the_total_without_remainder(Case memory c) public {
        cut(c);
        bytes32 id = open(c, "a");
        vm.warp(START + c.first);
        escrow.release(id);
        uint256 before = escrow.credits(address(token), treasury);
        uint256 released = order(id).released;
        vm.warp(START + c.second);
        if (order(id).state == IMarketEscrow.State.Closed) return;
        uint256 exact = escrow.earned(id, block.timestamp, true);
        vm.prank(ada);
        escrow.cancel(id);
        uint256 refund = escrow.credits(address(token), ada);
        same(refund, order(id).total - exact, "what has not elapsed goes back");
        same(
            escrow.credits(address(token), treasury) - before,
            (exact - released) * c.feeBps / 10_000,
            "the fee is rounded down"
        );
        same(escrow.credits(address(token), ben) + escrow.credits(address(token), treasury), exact, "the rest is paid");
        same(escrow.owed(address(token)), token.balanceOf(address(escrow)), "held = owed");
    }

    function testFuzz_a_provider_gains_nothing_by_cancelling(Case memory c) public {
        cut(c);
        bytes32 cancelled = open(c, "a");
        bytes32 released = open(c, "b");
        vm.warp(START + c.first);
        uint256 due = escrow.release(released);
        if (order(cancelled).state != IMarketEscrow.State.Active) return;
        vm.prank(ben);
        escrow.cancel(cancelled);
        same(order(cancelled).released, due, "what a release pays, no more");
        same(escrow.credits(address(token), ada), order(cancelled).total - due, "the rest goes back");
    }

    function testFuzz_nothing_younger_than_the_hold_is_released(Case memory c) public {
        cut(c);
        bytes32 id = open(c, "a");
        vm.warp(START + c.first);
        escrow.release(id);
        uint256 mature = c.first > c.hold ? c.first - c.hold : 0;
        uint256 periods = mature / c.periodSeconds;
        if (periods > c.periods) periods = c.periods;
        same(order(id).released, periods * c.price, "whole periods that are older than the hold");
    }

    function testFuzz_a_fee_above_the_agreed_one_is_refused(uint16 feeBps, uint16 agreed) public {
        feeBps = uint16(bound(feeBps, 0, 1000));
        vm.prank(timelock);
        escrow.setParams(feeBps, treasury, HOLD, 1 days, 1 hours);
        IMarketEscrow.Terms memory t = terms();
        t.maxFeeBps = agreed;
        vm.startPrank(ada);
        dollar.approve(address(escrow), total(t));
        if (feeBps > agreed) refuses(IMarketEscrow.FeeAboveAgreed.selector);
        escrow.fund(t);
        vm.stopPrank();
    }
}
