// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The two forms of ERC-3009 that the escrow uses
interface IReceiveWithAuthorization {
    /// @notice As in ERC-3009; every token that has the standard has this one.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice As newer dollar tokens add it: a signature of any length, so that contract wallets can sign.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
