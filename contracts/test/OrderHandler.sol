// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {Handler} from "./Handler.sol";

/// @dev Does to orders anything that anybody may do, in any order, and remembers what must stay true.
abstract contract OrderHandler is Handler {
    /// @param freed Whether buyer, arbiter or a timeout let money out that is younger than the hold.
    /// @param asFunded Hash of all that nothing may change; a renewal counts in it by its own rule.
    struct Known {
        bytes32 id;
        uint16 maxFeeBps;
        bool freed;
        bool closed;
        uint256 gone;
        bytes32 asFunded;
    }

    uint256 internal constant MOST_ORDERS = 10;
    address internal constant ARBITER = address(0xA4B);

    Known[] private _known;

    function known() external view returns (Known[] memory) {
        return _known;
    }

    function pick(uint256 seed, IMarketEscrow.State state) private view returns (Known storage k, bool found) {
        uint256 n = _known.length;
        for (uint256 i = 0; i < n; ++i) {
            k = _known[(seed % n + i) % n];
            if (escrow.orders(k.id).state == state) return (k, true);
        }
        return (_known[0], false);
    }

    // ── Money in ───────────────────────────────────────────────────────────────────────────────────────────────────

    function fund(uint256 seed, uint128 price, uint32 periodSeconds, uint16 periods, uint16 spare) external now_ {
        address token = address(tokens[seed % 2]);
        address buyer = people[seed / 2 % 5];
        if (_known.length == MOST_ORDERS || !isOpen(token)) return;
        IMarketEscrow.Terms memory t = IMarketEscrow.Terms({
            orderRef: bytes32(_known.length),
            provider: people[seed / 10 % 5],
            token: token,
            pricePerPeriod: bound(price, 1, seed % 3 == 0 ? 50 : 1e30),
            periodSeconds: uint32(bound(periodSeconds, 1, longest(seed / 50))),
            periods: uint32(bound(periods, 1, 12)),
            maxFeeBps: feeNow() + spare % 100
        });
        provide(token, buyer, t.pricePerPeriod * t.periods);
        vm.prank(buyer);
        bytes32 id = escrow.fund(t);
        _known.push(Known(id, t.maxFeeBps, false, false, 0, fixedPart(escrow.orders(id))));
        done["fund"]++;
    }

    function longest(uint256 seed) private pure returns (uint256) {
        return [uint256(1 hours), 1 days, 10 days, 60 days][seed % 4];
    }

    function renew(uint256 seed, uint16 periods) external now_ {
        if (_known.length == 0) return;
        (Known storage k, bool found) = pick(seed, IMarketEscrow.State.Active);
        PrepaidOrders.Order memory o = escrow.orders(k.id);
        if (!found || !isOpen(o.token) || time >= o.startedAt + uint256(o.periodSeconds) * o.periods) return;
        uint32 added = uint32(bound(periods, 1, 6));
        uint256 earned = escrow.earned(k.id, time, true);
        provide(o.token, o.buyer, o.pricePerPeriod * added);
        vm.prank(o.buyer);
        escrow.renew(k.id, added);
        same(escrow.earned(k.id, time, true), earned, "4: a renewal earns nothing by itself");
        same(escrow.orders(k.id).periods, o.periods + added, "as many as were paid");
        done["renew"]++;
    }

    // ── Money out ──────────────────────────────────────────────────────────────────────────────────────────────────

    function release(uint256 seed) external now_ {
        if (_known.length == 0) return;
        Known storage k = _known[seed % _known.length];
        PrepaidOrders.Order memory o = escrow.orders(k.id);
        uint256 due = escrow.releasable(k.id);
        same(escrow.release(k.id), due, "8: a release pays what was announced");
        same(escrow.release(k.id), 0, "8: and nothing the second time");
        if (o.state == IMarketEscrow.State.Active) {
            uint256 ripe = mature(o, time);
            uint256 gone = uint256(o.released) + o.refunded;
            same(due, ripe > gone ? ripe - gone : 0, "8: whole mature periods, less what is gone");
        }
        if (due > 0) done["release"]++;
    }

    function releaseMany(uint256 seed) external now_ {
        if (_known.length == 0) return;
        bytes32[] memory ids = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            ids[i] = _known[(seed >> (i * 8)) % _known.length].id;
        }
        escrow.releaseMany(ids);
    }

    function cancel(uint256 seed, bool byBuyer) external now_ {
        if (_known.length == 0) return;
        IMarketEscrow.State wanted = seed % 2 == 0 ? IMarketEscrow.State.Active : IMarketEscrow.State.Disputed;
        (Known storage k, bool found) = pick(seed / 10, wanted);
        if (!found || seed % 6 > 1) return;
        PrepaidOrders.Order memory o = escrow.orders(k.id);
        vm.prank(byBuyer ? o.buyer : o.provider);
        escrow.cancel(k.id);
        if (byBuyer || o.buyer == o.provider) k.freed = true;
        else if (o.frozenAt != 0) same(escrow.orders(k.id).released, o.released, "6: giving in pays no provider");
        done[o.frozenAt == 0 ? "cancel" : "give in"]++;
    }

    function refund(uint256 seed, uint256 amount) external now_ {
        if (_known.length == 0) return;
        IMarketEscrow.State wanted = seed % 3 > 0 ? IMarketEscrow.State.Active : IMarketEscrow.State.Disputed;
        (Known storage k, bool found) = pick(seed, wanted);
        if (!found) return;
        PrepaidOrders.Order memory o = escrow.orders(k.id);
        uint256 left = uint256(o.total) - o.released - o.refunded;
        amount = bound(amount, 1, seed % 7 == 0 ? left : (left + 3) / 4);
        uint256 before = escrow.credits(o.token, o.buyer);
        vm.prank(o.provider);
        escrow.refund(k.id, amount);
        same(escrow.credits(o.token, o.buyer) - before, amount, "a refund is the buyer's");
        done["refund"]++;
    }

    // ── Disputes ───────────────────────────────────────────────────────────────────────────────────────────────────

    function dispute(uint256 seed) external now_ {
        if (_known.length == 0) return;
        (Known storage k, bool found) = pick(seed, IMarketEscrow.State.Active);
        PrepaidOrders.Order memory o = escrow.orders(k.id);
        uint256 gone = uint256(o.released) + o.refunded + escrow.releasable(k.id);
        if (!found || escrow.earned(k.id, time, true) <= gone) return;
        vm.prank(o.buyer);
        escrow.dispute(k.id, "evidence");
        done["dispute"]++;
    }

    function resolve(uint256 seed, uint16 providerBps) external now_ {
        if (_known.length == 0) return;
        (Known storage k, bool found) = pick(seed, IMarketEscrow.State.Disputed);
        PrepaidOrders.Order memory o = escrow.orders(k.id);
        if (!found || time >= o.rulingDueAt) return;
        vm.prank(timelock);
        escrow.setArbiter(ARBITER, true);
        uint256 contested = contestedOf(o);
        providerBps = uint16(bound(providerBps, 0, 10_000));
        vm.prank(ARBITER);
        escrow.resolve(k.id, providerBps, "ruling");
        uint256 moved = escrow.orders(k.id).released - o.released;
        holds(moved <= contested, "5: an arbiter moves at most what was earned at the freeze");
        same(moved, contested * providerBps / 10_000, "5: and exactly the share");
        k.freed = true;
        done["resolve"]++;
    }

    function resolveTimeout(uint256 seed) external now_ {
        if (_known.length == 0) return;
        (Known storage k, bool found) = pick(seed, IMarketEscrow.State.Disputed);
        PrepaidOrders.Order memory o = escrow.orders(k.id);
        if (!found || time < o.rulingDueAt) return;
        escrow.resolveTimeout(k.id);
        same(escrow.orders(k.id).released - o.released, contestedOf(o), "a timeout is the buyer's cancel at the freeze");
        k.freed = true;
        done["timeout"]++;
    }

    /// @dev Counted apart from the contract: to the second up to the freeze, less what is gone.
    function contestedOf(PrepaidOrders.Order memory o) private pure returns (uint256) {
        uint256 elapsed = o.frozenAt - o.startedAt;
        uint256 earned = uint256(o.pricePerPeriod) * elapsed / o.periodSeconds;
        if (earned > o.total) earned = o.total;
        uint256 gone = uint256(o.released) + o.refunded;
        return earned > gone ? earned - gone : 0;
    }

    // ── What must stay true ────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Everything that stays as it was funded, with the price as the rule for what a renewal adds.
    function fixedPart(PrepaidOrders.Order memory o) private pure returns (bytes32) {
        (o.state, o.released, o.refunded, o.frozenAt, o.rulingDueAt) = (IMarketEscrow.State.Active, 0, 0, 0, 0);
        o.total = o.total - o.pricePerPeriod * o.periods;
        o.periods = 0;
        return keccak256(abi.encode(o));
    }

    function watchOrders() internal override {
        for (uint256 i = 0; i < _known.length; ++i) {
            Known storage k = _known[i];
            PrepaidOrders.Order memory o = escrow.orders(k.id);
            uint256 gone = uint256(o.released) + o.refunded;
            holds(gone >= k.gone, "what is paid never falls");
            bool closed = o.state == IMarketEscrow.State.Closed;
            if (k.closed) holds(closed && gone == k.gone, "7: closed is terminal");
            (k.closed, k.gone) = (closed, gone);
            holds((o.frozenAt == 0) == (o.rulingDueAt == 0), "a freeze has its deadline");
            same(fixedPart(o), k.asFunded, "10: an order stays as it was funded");
        }
    }

    /// @dev The whole periods that ended at least `hold` ago, counted one by one.
    function mature(PrepaidOrders.Order memory o, uint256 moment) public pure returns (uint256 sum) {
        for (uint256 k = 1; k <= o.periods; ++k) {
            if (o.startedAt + k * o.periodSeconds + o.hold > moment) break;
            sum += o.pricePerPeriod;
        }
    }
}
