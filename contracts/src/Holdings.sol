// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IReceiveWithAuthorization} from "./IReceiveWithAuthorization.sol";
import {MarketParameters} from "./MarketParameters.sol";

/// @title What the escrow holds, and whom it owes it
/// @notice Takes exactly what was agreed, counted by the difference it makes; `withdraw` is the only way out.
abstract contract Holdings is MarketParameters, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev A payment that its payer signed for the token (ERC-3009), for somebody else to hand in.
    struct Authorization {
        address from;
        uint256 amount;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    uint16 internal constant ALL_BPS = 10_000;

    /// @notice What an account may withdraw of a token, in base units.
    mapping(address token => mapping(address who => uint256)) public credits;
    /// @notice What the escrow owes of a token: all credits and everything that runs and is not yet paid.
    mapping(address token => uint256) public owed;

    /// @notice Sends everything the sender is credited with to `to`: the only way out of the escrow.
    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        require(to != address(0) && to != address(this), InvalidRecipient(to));
        amount = credits[token][msg.sender];
        require(amount > 0, NothingToWithdraw(token, msg.sender));
        credits[token][msg.sender] = 0;
        owed[token] -= amount;
        emit Withdrawn(_nextSeq(), token, msg.sender, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @dev What every payment must meet, whatever it is for.
    function _checkPayment(address token, uint256 amount) internal view {
        require(!paused, FundingPaused());
        require(allowedTokens[token], TokenNotAllowed(token));
        require(amount <= type(uint128).max, AmountTooLarge(amount, type(uint128).max));
    }

    /// @dev What a new agreement must meet: somebody who can be paid, at a fee that was agreed to.
    function _checkAgreement(address provider, uint16 maxFeeBps) internal view {
        require(provider != address(0) && provider != address(this), InvalidProvider(provider));
        require(params.feeBps <= maxFeeBps, FeeAboveAgreed(params.feeBps, maxFeeBps));
    }

    /// @dev Out of the sender's allowance.
    function _pull(address token, uint256 amount) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        _book(token, amount, before);
    }

    /// @dev Somebody may have used the permit first: then the allowance is there, and if it is not, the transfer fails.
    function _pullPermitted(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) internal {
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _pull(token, amount);
    }

    /// @dev By the payer's signature. Its nonce says what for, so it pays for this and nothing else.
    function _pullAuthorized(address token, Authorization memory a, bytes calldata signature) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        _receive(IReceiveWithAuthorization(token), a, signature);
        _book(token, a.amount, before);
    }

    /// @dev `fee = floor(gross × bps / 10000)`, and the provider gets the rest.
    function _pay(address token, address provider, address treasury, uint16 feeBps, uint256 gross)
        internal
        returns (uint256 fee, uint256 net)
    {
        fee = gross * feeBps / ALL_BPS;
        net = gross - fee;
        credits[token][treasury] += fee;
        credits[token][provider] += net;
    }

    /// @dev Any token takes 65 bytes as (v, r, s). A contract wallet's signature may be of that length too, and a token
    /// that reads (v, r, s) as a plain account's refuses it: then, and for every other length, the form that knows
    /// wallets.
    function _receive(IReceiveWithAuthorization t, Authorization memory a, bytes calldata signature) private {
        if (signature.length == 65) {
            bytes32 r = bytes32(signature[0:32]);
            bytes32 s = bytes32(signature[32:64]);
            uint8 v = uint8(signature[64]);
            if (a.from.code.length == 0) {
                t.receiveWithAuthorization(
                    a.from, address(this), a.amount, a.validAfter, a.validBefore, a.nonce, v, r, s
                );
                return;
            }
            try t.receiveWithAuthorization(
                a.from, address(this), a.amount, a.validAfter, a.validBefore, a.nonce, v, r, s
            ) {
                return;
            } catch {}
        }
        t.receiveWithAuthorization(
            a.from, address(this), a.amount, a.validAfter, a.validBefore, a.nonce, signature
        );
    }

    function _book(address token, uint256 amount, uint256 before) private {
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        require(received == amount, WrongAmountReceived(token, amount, received));
        owed[token] += amount;
    }
}
