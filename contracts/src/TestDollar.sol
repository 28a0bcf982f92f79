// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Play money for local chains
/// @notice A dollar token with ERC-2612 permits and ERC-3009 authorizations that anyone may mint: for local chains only.
contract TestDollar is ERC20, ERC20Permit, ERC3009 {
    /// @notice This test money exists on local chains only.
    error NotALocalChain(uint256 chainId);

    /// @dev Refuses every chain whose id is not one of the two that local chains use.
    constructor() ERC20("Test Dollar", "TUSD") ERC20Permit("Test Dollar") {
        require(block.chainid == 31337 || block.chainid == 1337, NotALocalChain(block.chainid));
    }

    /// @notice Six decimals, as the dollar tokens in circulation have.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Gives `amount` base units to `to`; open to anyone.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice ERC-3009 with a signature of any form: of a plain account or of a contract wallet (ERC-1271).
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 structHash =
            keccak256(abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce));
        bytes32 hash = _hashTypedDataV4(structHash);
        require(SignatureChecker.isValidSignatureNowCalldata(from, hash, signature), ERC3009InvalidSignature());
        require(to == msg.sender, ERC20InvalidReceiver(to));
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }
}
