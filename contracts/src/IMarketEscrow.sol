// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Words of the escrow for prepaid orders: terms, events, refusals
/// @notice Every event carries `seq`, which starts at 1 and rises by exactly 1, so that a missed log is a visible gap.
interface IMarketEscrow {
    enum State {
        None,
        Active,
        Closed,
        Disputed
    }

    /// @param orderRef Hash of what the buyer saw (listing version, plan, order number).
    /// @param provider Whom the periods pay.
    /// @param token What they are paid in.
    /// @param pricePerPeriod Base units of the token.
    /// @param periodSeconds Length of a period.
    /// @param periods How many are paid in advance.
    /// @param maxFeeBps Highest market fee, in hundredths of a percent, under which the order may be funded.
    struct Terms {
        bytes32 orderRef;
        address provider;
        address token;
        uint256 pricePerPeriod;
        uint32 periodSeconds;
        uint32 periods;
        uint16 maxFeeBps;
    }

    event ParamsSet(
        uint64 seq, uint16 feeBps, address treasury, uint32 hold, uint32 arbiterTime, uint32 closeDelay
    );
    event TokenSet(uint64 seq, address indexed token, bool allowed);
    event ArbiterSet(uint64 seq, address indexed arbiter, bool allowed);
    event PauseSet(uint64 seq, bool paused);
    event Funded(
        uint64 seq,
        bytes32 indexed id,
        address indexed buyer,
        address indexed provider,
        bytes32 orderRef,
        address token,
        uint256 total,
        uint256 pricePerPeriod,
        uint32 periodSeconds,
        uint32 periods,
        uint16 feeBps,
        address treasury,
        uint32 hold,
        uint64 startedAt,
        uint64 endsAt
    );
    /// @param amount What the buyer paid for the further periods.
    /// @param added How many they are.
    /// @param total What the order was paid in all.
    /// @param periods How many periods it has in all.
    /// @param endsAt Unix time at which the last of them ends.
    event Renewed(
        uint64 seq,
        bytes32 indexed id,
        address indexed buyer,
        address indexed provider,
        address token,
        uint256 amount,
        uint32 added,
        uint256 total,
        uint32 periods,
        uint64 endsAt
    );
    /// @param releasedThrough Unix time up to which the periods are paid.
    event Released(
        uint64 seq,
        bytes32 indexed id,
        address indexed buyer,
        address indexed provider,
        address token,
        uint256 gross,
        uint256 fee,
        uint256 net,
        uint64 releasedThrough
    );
    /// @param amount What the provider gave back, and the buyer is credited.
    /// @param left What the order still holds.
    event Refunded(
        uint64 seq,
        bytes32 indexed id,
        address indexed buyer,
        address indexed provider,
        address token,
        uint256 amount,
        uint256 left
    );
    /// @param gross What the provider's side gets in this closing, fee included.
    /// @param refund What the buyer is credited.
    event Cancelled(
        uint64 seq,
        bytes32 indexed id,
        address indexed buyer,
        address indexed provider,
        address token,
        address by,
        uint256 gross,
        uint256 fee,
        uint256 net,
        uint256 refund
    );
    /// @param evidenceHash Hash of what the buyer says and shows.
    /// @param contested What an arbiter may split: earned to the second, and not yet paid.
    /// @param unearned What goes back to the buyer in any case.
    /// @param frozenAt Unix time after which the order earns nothing more.
    /// @param rulingDueAt Unix time from which anyone may end the dispute without a ruling.
    event Disputed(
        uint64 seq,
        bytes32 indexed id,
        address indexed buyer,
        address indexed provider,
        address token,
        bytes32 evidenceHash,
        uint256 contested,
        uint256 unearned,
        uint64 frozenAt,
        uint64 rulingDueAt
    );
    /// @param arbiter Who ruled; zero when nobody did in time.
    /// @param providerBps The provider's share of what was contested, in hundredths of a percent.
    /// @param rulingHash Hash of the arbiter's reasons; zero when nobody ruled.
    event Resolved(
        uint64 seq,
        bytes32 indexed id,
        address indexed buyer,
        address indexed provider,
        address token,
        address arbiter,
        uint16 providerBps,
        bytes32 rulingHash,
        uint256 gross,
        uint256 fee,
        uint256 net,
        uint256 refund
    );
    event Closed(uint64 seq, bytes32 indexed id);
    event Withdrawn(uint64 seq, address indexed token, address indexed who, address to, uint256 amount);

