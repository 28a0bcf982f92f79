// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageChannels} from "../src/IUsageChannels.sol";
import {UsageChannels} from "../src/UsageChannels.sol";
import {Handler} from "./Handler.sol";

/// @dev Does to channels anything that anybody may do, in any order, and remembers what must stay true.
abstract contract ChannelHandler is Handler {
    struct Line {
        bytes32 id;
        uint16 maxFeeBps;
        bool closed;
        uint256 claimed;
        bytes32 asOpened;
    }

    uint256 private constant MOST_LINES = 6;
    uint256 private constant SIGNER_KEY = 0x516;

    Line[] private _lines;

    function lines() external view returns (Line[] memory) {
        return _lines;
    }

    function pickLine(uint256 seed, bool mustBeOpen) private view returns (Line storage l, bool found) {
        uint256 n = _lines.length;
        for (uint256 i = 0; i < n; ++i) {
            l = _lines[(seed % n + i) % n];
            IUsageChannels.ChannelState state = escrow.channels(l.id).state;
            if (state == IUsageChannels.ChannelState.Open) return (l, true);
            if (!mustBeOpen && state == IUsageChannels.ChannelState.Closing) return (l, true);
        }
        return (_lines[0], false);
    }

    function openChannel(uint256 seed, uint128 deposit, uint16 spare) external now_ {
        address token = address(tokens[seed % 2]);
        address payer = people[seed / 2 % 5];
        if (_lines.length == MOST_LINES || !isOpen(token)) return;
        IUsageChannels.ChannelTerms memory t = IUsageChannels.ChannelTerms({
            channelRef: bytes32(_lines.length),
            provider: people[seed / 10 % 5],
            signer: vm.addr(SIGNER_KEY),
            token: token,
            deposit: bound(deposit, 1, seed % 3 == 0 ? 50 : 1e30),
            maxFeeBps: feeNow() + spare % 100
        });
        provide(token, payer, t.deposit);
        vm.prank(payer);
        bytes32 id = escrow.openChannel(t);
        _lines.push(Line(id, t.maxFeeBps, false, 0, fixedOf(escrow.channels(id))));
        done["open"]++;
    }

    function topUp(uint256 seed, uint96 amount) external now_ {
        if (_lines.length == 0) return;
        (Line storage l, bool found) = pickLine(seed, true);
        UsageChannels.Channel memory c = escrow.channels(l.id);
        if (!found || !isOpen(c.token)) return;
        uint256 more = bound(amount, 1, c.deposit);
        provide(c.token, c.payer, more);
        vm.prank(c.payer);
        escrow.topUp(l.id, more);
        done["topUp"]++;
    }

    function claim(uint256 seed, uint256 cumulative) external now_ {
        if (_lines.length == 0) return;
        (Line storage l, bool found) = pickLine(seed, false);
        UsageChannels.Channel memory c = escrow.channels(l.id);
        if (!found || c.claimed == c.deposit) return;
        cumulative = bound(cumulative, uint256(c.claimed) + 1, seed % 5 == 0 ? c.deposit * 2 : c.deposit);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNER_KEY, escrow.receiptHash(l.id, cumulative));
        escrow.claim(l.id, cumulative, abi.encodePacked(r, s, v));
        uint256 reached = cumulative < c.deposit ? cumulative : c.deposit;
        same(escrow.channels(l.id).claimed, reached, "8: the sum of the receipt, as far as the deposit goes");
        done["claim"]++;
    }

    function requestClose(uint256 seed) external now_ {
        if (_lines.length == 0 || seed % 2 > 0) return;
        (Line storage l, bool found) = pickLine(seed, true);
        if (!found) return;
        vm.prank(escrow.channels(l.id).payer);
        escrow.requestClose(l.id);
        done["requestClose"]++;
    }

    function closeChannel(uint256 seed) external now_ {
        if (_lines.length == 0 || seed % 2 > 0) return;
        (Line storage l, bool found) = pickLine(seed, false);
        UsageChannels.Channel memory c = escrow.channels(l.id);
        bool overdue = c.state == IUsageChannels.ChannelState.Closing && time >= c.closesAt;
        if (!found || (!overdue && seed % 8 > 0)) return;
        uint256 before = escrow.credits(c.token, c.payer);
        vm.prank(overdue ? people[0] : c.provider);
        escrow.closeChannel(l.id);
        same(escrow.credits(c.token, c.payer) - before, c.deposit - c.claimed, "the rest is the payer's");
        done["close"]++;
    }

    /// @dev Everything that stays as it was opened.
    function fixedOf(UsageChannels.Channel memory c) private pure returns (bytes32) {
        (c.state, c.closesAt, c.deposit, c.claimed) = (IUsageChannels.ChannelState.Open, 0, 0, 0);
        return keccak256(abi.encode(c));
    }

    function watchChannels() internal override {
        for (uint256 i = 0; i < _lines.length; ++i) {
            Line storage l = _lines[i];
            UsageChannels.Channel memory c = escrow.channels(l.id);
            bool closed = c.state == IUsageChannels.ChannelState.Closed;
            if (l.closed) holds(closed, "7: closed is terminal");
            l.closed = closed;
            if (closed) continue;
            holds(c.claimed >= l.claimed, "what is claimed never falls");
            l.claimed = c.claimed;
            holds((c.closesAt == 0) == (c.state == IUsageChannels.ChannelState.Open), "a notice has its end");
            same(fixedOf(c), l.asOpened, "10: a channel stays as it was opened");
        }
    }
}
