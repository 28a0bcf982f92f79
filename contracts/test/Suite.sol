// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The cheat codes of forge that these tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 privateKey) external pure returns (address);
    function assume(bool condition) external pure;
    function chainId(uint256 id) external;
    function cool(address account) external;
    function etch(address account, bytes calldata code) external;
    function expectEmit(bool one, bool two, bool three, bool data, address emitter) external;
    function expectRevert() external;
    function expectPartialRevert(bytes4 selector) external;
    function expectRevert(bytes calldata reason) external;
    function getRecordedLogs() external returns (Log[] memory);
    function prank(address sender) external;
    function recordLogs() external;
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function startPrank(address sender) external;
    function stopPrank() external;
    function warp(uint256 time) external;
}

/// @dev Assertions that say what differs.
abstract contract Suite {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Differs(string what, uint256 got, uint256 expected);
    error DoesNotHold(string what);

    function same(uint256 got, uint256 expected, string memory what) internal pure {
        if (got != expected) revert Differs(what, got, expected);
    }

    function same(address got, address expected, string memory what) internal pure {
        same(uint160(got), uint160(expected), what);
    }

    function same(bytes32 got, bytes32 expected, string memory what) internal pure {
        same(uint256(got), uint256(expected), what);
    }

    function holds(bool condition, string memory what) internal pure {
        if (!condition) revert DoesNotHold(what);
    }

    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + value % (high - low + 1);
    }
}
