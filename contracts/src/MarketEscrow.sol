// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IReceiveWithAuthorization} from "./IReceiveWithAuthorization.sol";
import {MarketParameters} from "./MarketParameters.sol";

/// @title Escrow of prepaid periods
/// @notice Holds a buyer's money and pays it to the provider period by period; what has not elapsed goes back to the
/// buyer who cancels. Fee, hold and fee payee of an order are those of the moment it was funded. Nothing but `withdraw`
/// moves money out.
contract MarketEscrow is MarketParameters, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Six storage slots. `total` is what was funded and never changes; `released` is the provider's gross so far.
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
    }

    /// @dev What `Funded` tells, under one name: the event has more values than the stack has places.
    struct Opening {
        bytes32 id;
        bytes32 orderRef;
        uint64 endsAt;
        Order order;
    }

    /// @notice Every order that was ever funded; an id is never used twice.
    mapping(bytes32 id => Order) public orders;
    /// @notice What an account may withdraw of a token, in base units.
    mapping(address token => mapping(address who => uint256)) public credits;
    /// @notice What the escrow owes of a token: all credits and everything that running orders have not yet paid.
    mapping(address token => uint256) public owed;

    constructor(
        address timelock,
        uint16 feeBps,
        address treasury,
        uint32 hold,
        uint32 arbiterTime,
        uint32 closeDelay
    ) MarketParameters(timelock, feeBps, treasury, hold, arbiterTime, closeDelay) {}

    // ── Funding ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice The number of the order that this buyer would fund with these terms, on this chain, in this escrow.
    function orderId(address buyer, Terms calldata t) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), buyer, t));
    }

    /// @notice Pays for an order out of the sender's allowance and starts it now.
    function fund(Terms calldata t) external nonReentrant returns (bytes32 id) {
        return _fundFromSender(t);
    }

    /// @notice As `fund`, with an ERC-2612 permit in the same transaction.
    function fundWithPermit(Terms calldata t, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (bytes32 id)
    {
        require(allowedTokens[t.token], TokenNotAllowed(t.token));
        uint256 total = _checkedTotal(t);
        // Somebody may have used the permit first: then the allowance is there, and if it is not, the transfer fails.
        try IERC20Permit(t.token).permit(msg.sender, address(this), total, deadline, v, r, s) {} catch {}
        return _fundFromSender(t);
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
        (id, total) = _check(buyer, t);
        uint256 before = IERC20(t.token).balanceOf(address(this));
        _receive(t.token, buyer, total, validAfter, validBefore, id, signature);
        _open(id, buyer, t, total, before);
    }

    // ── Paying out ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice What an order has earned by a unix time: whole elapsed periods, or to the second if `exact`.
    function earned(bytes32 id, uint256 time, bool exact) external view returns (uint256) {
        return _earned(_known(id), time, exact);
    }

    /// @notice What `release` would pay now, fee included.
    function releasable(bytes32 id) external view returns (uint256) {
        return _releasable(_known(id));
    }

    /// @notice Credits provider and treasury with the whole elapsed periods that are older than the order's hold.
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
    /// the whole periods that are older than the hold.
    function cancel(bytes32 id) external nonReentrant {
        Order storage o = _known(id);
        require(o.state == State.Active, OrderIsClosed(id));
        require(msg.sender == o.buyer || msg.sender == o.provider, NotAParty(id, msg.sender));
        uint256 gross = msg.sender == o.buyer ? _earned(o, block.timestamp, true) - o.released : _releasable(o);
        uint256 refund = o.total - o.released - gross;
        o.state = State.Closed;
        (uint256 fee, uint256 net) = _pay(o, gross);
        credits[o.token][o.buyer] += refund;
        emit Cancelled(_nextSeq(), id, o.buyer, o.provider, o.token, msg.sender, gross, fee, net, refund);
        emit Closed(_nextSeq(), id);
    }

    /// @notice Sends everything the sender is credited with to `to`: the only way out of the escrow.
    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        require(to != address(0) && to != address(this), InvalidRecipient(to));
        amount = credits[token][msg.sender];
        require(amount > 0, NothingToWithdraw(token, msg.sender));
        credits[token][msg.sender] = 0;
        owed[token] -= amount;
        emit Withdrawn(_nextSeq(), token, msg.sender, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function _fundFromSender(Terms calldata t) private returns (bytes32 id) {
        uint256 total;
        (id, total) = _check(msg.sender, t);
        uint256 before = IERC20(t.token).balanceOf(address(this));
        IERC20(t.token).safeTransferFrom(msg.sender, address(this), total);
        _open(id, msg.sender, t, total, before);
    }

    function _check(address buyer, Terms calldata t) private view returns (bytes32 id, uint256 total) {
        require(!paused, FundingPaused());
        require(allowedTokens[t.token], TokenNotAllowed(t.token));
        require(t.provider != address(0) && t.provider != address(this), InvalidProvider(t.provider));
        require(params.feeBps <= t.maxFeeBps, FeeAboveAgreed(params.feeBps, t.maxFeeBps));
        total = _checkedTotal(t);
        id = orderId(buyer, t);
        require(orders[id].state == State.None, OrderExists(id));
    }

    function _checkedTotal(Terms calldata t) private pure returns (uint256 total) {
        require(
            t.pricePerPeriod > 0 && t.periodSeconds > 0 && t.periods > 0,
            InvalidTerms(t.pricePerPeriod, t.periodSeconds, t.periods)
        );
        require(t.pricePerPeriod <= type(uint128).max, AmountTooLarge(t.pricePerPeriod, type(uint128).max));
        total = t.pricePerPeriod * t.periods;
        require(total <= type(uint128).max, AmountTooLarge(total, type(uint128).max));
    }

    /// @dev Any token takes 65 bytes as (v, r, s). A contract wallet's signature may be of that length too, and a token
    /// that reads (v, r, s) as a plain account's refuses it: then, and for every other length, the form that knows
    /// wallets.
    function _receive(
        address token,
        address buyer,
        uint256 total,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 id,
        bytes calldata signature
    ) private {
        IReceiveWithAuthorization t = IReceiveWithAuthorization(token);
        if (signature.length == 65) {
            bytes32 r = bytes32(signature[0:32]);
            bytes32 s = bytes32(signature[32:64]);
            uint8 v = uint8(signature[64]);
            if (buyer.code.length == 0) {
                t.receiveWithAuthorization(buyer, address(this), total, validAfter, validBefore, id, v, r, s);
                return;
            }
            try t.receiveWithAuthorization(buyer, address(this), total, validAfter, validBefore, id, v, r, s) {
                return;
            } catch {}
        }
        t.receiveWithAuthorization(buyer, address(this), total, validAfter, validBefore, id, signature);
    }

    function _open(bytes32 id, address buyer, Terms calldata t, uint256 total, uint256 before) private {
        uint256 received = IERC20(t.token).balanceOf(address(this)) - before;
        require(received == total, WrongAmountReceived(t.token, total, received));
        Params memory p = params;
        owed[t.token] += total;
        // Both casts are safe: _checkedTotal bounds price and total by 128 bits.
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
            treasury: p.treasury
        });
        orders[id] = o;
        _announce(Opening(id, t.orderRef, o.startedAt + uint64(t.periodSeconds) * t.periods, o));
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

    function _known(bytes32 id) private view returns (Order storage o) {
        o = orders[id];
        require(o.state != State.None, UnknownOrder(id));
    }

    function _earned(Order storage o, uint256 time, bool exact) private view returns (uint256) {
        if (time <= o.startedAt) return 0;
        uint256 elapsed = time - o.startedAt;
        if (elapsed >= uint256(o.periodSeconds) * o.periods) return o.total;
        if (exact) return uint256(o.pricePerPeriod) * elapsed / o.periodSeconds;
        return uint256(o.pricePerPeriod) * (elapsed / o.periodSeconds);
    }

    function _releasable(Order storage o) private view returns (uint256) {
        if (o.state != State.Active) return 0;
        return _earned(o, block.timestamp - o.hold, false) - o.released;
    }

    function _release(bytes32 id) private returns (uint256 gross) {
        Order storage o = _known(id);
        gross = _releasable(o);
        if (gross == 0) return 0;
        (uint256 fee, uint256 net) = _pay(o, gross);
        uint64 through = o.startedAt + uint64(o.released / o.pricePerPeriod) * o.periodSeconds;
        emit Released(_nextSeq(), id, o.buyer, o.provider, o.token, gross, fee, net, through);
        if (o.released == o.total) {
            o.state = State.Closed;
            emit Closed(_nextSeq(), id);
        }
    }

    function _pay(Order storage o, uint256 gross) private returns (uint256 fee, uint256 net) {
        fee = gross * o.feeBps / 10_000;
        net = gross - fee;
        o.released += uint128(gross);
        credits[o.token][o.treasury] += fee;
        credits[o.token][o.provider] += net;
    }
}
