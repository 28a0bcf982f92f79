// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Words of the escrow for payment by use: terms, events, refusals
/// @notice A channel's events share the numbering `seq` with those of orders.
interface IUsageChannels {
    enum ChannelState {
        None,
        Open,
        Closing,
        Closed
    }

    /// @param channelRef Hash of what the payer saw, and different for each channel between the same two.
    /// @param provider Whom the usage pays.
    /// @param signer Whose signature under a receipt counts: the payer's wallet, or a key the payer trusts with this.
    /// @param token What it is paid in.
    /// @param deposit Base units of the token put in at the opening.
    /// @param maxFeeBps Highest market fee, in hundredths of a percent, under which the channel may be opened.
    struct ChannelTerms {
        bytes32 channelRef;
        address provider;
        address signer;
        address token;
        uint256 deposit;
        uint16 maxFeeBps;
    }

    /// @param closeDelay Seconds between the payer's asking for an end and the end.
    event ChannelOpened(
        uint64 seq,
        bytes32 indexed id,
        address indexed payer,
        address indexed provider,
        bytes32 channelRef,
        address signer,
        address token,
        uint256 deposit,
        uint16 feeBps,
        address treasury,
        uint32 closeDelay
    );
    /// @param deposit What was put in in all.
    event ChannelToppedUp(
        uint64 seq,
        bytes32 indexed id,
        address indexed payer,
        address indexed provider,
        address token,
        uint256 amount,
        uint256 deposit
    );
    /// @param gross What this receipt moves, fee included.
    /// @param claimed What was claimed in all.
    event Claimed(
        uint64 seq,
        bytes32 indexed id,
        address indexed payer,
        address indexed provider,
        address token,
        uint256 gross,
        uint256 fee,
        uint256 net,
        uint256 claimed
    );
    /// @param closesAt Unix time from which anyone may close the channel.
    event ChannelCloseRequested(
        uint64 seq,
        bytes32 indexed id,
        address indexed payer,
        address indexed provider,
        address token,
        uint256 left,
        uint64 closesAt
    );
    /// @param refund What the payer is credited.
    event ChannelClosed(
        uint64 seq,
        bytes32 indexed id,
        address indexed payer,
        address indexed provider,
        address token,
        uint256 refund
    );

    /// @notice A channel needs a key that signs its receipts, and it cannot be the provider's.
    error InvalidSigner(address signer);
    /// @notice The amount must be above zero.
    error NoAmount();
    /// @notice This channel has been opened already; nothing was taken a second time.
    error ChannelExists(bytes32 id);
    /// @notice There is no open channel with this number.
    error UnknownChannel(bytes32 id);
    /// @notice This channel is closed; nothing in it can change any more.
    error ChannelIsClosed(bytes32 id);
    /// @notice This channel is closing already.
    error ChannelIsClosing(bytes32 id, uint64 closesAt);
    /// @notice Only whoever pays through this channel can do this.
    error NotThePayer(bytes32 id, address caller);
    /// @notice The receipt is not signed by this channel's key, or is for another channel or amount.
    error InvalidReceipt(bytes32 id, uint256 cumulative);
    /// @notice This receipt asks for nothing that was not claimed before.
    error NothingToClaim(bytes32 id, uint256 cumulative, uint256 claimed);
    /// @notice Only the provider can close this channel now; others can when its notice is over.
    error ChannelStaysOpen(bytes32 id, uint64 closesAt);
}
