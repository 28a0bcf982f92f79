// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PrepaidOrders} from "./PrepaidOrders.sol";

/// @title Disputes over prepaid periods
/// @notice A buyer's dispute stops the order. An arbiter splits what was earned until then and not yet paid, and nothing
/// else; when no arbiter does in time, anyone ends the dispute as if the buyer had cancelled when it began.
abstract contract Disputes is PrepaidOrders {
    /// @dev What `Resolved` tells, under one name: the event has more values than the stack has places.
    struct Ruling {
        bytes32 id;
        address arbiter;
        uint16 providerBps;
        bytes32 rulingHash;
    }

    /// @notice Stops an order of the sender's, after paying what is older than its hold; an arbiter has the order's
    /// arbiter time to rule.
    /// @param evidenceHash Hash of what the buyer says and shows.
    function dispute(bytes32 id, bytes32 evidenceHash) external nonReentrant {
        Order storage o = _active(id);
        require(msg.sender == o.buyer, NotTheBuyer(id, msg.sender));
        require(evidenceHash != 0, HashMissing());
        _release(id);
        uint256 contested = _due(o, block.timestamp, true);
        require(contested > 0, NothingToDispute(id));
        o.state = State.Disputed;
        o.frozenAt = uint64(block.timestamp);
        o.rulingDueAt = uint64(block.timestamp) + o.arbiterTime;
        emit Disputed(
            _nextSeq(),
            id,
            o.buyer,
            o.provider,
            o.token,
            evidenceHash,
            contested,
            _left(o) - contested,
            o.frozenAt,
            o.rulingDueAt
        );
    }

    /// @notice An arbiter's ruling: the provider gets this share of what was contested, the buyer all the rest.
    /// @param providerBps Hundredths of a percent of what was contested.
    /// @param rulingHash Hash of the arbiter's reasons.
    function resolve(bytes32 id, uint16 providerBps, bytes32 rulingHash) external nonReentrant {
        require(arbiters[msg.sender], NotAnArbiter(msg.sender));
        Order storage o = _disputed(id);
        require(msg.sender != o.buyer && msg.sender != o.provider, ArbiterIsAParty(id, msg.sender));
        require(block.timestamp < o.rulingDueAt, RulingTooLate(id, o.rulingDueAt));
        require(providerBps <= ALL_BPS, InvalidShare(providerBps));
        require(rulingHash != 0, HashMissing());
        _settle(o, Ruling(id, msg.sender, providerBps, rulingHash));
    }

    /// @notice Ends a dispute that nobody ruled on in time, as if the buyer had cancelled when it began; anyone may.
    function resolveTimeout(bytes32 id) external nonReentrant {
        Order storage o = _disputed(id);
        require(block.timestamp >= o.rulingDueAt, RulingNotOverdue(id, o.rulingDueAt));
        _settle(o, Ruling(id, address(0), ALL_BPS, 0));
    }

    function _disputed(bytes32 id) private view returns (Order storage o) {
        o = _running(id);
        require(o.state == State.Disputed, OrderNotDisputed(id));
    }

    function _settle(Order storage o, Ruling memory r) private {
        Split memory s = _close(o, _due(o, block.timestamp, true) * r.providerBps / ALL_BPS);
        emit Resolved(
            _nextSeq(),
            r.id,
            o.buyer,
            o.provider,
            o.token,
            r.arbiter,
            r.providerBps,
            r.rulingHash,
            s.gross,
            s.fee,
            s.net,
            s.refund
        );
        emit Closed(_nextSeq(), r.id);
    }
}
