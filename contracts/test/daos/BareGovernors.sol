// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingFractional} from "@openzeppelin/contracts/governance/extensions/GovernorCountingFractional.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorStorage} from "@openzeppelin/contracts/governance/extensions/GovernorStorage.sol";
import {GovernorTimelockCompound} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockCompound.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {ICompoundTimelock} from "@openzeppelin/contracts/vendor/compound/ICompoundTimelock.sol";

/// @notice For tests of the mirror: neither timelock nor settings, and a quorum that is a number.
contract BareGovernor is Governor, GovernorCountingSimple, GovernorVotes, GovernorStorage {
    constructor(IVotes token) Governor("Bare Governor") GovernorVotes(token) {}

    function votingDelay() public pure override returns (uint256) {
        return 2;
    }

    function votingPeriod() public pure override returns (uint256) {
        return 10;
    }

    function proposalThreshold() public pure override returns (uint256) {
        return 1;
    }

    function quorum(uint256) public pure override returns (uint256) {
        return 2;
    }

    function _propose(
        address[] memory to,
        uint256[] memory values,
        bytes[] memory data,
        string memory description,
        address proposer
    ) internal override(Governor, GovernorStorage) returns (uint256) {
        return super._propose(to, values, data, description, proposer);
    }
}

/// @notice For tests of the mirror: counts parts of votes, which the mirror does not.
contract FractionalGovernor is Governor, GovernorCountingFractional, GovernorVotes {
    constructor(IVotes token) Governor("Fractional Governor") GovernorVotes(token) {}

    function votingDelay() public pure override returns (uint256) {
        return 2;
    }

    function votingPeriod() public pure override returns (uint256) {
        return 10;
    }

    function quorum(uint256) public pure override returns (uint256) {
        return 2;
    }
}

/// @notice For tests of the mirror: what passes waits in a timelock of Compound's kind, and expires there.
contract CompoundGovernor is Governor, GovernorCountingSimple, GovernorVotes, GovernorTimelockCompound {
    constructor(IVotes token, ICompoundTimelock timelock)
        Governor("Compound Governor")
        GovernorVotes(token)
        GovernorTimelockCompound(timelock)
    {}

    function votingDelay() public pure override returns (uint256) {
        return 2;
    }

    function votingPeriod() public pure override returns (uint256) {
        return 10;
    }

    function quorum(uint256) public pure override returns (uint256) {
        return 2;
    }

    function state(uint256 id) public view override(Governor, GovernorTimelockCompound) returns (ProposalState) {
        return super.state(id);
    }

    function proposalNeedsQueuing(uint256 id) public view override(Governor, GovernorTimelockCompound) returns (bool) {
        return super.proposalNeedsQueuing(id);
    }

    function _queueOperations(uint256 id, address[] memory to, uint256[] memory values, bytes[] memory data, bytes32 hash)
        internal
        override(Governor, GovernorTimelockCompound)
        returns (uint48)
    {
        return super._queueOperations(id, to, values, data, hash);
    }

    function _executeOperations(
        uint256 id,
        address[] memory to,
        uint256[] memory values,
        bytes[] memory data,
        bytes32 hash
    ) internal override(Governor, GovernorTimelockCompound) {
        super._executeOperations(id, to, values, data, hash);
    }

    function _cancel(address[] memory to, uint256[] memory values, bytes[] memory data, bytes32 hash)
        internal
        override(Governor, GovernorTimelockCompound)
        returns (uint256)
    {
        return super._cancel(to, values, data, hash);
    }

    function _executor() internal view override(Governor, GovernorTimelockCompound) returns (address) {
        return super._executor();
    }
}

/// @notice As much of Compound's timelock as a governor calls; it minds nobody.
contract TinyCompoundTimelock {
    // solhint-disable-next-line const-name-snakecase, var-name-mixedcase
    uint256 public constant GRACE_PERIOD = 100;
    uint256 public constant delay = 30;
    mapping(bytes32 => bool) public queuedTransactions;

    receive() external payable {}

    function queueTransaction(address to, uint256 value, string memory, bytes memory data, uint256 eta)
        external
        returns (bytes32 id)
    {
        id = keccak256(abi.encode(to, value, "", data, eta));
        queuedTransactions[id] = true;
    }

    function cancelTransaction(address to, uint256 value, string memory, bytes memory data, uint256 eta) external {
        queuedTransactions[keccak256(abi.encode(to, value, "", data, eta))] = false;
    }

    function executeTransaction(address to, uint256 value, string memory, bytes memory data, uint256 eta)
        external
        payable
        returns (bytes memory)
    {
        require(queuedTransactions[keccak256(abi.encode(to, value, "", data, eta))] && block.timestamp >= eta, "early");
        (bool done, bytes memory answer) = to.call{value: value}(data);
        require(done, "failed");
        return answer;
    }
}
