// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Owner of every parameter of the market
/// @notice OpenZeppelin's TimelockController under the market's name: what a vote decides waits here before it takes effect.
contract GuildTimelock is TimelockController {
    /// @param minDelay Seconds that a decision waits at least.
    /// @param proposers May queue and cancel; empty at deployment, the governor is granted both roles afterwards.
    /// @param executors May execute; `[0x0]` lets anyone.
    /// @param admin Sets the roles up and renounces DEFAULT_ADMIN_ROLE afterwards.
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors, address admin)
        TimelockController(minDelay, proposers, executors, admin)
    {}
}