    /// @notice Only a vote of the token holders, carried out by the timelock, can change this.
    error NotTheTimelock(address caller);
    /// @notice The escrow needs a timelock that owns its parameters.
    error InvalidOwner(address owner);
    /// @notice The market's fee may not be set above ten percent.
    error FeeTooHigh(uint16 feeBps, uint16 limit);
    /// @notice The fee needs an account that receives it.
    error InvalidTreasury(address treasury);
    /// @notice Providers may not be made to wait longer than thirty days for an elapsed period.
    error HoldTooLong(uint32 hold, uint32 limit);
    /// @notice An arbiter must have at least one day to decide.
    error ArbiterTimeTooShort(uint32 arbiterTime, uint32 minimum);
    /// @notice A dispute may not wait longer than sixty days for its arbiter.
    error ArbiterTimeTooLong(uint32 arbiterTime, uint32 limit);
    /// @notice This account cannot be an arbiter.
    error InvalidArbiter(address arbiter);
    /// @notice The delay before a channel closes must be between one hour and thirty days.
    error CloseDelayOutOfRange(uint32 closeDelay, uint32 minimum, uint32 maximum);
    /// @notice There is no token at this address.
    error TokenNotFound(address token);
    /// @notice Funding is already paused.
    error AlreadyPaused();
    /// @notice Funding is not paused.
    error NotPaused();

    /// @notice New payments are not taken at the moment; running orders, refunds and withdrawals are not affected.
    error FundingPaused();
    /// @notice This token is not accepted.
    error TokenNotAllowed(address token);
    /// @notice This account cannot be paid as a provider.
    error InvalidProvider(address provider);
    /// @notice An order needs a price, a length of period and a number of periods, each above zero.
    error InvalidTerms(uint256 pricePerPeriod, uint32 periodSeconds, uint32 periods);
    /// @notice The amount is larger than the escrow can hold for one order or channel.
    error AmountTooLarge(uint256 amount, uint256 limit);
    /// @notice The order would have more periods than the escrow can count.
    error TooManyPeriods(uint256 periods, uint256 limit);
    /// @notice The market's fee has risen above what was agreed; nothing was paid. Look at the order again.
    error FeeAboveAgreed(uint16 feeBps, uint16 maxFeeBps);
    /// @notice This order has been paid already; nothing was taken a second time.
    error OrderExists(bytes32 id);
    /// @notice The token did not hand over exactly the agreed amount; nothing was paid.
    error WrongAmountReceived(address token, uint256 expected, uint256 received);

    /// @notice There is no paid order with this number.
    error UnknownOrder(bytes32 id);
    /// @notice This order is closed; nothing in it can change any more.
    error OrderIsClosed(bytes32 id);
    /// @notice This order is in dispute; it waits for a ruling, or for one side to give in.
    error OrderIsDisputed(bytes32 id);
    /// @notice The time that was paid for is over; place a new order.
    error OrderHasEnded(bytes32 id, uint64 endsAt);
    /// @notice Only the buyer or the provider of this order can cancel it.
    error NotAParty(bytes32 id, address caller);
    /// @notice Only the buyer of this order can do this.
    error NotTheBuyer(bytes32 id, address caller);
    /// @notice Only the provider of this order can give money back.
    error NotTheProvider(bytes32 id, address caller);
    /// @notice The amount to give back must be above zero, and not above what the order still holds.
    error InvalidRefund(uint256 amount, uint256 left);
    /// @notice There is nothing to withdraw for this account.
    error NothingToWithdraw(address token, address who);
    /// @notice Money cannot be withdrawn to this address.
    error InvalidRecipient(address to);

    /// @notice Nothing in this order is earned and still unpaid; cancel it, and the rest comes back.
    error NothingToDispute(bytes32 id);
    /// @notice A dispute needs its evidence, and a ruling its reasons.
    error HashMissing();
    /// @notice This order is not in dispute.
    error OrderNotDisputed(bytes32 id);
    /// @notice Only an arbiter of the market can rule on a dispute.
    error NotAnArbiter(address caller);
    /// @notice Nobody can rule on a dispute of their own.
    error ArbiterIsAParty(bytes32 id, address arbiter);
    /// @notice A share is at most all of it.
    error InvalidShare(uint16 providerBps);
    /// @notice The time for a ruling is over; the dispute ends as if the buyer had cancelled when it began.
    error RulingTooLate(bytes32 id, uint64 rulingDueAt);
    /// @notice The arbiter still has time to rule.
    error RulingNotOverdue(bytes32 id, uint64 rulingDueAt);
}
