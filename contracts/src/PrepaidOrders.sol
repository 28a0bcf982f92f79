// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Holdings} from "./Holdings.sol";

/// @title Prepaid periods, from the payment on
/// @notice Pays a buyer's money to the provider period by period; what has not elapsed goes back to the buyer who
/// cancels. Price, fee, hold, fee payee and arbiter's time of an order are those of the moment it was funded.
abstract contract PrepaidOrders is Holdings {
    /// @dev Seven storage slots. `total` is what was paid in, `released` the provider's gross so far, `refunded` what
    /// the provider gave back. `frozenAt` and `rulingDueAt` are zero until a dispute.
    struct Order {
        State state;
        address buyer;
        address provider;
        address token;
        uint128 total;
        uint128 released;
        uint128 pricePerPeriod;
        uint32 periodSeconds;
        uint32 periods;
        uint64 startedAt;
        uint32 hold;
        uint16 feeBps;
        address treasury;
        uint32 arbiterTime;
        uint128 refunded;
        uint64 frozenAt;
        uint64 rulingDueAt;
    }

    /// @dev What a closing moved, in base units.
    struct Split {
        uint256 gross;
        uint256 fee;
        uint256 net;
        uint256 refund;
    }

    mapping(bytes32 id => Order) internal _orders;

    /// @notice Everything about an order that was ever funded; an id is never used twice.
    function orders(bytes32 id) external view returns (Order memory) {
        return _orders[id];
    }

    /// @notice What an order has earned by a unix time: whole elapsed periods, or to the second if `exact`. A dispute
    /// stops it.
    function earned(bytes32 id, uint256 time, bool exact) external view returns (uint256) {
        return _earned(_known(id), time, exact);
    }

    /// @notice What `release` would pay now, fee included.
    function releasable(bytes32 id) external view returns (uint256) {
        return _releasable(_known(id));
    }

    /// @notice Credits provider and treasury with the whole elapsed periods that are older than the order's hold, less
    /// what the provider gave back.
    /// @return gross What was credited, fee included; 0 if nothing is due.
    function release(bytes32 id) external nonReentrant returns (uint256 gross) {
        return _release(id);
    }

    /// @notice Releases every order of the list that has something due.
    function releaseMany(bytes32[] calldata ids) external nonReentrant returns (uint256 gross) {
        for (uint256 i = 0; i < ids.length; ++i) {
            gross += _release(ids[i]);
        }
    }

    /// @notice Ends an order. The buyer pays to the second and gets the rest back; a provider who ends it keeps only
    /// the whole periods that are older than the hold. In a dispute the buyer who does this gives in, and pays to the
    /// second in which it began; so does the provider, who then gets nothing more.
    function cancel(bytes32 id) external nonReentrant {
        Order storage o = _running(id);
        require(msg.sender == o.buyer || msg.sender == o.provider, NotAParty(id, msg.sender));
        Split memory s = _close(o, msg.sender == o.buyer ? _due(o, block.timestamp, true) : _releasable(o));
        emit Cancelled(_nextSeq(), id, o.buyer, o.provider, o.token, msg.sender, s.gross, s.fee, s.net, s.refund);
        emit Closed(_nextSeq(), id);
    }

    /// @notice The provider gives back a part of what the order still holds, out of what it would still have paid the
    /// provider; with all of it the order is closed.
    function refund(bytes32 id, uint256 amount) external nonReentrant {
        Order storage o = _running(id);
        require(msg.sender == o.provider, NotTheProvider(id, msg.sender));
        uint256 left = _left(o);
        require(amount > 0 && amount <= left, InvalidRefund(amount, left));
        // Safe: what is left is part of the total, which has 128 bits.
        o.refunded += uint128(amount);
        credits[o.token][o.buyer] += amount;
        emit Refunded(_nextSeq(), id, o.buyer, o.provider, o.token, amount, left - amount);
        if (amount == left) _end(id, o);
    }

    // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function _known(bytes32 id) internal view returns (Order storage o) {
        o = _orders[id];
        require(o.state != State.None, UnknownOrder(id));
    }

    function _running(bytes32 id) internal view returns (Order storage o) {
        o = _known(id);
        require(o.state != State.Closed, OrderIsClosed(id));
    }

    function _active(bytes32 id) internal view returns (Order storage o) {
        o = _running(id);
        require(o.state == State.Active, OrderIsDisputed(id));
    }

    /// @dev What an order still holds.
    function _left(Order storage o) internal view returns (uint256) {
        return o.total - o.released - o.refunded;
    }

    /// @dev What of the earnings is neither paid nor given back.
    function _due(Order storage o, uint256 time, bool exact) internal view returns (uint256) {
        uint256 gone = uint256(o.released) + o.refunded;
        uint256 sum = _earned(o, time, exact);
        return sum > gone ? sum - gone : 0;
    }

    /// @dev Pays `gross` of what is left to the provider's side and the rest to the buyer.
    function _close(Order storage o, uint256 gross) internal returns (Split memory s) {
        s.gross = gross;
        s.refund = _left(o) - gross;
        o.state = State.Closed;
        (s.fee, s.net) = _payOut(o, gross);
        credits[o.token][o.buyer] += s.refund;
    }

    function _release(bytes32 id) internal returns (uint256 gross) {
        Order storage o = _known(id);
        gross = _releasable(o);
        if (gross == 0) return 0;
        (uint256 fee, uint256 net) = _payOut(o, gross);
        uint256 gone = uint256(o.released) + o.refunded;
        uint64 through = o.startedAt + uint64(gone / o.pricePerPeriod) * o.periodSeconds;
        emit Released(_nextSeq(), id, o.buyer, o.provider, o.token, gross, fee, net, through);
        if (gone == o.total) _end(id, o);
    }

    function _end(bytes32 id, Order storage o) private {
        o.state = State.Closed;
        emit Closed(_nextSeq(), id);
    }

    function _payOut(Order storage o, uint256 gross) private returns (uint256 fee, uint256 net) {
        // Safe: nothing is paid beyond the total, which has 128 bits.
        o.released += uint128(gross);
        return _pay(o.token, o.provider, o.treasury, o.feeBps, gross);
    }

    function _earned(Order storage o, uint256 time, bool exact) private view returns (uint256) {
        if (o.frozenAt != 0 && time > o.frozenAt) time = o.frozenAt;
        if (time <= o.startedAt) return 0;
        uint256 elapsed = time - o.startedAt;
        if (elapsed >= uint256(o.periodSeconds) * o.periods) return o.total;
        if (exact) return uint256(o.pricePerPeriod) * elapsed / o.periodSeconds;
        return uint256(o.pricePerPeriod) * (elapsed / o.periodSeconds);
    }

    function _releasable(Order storage o) private view returns (uint256) {
        if (o.state != State.Active) return 0;
        return _due(o, block.timestamp - o.hold, false);
    }
}
