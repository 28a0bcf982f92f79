// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PrepaidOrders} from "./PrepaidOrders.sol";

/// @title Paying for periods in advance
/// @notice Starts an order, or adds periods to one that runs: out of the buyer's allowance, with a permit, or by a
/// signature that somebody else hands in.
abstract contract OrderFunding is PrepaidOrders {
    /// @dev What `Funded` tells, under one name: the event has more values than the stack has places.
    struct Opening {
        bytes32 id;
        bytes32 orderRef;
        uint64 endsAt;
        Order order;
    }

    /// @notice The number of the order that this buyer would fund with these terms, on this chain, in this escrow.
    function orderId(address buyer, Terms calldata t) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), buyer, t));
    }

    /// @notice Pays for an order out of the sender's allowance and starts it now.
    function fund(Terms calldata t) external nonReentrant returns (bytes32 id) {
        uint256 total;
        (id, total) = _checkTerms(msg.sender, t);
        _pull(t.token, total);
        _open(id, msg.sender, t, total);
    }

    /// @notice As `fund`, with an ERC-2612 permit in the same transaction.
    function fundWithPermit(Terms calldata t, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (bytes32 id)
    {
        uint256 total;
        (id, total) = _checkTerms(msg.sender, t);
        _pullPermitted(t.token, total, deadline, v, r, s);
        _open(id, msg.sender, t, total);
    }

    /// @notice Pays for the buyer's order with the ERC-3009 authorization that the buyer signed; anyone may hand it in.
    /// The authorization's nonce is the order's id: it can fund this order and nothing else.
    function fundWithAuthorization(
        address buyer,
        Terms calldata t,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 id) {
        uint256 total;
        (id, total) = _checkTerms(buyer, t);
        _pullAuthorized(t.token, Authorization(buyer, total, validAfter, validBefore, id), signature);
        _open(id, buyer, t, total);
    }

    /// @notice The number of the renewal that would add so many periods to an order as it is now.
    function renewalId(bytes32 id, uint32 periods) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), id, _known(id).periods, periods));
    }

    /// @notice Adds periods to a running order, at its own price and on its own terms; the buyer's allowance pays.
    function renew(bytes32 id, uint32 periods) external nonReentrant {
        uint256 amount = _checkOwnRenewal(id, periods);
        _pull(_orders[id].token, amount);
        _renew(id, periods, amount);
    }

    /// @notice As `renew`, with an ERC-2612 permit in the same transaction.
    function renewWithPermit(bytes32 id, uint32 periods, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        uint256 amount = _checkOwnRenewal(id, periods);
        _pullPermitted(_orders[id].token, amount, deadline, v, r, s);
        _renew(id, periods, amount);
    }

    /// @notice As `renew`, with the ERC-3009 authorization that the buyer signed; anyone may hand it in. Its nonce is
    /// the renewal's id, so it adds these periods once, to the order as it was when it was signed.
    function renewWithAuthorization(
        bytes32 id,
        uint32 periods,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external nonReentrant {
        uint256 amount = _checkRenewal(id, periods);
        address buyer = _orders[id].buyer;
        bytes32 nonce = renewalId(id, periods);
        _pullAuthorized(
            _orders[id].token, Authorization(buyer, amount, validAfter, validBefore, nonce), signature
        );
        _renew(id, periods, amount);
    }

    // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function _endsAt(Order storage o) private view returns (uint64) {
        return o.startedAt + uint64(o.periodSeconds) * o.periods;
    }

    function _checkTerms(address buyer, Terms calldata t) private view returns (bytes32 id, uint256 total) {
        require(
            t.pricePerPeriod > 0 && t.periodSeconds > 0 && t.periods > 0,
            InvalidTerms(t.pricePerPeriod, t.periodSeconds, t.periods)
        );
        _checkPayment(t.token, t.pricePerPeriod);
        total = t.pricePerPeriod * t.periods;
        _checkPayment(t.token, total);
        _checkAgreement(t.provider, t.maxFeeBps);
        id = orderId(buyer, t);
        require(_orders[id].state == State.None, OrderExists(id));
    }

    function _checkOwnRenewal(bytes32 id, uint32 periods) private view returns (uint256 amount) {
        require(msg.sender == _known(id).buyer, NotTheBuyer(id, msg.sender));
        return _checkRenewal(id, periods);
    }

    function _checkRenewal(bytes32 id, uint32 periods) private view returns (uint256 amount) {
        Order storage o = _active(id);
        require(block.timestamp < _endsAt(o), OrderHasEnded(id, _endsAt(o)));
        require(periods > 0, InvalidTerms(o.pricePerPeriod, o.periodSeconds, periods));
        uint256 all = uint256(o.periods) + periods;
        require(all <= type(uint32).max, TooManyPeriods(all, type(uint32).max));
        amount = uint256(o.pricePerPeriod) * periods;
        _checkPayment(o.token, o.total + amount);
    }

    function _renew(bytes32 id, uint32 periods, uint256 amount) private {
        Order storage o = _orders[id];
        // Both are safe: _checkRenewal bounds periods by 32 bits and the total by 128.
        o.periods += periods;
        o.total += uint128(amount);
        emit Renewed(
            _nextSeq(), id, o.buyer, o.provider, o.token, amount, periods, o.total, o.periods, _endsAt(o)
        );
    }

    function _open(bytes32 id, address buyer, Terms calldata t, uint256 total) private {
        Params memory p = params;
        // Both casts are safe: _checkTerms bounds price and total by 128 bits.
        Order memory o = Order({
            state: State.Active,
            buyer: buyer,
            provider: t.provider,
            token: t.token,
            total: uint128(total),
            released: 0,
            pricePerPeriod: uint128(t.pricePerPeriod),
            periodSeconds: t.periodSeconds,
            periods: t.periods,
            startedAt: uint64(block.timestamp),
            hold: p.hold,
            feeBps: p.feeBps,
            treasury: p.treasury,
            arbiterTime: p.arbiterTime,
            refunded: 0,
            frozenAt: 0,
            rulingDueAt: 0
        });
        _orders[id] = o;
        _announce(Opening(id, t.orderRef, _endsAt(_orders[id]), o));
    }

    function _announce(Opening memory opening) private {
        emit Funded(
            _nextSeq(),
            opening.id,
            opening.order.buyer,
            opening.order.provider,
            opening.orderRef,
            opening.order.token,
            opening.order.total,
            opening.order.pricePerPeriod,
            opening.order.periodSeconds,
            opening.order.periods,
            opening.order.feeBps,
            opening.order.treasury,
            opening.order.hold,
            opening.order.startedAt,
            opening.endsAt
        );
    }
}
