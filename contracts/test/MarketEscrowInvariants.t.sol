// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {IUsageChannels} from "../src/IUsageChannels.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {UsageChannels} from "../src/UsageChannels.sol";
import {ChannelHandler} from "./ChannelHandler.sol";
import {Handler} from "./Handler.sol";
import {OrderHandler} from "./OrderHandler.sol";
import {Suite} from "./Suite.sol";
import {PlainToken} from "./Tokens.sol";

/// @dev All that anybody may do to the escrow.
contract Everybody is OrderHandler, ChannelHandler {
    constructor(MarketEscrow escrow, address timelock) Handler(escrow, timelock) {}
}

/// @dev The invariants of the escrow, numbered as in README.md.
contract MarketEscrowInvariants is Suite {
    Everybody private handler;
    MarketEscrow private escrow;

    string[14] private WHAT = [
        "fund", "renew", "release", "cancel", "give in", "refund", "dispute", "resolve", "timeout", "open", "topUp",
        "claim", "requestClose", "close"
    ];
    mapping(string what => uint256) private total;
    mapping(string what => uint256) private last;

    function setUp() public {
        address timelock = address(0x71);
        escrow = new MarketEscrow(timelock, 250, address(0xA000), 7 days, 5 days, 1 hours);
        handler = new Everybody(escrow, timelock);
        vm.startPrank(timelock);
        escrow.setToken(address(handler.tokens(0)), true);
        vm.stopPrank();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One function, so that one campaign checks them all after each of its steps.
    function invariant_the_escrow_keeps_its_promises() public {
        vm.warp(handler.time());
        uint256[2] memory running;
        OrderHandler.Known[] memory known = handler.known();
        for (uint256 i = 0; i < known.length; ++i) {
            PrepaidOrders.Order memory o = escrow.orders(known[i].id);
            checkBounds(known[i], o);
            if (o.state != IMarketEscrow.State.Closed) {
                running[place(o.token)] += uint256(o.total) - o.released - o.refunded;
            }
        }
        ChannelHandler.Line[] memory lines = handler.lines();
        for (uint256 i = 0; i < lines.length; ++i) {
            UsageChannels.Channel memory c = escrow.channels(lines[i].id);
            holds(c.claimed <= c.deposit, "3: claimed <= deposit");
            holds(c.feeBps <= lines[i].maxFeeBps, "9: the fee is at most the agreed one");
            if (c.state != IUsageChannels.ChannelState.Closed) running[place(c.token)] += c.deposit - c.claimed;
        }
        for (uint256 i = 0; i < 2; ++i) {
            checkMoney(handler.tokens(i), running[i]);
        }
    }

    /// @dev A campaign that only knocks on closed doors proves nothing: two thousand random steps do each thing.
    function test_random_steps_do_everything_that_can_be_done() public {
        bytes4[19] memory steps = [
            handler.fund.selector, handler.renew.selector, handler.release.selector, handler.releaseMany.selector,
            handler.cancel.selector, handler.refund.selector, handler.dispute.selector, handler.resolve.selector,
            handler.resolveTimeout.selector, handler.openChannel.selector, handler.topUp.selector,
            handler.claim.selector, handler.requestClose.selector, handler.closeChannel.selector,
            handler.withdraw.selector, handler.decide.selector, handler.stopOrGo.selector, handler.donate.selector,
            handler.wait.selector
        ];
        for (uint256 i = 0; i < 2_000; ++i) {
            if (i % 100 == 0) setUp();
            uint256 luck = uint256(keccak256(abi.encode(i)));
            bytes4 step = steps[luck % steps.length];
            uint256 second = step == handler.cancel.selector ? luck >> 255 : luck >> 240;
            bytes memory words = abi.encode(luck, second, uint16(luck >> 16), uint16(luck >> 32), uint16(luck >> 48));
            (bool ok,) = address(handler).call(abi.encodePacked(step, words));
            holds(ok, "no step fails");
            count();
        }
        for (uint256 i = 0; i < WHAT.length; ++i) {
            emit log_named_uint(WHAT[i], total[WHAT[i]]);
            holds(total[WHAT[i]] >= 3, WHAT[i]);
        }
    }

    event log_named_uint(string what, uint256 times);

    function count() private {
        for (uint256 i = 0; i < WHAT.length; ++i) {
            uint256 now_ = handler.done(WHAT[i]);
            if (now_ > last[WHAT[i]]) total[WHAT[i]]++;
            last[WHAT[i]] = now_;
        }
    }

    function place(address token) private view returns (uint256) {
        return token == address(handler.tokens(0)) ? 0 : 1;
    }

    /// @dev 1: the escrow holds what it owes, and only withdrawals go out. 2: what is owed is all credits and all that
    /// runs.
    function checkMoney(PlainToken token, uint256 running) private view {
        address t = address(token);
        uint256 held = token.balanceOf(address(escrow));
        uint256 owed = escrow.owed(t);
        same(held, owed + handler.donated(t), "1: held = owed + donated");
        same(held, handler.paidIn(t) + handler.donated(t) - handler.withdrawn(t), "1: only withdrawals go out");
        uint256 sum = running;
        for (uint256 j = 0; j < 5; ++j) {
            sum += escrow.credits(t, handler.people(j));
        }
        same(owed, sum, "2: owed = credits + what runs");
    }

    function checkBounds(OrderHandler.Known memory k, PrepaidOrders.Order memory o) private view {
        uint256 whole = escrow.earned(k.id, handler.time(), false);
        uint256 exact = escrow.earned(k.id, handler.time(), true);
        holds(uint256(o.released) + o.refunded <= o.total, "3: released and given back <= total");
        holds(whole <= exact && exact <= o.total, "4: whole <= exact <= total");
        holds(exact <= escrow.earned(k.id, handler.time() + 1 days, true), "4: earnings never fall");
        holds(o.released <= exact, "4: nothing is released before it is earned");
        holds(o.feeBps <= k.maxFeeBps, "9: the fee is at most the agreed one");
        if (!k.freed) holds(o.released <= handler.mature(o, handler.time()), "6: older than the hold");
    }
}
