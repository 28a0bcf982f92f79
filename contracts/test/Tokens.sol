// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @dev A plain token with any decimals.
contract PlainToken is ERC20 {
    uint8 private immutable _places;

    constructor(uint8 places) ERC20("Plain", "PLN") {
        _places = places;
    }

    function decimals() public view override returns (uint8) {
        return _places;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @dev Keeps one percent of every transfer, while it does.
contract FeeToken is PlainToken(6) {
    bool private _generous;

    function keep(bool keeps) external {
        _generous = !keeps;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (!_generous && from != address(0) && to != address(0)) {
            super._update(from, address(this), value / 100);
            value -= value / 100;
        }
        super._update(from, to, value);
    }
}

/// @dev Refuses transfers from or to some accounts, or all of them, as dollar tokens can.
contract BlockingToken is PlainToken(6) {
    mapping(address => bool) public isBlocked;
    bool public stopped;

    function block_(address who, bool blocked) external {
        isBlocked[who] = blocked;
    }

    function stop(bool stopped_) external {
        stopped = stopped_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!stopped && !isBlocked[from] && !isBlocked[to], "blocked");
        super._update(from, to, value);
    }
}

/// @dev Takes units out of accounts as it likes.
contract RebasingToken is PlainToken(6) {
    function shrink(address who, uint256 amount) external {
        _burn(who, amount);
    }
}

/// @dev Returns false instead of reverting.
contract SilentToken is PlainToken(6) {
    bool public refuses;

    function refuse(bool refuses_) external {
        refuses = refuses_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return refuses ? false : super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return refuses ? false : super.transferFrom(from, to, value);
    }
}

/// @dev Calls somebody before and after every transfer, as ERC-777 tokens do.
contract HookToken is PlainToken(6) {
    address public listener;

    function listen(address listener_) external {
        listener = listener_;
    }

    function _update(address from, address to, uint256 value) internal override {
        _tell();
        super._update(from, to, value);
        _tell();
    }

    function _tell() private {
        if (listener != address(0)) Listener(listener).heard();
    }
}

interface Listener {
    function heard() external;
}

/// @dev An older dollar: ERC-2612, and ERC-3009 in the (v, r, s) form only.
contract OlderDollar is ERC20, ERC20Permit, ERC3009 {
    constructor() ERC20("Older Dollar", "OUSD") ERC20Permit("Older Dollar") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @dev A contract wallet: its owner's signature counts, with or without bytes around it (ERC-1271).
contract Wallet {
    address private immutable _owner;

    constructor(address owner) {
        _owner = owner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bytes memory inner = signature.length > 65 ? signature[:65] : signature;
        (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecover(hash, inner);
        return err == ECDSA.RecoverError.NoError && signer == _owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }

    function run(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call(data);
        require(ok, "call failed");
        return answer;
    }
}
