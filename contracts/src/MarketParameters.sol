// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "./IMarketEscrow.sol";

/// @title What token holders decide about the escrow
/// @notice Only the timelock changes it, within fixed bounds, and only for what is funded afterwards.
abstract contract MarketParameters is IMarketEscrow {
    /// @param feeBps Market fee in hundredths of a percent.
    /// @param treasury Receives the fee.
    /// @param hold Seconds that an elapsed period waits before it is released.
    /// @param arbiterTime Seconds that an arbiter has for a dispute; then anyone may end it without one.
    /// @param closeDelay Seconds between asking for a channel to close and its closing.
    struct Params {
        uint16 feeBps;
        address treasury;
        uint32 hold;
        uint32 arbiterTime;
        uint32 closeDelay;
    }

    uint16 internal constant MAX_FEE_BPS = 1000;
    uint32 internal constant MAX_HOLD = 30 days;
    uint32 internal constant MIN_ARBITER_TIME = 1 days;
    uint32 internal constant MAX_ARBITER_TIME = 60 days;
    uint32 internal constant MIN_CLOSE_DELAY = 1 hours;
    uint32 internal constant MAX_CLOSE_DELAY = 30 days;

    /// @notice The timelock: the only admin, for ever.
    address public immutable owner;

    /// @notice Number of the latest event.
    uint64 public seq;
    /// @notice Whether new money is refused at the moment.
    bool public paused;
    /// @notice What the next order or channel is funded under.
    Params public params;
    /// @notice Which tokens new money may come in.
    mapping(address token => bool) public allowedTokens;
    /// @notice Who may rule on disputes today, those of running orders included.
    mapping(address who => bool) public arbiters;

    modifier onlyOwner() {
        require(msg.sender == owner, NotTheTimelock(msg.sender));
        _;
    }

    constructor(
        address timelock,
        uint16 feeBps,
        address treasury,
        uint32 hold,
        uint32 arbiterTime,
        uint32 closeDelay
    ) {
        require(timelock != address(0), InvalidOwner(timelock));
        owner = timelock;
        _setParams(feeBps, treasury, hold, arbiterTime, closeDelay);
    }

    /// @notice Sets fee, its receiver and the waits for what is funded from now on.
    function setParams(uint16 feeBps, address treasury, uint32 hold, uint32 arbiterTime, uint32 closeDelay)
        external
        onlyOwner
    {
        _setParams(feeBps, treasury, hold, arbiterTime, closeDelay);
    }

    /// @notice Accepts a token for new money, or no longer does; what was paid before is paid out in it all the same.
    function setToken(address token, bool allowed) external onlyOwner {
        require(!allowed || token.code.length > 0, TokenNotFound(token));
        allowedTokens[token] = allowed;
        emit TokenSet(_nextSeq(), token, allowed);
    }

    /// @notice Lets an account rule on disputes, or no longer does. Without any, disputes end by their deadline.
    function setArbiter(address arbiter, bool allowed) external onlyOwner {
        require(arbiter != address(0), InvalidArbiter(arbiter));
        arbiters[arbiter] = allowed;
        emit ArbiterSet(_nextSeq(), arbiter, allowed);
    }

    /// @notice Stops new money from coming in, and nothing else.
    function pause() external onlyOwner {
        require(!paused, AlreadyPaused());
        paused = true;
        emit PauseSet(_nextSeq(), true);
    }

    /// @notice Lets new money in again.
    function unpause() external onlyOwner {
        require(paused, NotPaused());
        paused = false;
        emit PauseSet(_nextSeq(), false);
    }

    function _nextSeq() internal returns (uint64) {
        return ++seq;
    }

    function _setParams(uint16 feeBps, address treasury, uint32 hold, uint32 arbiterTime, uint32 closeDelay) private {
        require(feeBps <= MAX_FEE_BPS, FeeTooHigh(feeBps, MAX_FEE_BPS));
        // The escrow itself could never withdraw what it is credited.
        require(treasury != address(0) && treasury != address(this), InvalidTreasury(treasury));
        require(hold <= MAX_HOLD, HoldTooLong(hold, MAX_HOLD));
        require(arbiterTime >= MIN_ARBITER_TIME, ArbiterTimeTooShort(arbiterTime, MIN_ARBITER_TIME));
        require(arbiterTime <= MAX_ARBITER_TIME, ArbiterTimeTooLong(arbiterTime, MAX_ARBITER_TIME));
        require(
            closeDelay >= MIN_CLOSE_DELAY && closeDelay <= MAX_CLOSE_DELAY,
            CloseDelayOutOfRange(closeDelay, MIN_CLOSE_DELAY, MAX_CLOSE_DELAY)
        );
        params = Params(feeBps, treasury, hold, arbiterTime, closeDelay);
        emit ParamsSet(_nextSeq(), feeBps, treasury, hold, arbiterTime, closeDelay);
    }
}
