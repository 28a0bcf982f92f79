// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Holdings} from "./Holdings.sol";
import {IUsageChannels} from "./IUsageChannels.sol";

/// @title Payment by use
/// @notice A payer puts money in; signed receipts, each over the sum of all usage so far, move it to the provider. Fee,
/// fee payee and delay before closing are those of the moment the channel was opened.
abstract contract UsageChannels is Holdings, IUsageChannels, EIP712 {
    /// @dev Six storage slots. `deposit` is what was put in, `claimed` the provider's gross so far; `closesAt` is zero
    /// until the payer asks for an end. A closed channel keeps nothing but its state, so that its id stays used.
    struct Channel {
        ChannelState state;
        address payer;
        uint64 closesAt;
        address provider;
        uint32 closeDelay;
        uint16 feeBps;
        address signer;
        address token;
        address treasury;
        uint128 deposit;
        uint128 claimed;
    }

    bytes32 private constant USAGE_RECEIPT = keccak256("UsageReceipt(bytes32 channelId,uint256 cumulative)");

    mapping(bytes32 id => Channel) private _channels;

    /// @notice Everything about a channel that is not closed.
    function channels(bytes32 id) external view returns (Channel memory) {
        return _channels[id];
    }

    /// @notice The number of the channel that this payer would open with these terms, on this chain, in this escrow.
    function channelId(address payer, ChannelTerms calldata t) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), payer, t));
    }

    /// @notice What is signed for a receipt: that the channel's usage comes to `cumulative` base units in all.
    function receiptHash(bytes32 id, uint256 cumulative) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(USAGE_RECEIPT, id, cumulative)));
    }

    // ── Money in ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Opens a channel out of the sender's allowance.
    function openChannel(ChannelTerms calldata t) external nonReentrant returns (bytes32 id) {
        id = _checkChannel(msg.sender, t);
        _pull(t.token, t.deposit);
        _open(id, msg.sender, t);
    }

    /// @notice As `openChannel`, with an ERC-2612 permit in the same transaction.
    function openChannelWithPermit(ChannelTerms calldata t, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (bytes32 id)
    {
        id = _checkChannel(msg.sender, t);
        _pullPermitted(t.token, t.deposit, deadline, v, r, s);
        _open(id, msg.sender, t);
    }

    /// @notice As `openChannel`, with the ERC-3009 authorization that the payer signed; anyone may hand it in. Its nonce
    /// is the channel's id: it can open this channel and nothing else.
    function openChannelWithAuthorization(
        address payer,
        ChannelTerms calldata t,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 id) {
        id = _checkChannel(payer, t);
        _pullAuthorized(t.token, Authorization(payer, t.deposit, validAfter, validBefore, id), signature);
        _open(id, payer, t);
    }

    /// @notice Puts more into an open channel, out of the payer's allowance.
    function topUp(bytes32 id, uint256 amount) external nonReentrant {
        Channel storage c = _usable(id);
        require(msg.sender == c.payer, NotThePayer(id, msg.sender));
        require(c.state == ChannelState.Open, ChannelIsClosing(id, c.closesAt));
        require(amount > 0, NoAmount());
        _checkPayment(c.token, amount);
        _checkPayment(c.token, c.deposit + amount);
        _pull(c.token, amount);
        c.deposit += uint128(amount);
        emit ChannelToppedUp(_nextSeq(), id, c.payer, c.provider, c.token, amount, c.deposit);
    }

    // ── Money out ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Credits provider and treasury with what a signed receipt says beyond earlier ones, as far as the deposit
    /// goes; anyone may hand it in, and again after a top-up.
    function claim(bytes32 id, uint256 cumulative, bytes calldata signature) external nonReentrant {
        Channel storage c = _usable(id);
        uint256 reached = cumulative < c.deposit ? cumulative : c.deposit;
        require(reached > c.claimed, NothingToClaim(id, cumulative, c.claimed));
        require(
            SignatureChecker.isValidSignatureNowCalldata(c.signer, receiptHash(id, cumulative), signature),
            InvalidReceipt(id, cumulative)
        );
        uint256 gross = reached - c.claimed;
        // Safe: no more than the deposit, which has 128 bits.
        c.claimed = uint128(reached);
        (uint256 fee, uint256 net) = _pay(c.token, c.provider, c.treasury, c.feeBps, gross);
        emit Claimed(_nextSeq(), id, c.payer, c.provider, c.token, gross, fee, net, reached);
    }

    /// @notice The payer asks for an end: the provider has the channel's delay to claim what is still signed.
    function requestClose(bytes32 id) external nonReentrant {
        Channel storage c = _usable(id);
        require(msg.sender == c.payer, NotThePayer(id, msg.sender));
        require(c.state == ChannelState.Open, ChannelIsClosing(id, c.closesAt));
        c.state = ChannelState.Closing;
        c.closesAt = uint64(block.timestamp) + c.closeDelay;
        emit ChannelCloseRequested(
            _nextSeq(), id, c.payer, c.provider, c.token, c.deposit - c.claimed, c.closesAt
        );
    }

    /// @notice Ends a channel and credits the payer with what was not claimed: the provider at any time, anyone once the
    /// delay after the payer's request is over.
    function closeChannel(bytes32 id) external nonReentrant {
        Channel memory c = _usable(id);
        bool overdue = c.state == ChannelState.Closing && block.timestamp >= c.closesAt;
        require(overdue || msg.sender == c.provider, ChannelStaysOpen(id, c.closesAt));
        uint256 refund = c.deposit - c.claimed;
        delete _channels[id];
        _channels[id].state = ChannelState.Closed;
        credits[c.token][c.payer] += refund;
        emit ChannelClosed(_nextSeq(), id, c.payer, c.provider, c.token, refund);
    }

    // ── Inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function _usable(bytes32 id) private view returns (Channel storage c) {
        c = _channels[id];
        require(c.state != ChannelState.None, UnknownChannel(id));
        require(c.state != ChannelState.Closed, ChannelIsClosed(id));
    }

    function _checkChannel(address payer, ChannelTerms calldata t) private view returns (bytes32 id) {
        require(t.deposit > 0, NoAmount());
        _checkPayment(t.token, t.deposit);
        _checkAgreement(t.provider, t.maxFeeBps);
        require(t.signer != address(0) && t.signer != t.provider, InvalidSigner(t.signer));
        id = channelId(payer, t);
        require(_channels[id].state == ChannelState.None, ChannelExists(id));
    }

    function _open(bytes32 id, address payer, ChannelTerms calldata t) private {
        Params memory p = params;
        // Safe: _checkChannel bounds the deposit by 128 bits.
        Channel memory c = Channel({
            state: ChannelState.Open,
            payer: payer,
            closesAt: 0,
            provider: t.provider,
            closeDelay: p.closeDelay,
            feeBps: p.feeBps,
            signer: t.signer,
            token: t.token,
            treasury: p.treasury,
            deposit: uint128(t.deposit),
            claimed: 0
        });
        _channels[id] = c;
        _announce(id, t.channelRef, c);
    }

    function _announce(bytes32 id, bytes32 channelRef, Channel memory c) private {
        emit ChannelOpened(
            _nextSeq(),
            id,
            c.payer,
            c.provider,
            channelRef,
            c.signer,
            c.token,
            c.deposit,
            c.feeBps,
            c.treasury,
            c.closeDelay
        );
    }
}
