// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Disputes} from "./Disputes.sol";
import {MarketParameters} from "./MarketParameters.sol";
import {OrderFunding} from "./OrderFunding.sol";
import {UsageChannels} from "./UsageChannels.sol";

/// @title The market's escrow
/// @notice Holds what buyers paid in advance, by period or by use, and pays it out by rules that were fixed when it was
/// paid. Nothing but `withdraw` moves money out, and every wait has an end that needs nobody's permission.
contract MarketEscrow is OrderFunding, Disputes, UsageChannels {
    constructor(
        address timelock,
        uint16 feeBps,
        address treasury,
        uint32 hold,
        uint32 arbiterTime,
        uint32 closeDelay
    )
        MarketParameters(timelock, feeBps, treasury, hold, arbiterTime, closeDelay)
        EIP712("MarketEscrow", "1")
    {}
}
