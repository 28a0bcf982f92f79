// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {Market} from "./Market.sol";
import {Wallet} from "./Tokens.sol";

/// @dev The play money behaves as the dollars that it stands for.
contract TestDollarTest is Market {
    function test_play_money_exists_on_local_chains_only() public {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.NotALocalChain.selector, 1));
        new TestDollar();
        vm.chainId(1337);
        new TestDollar();
    }

    function test_it_has_six_decimals_and_the_domain_that_wallets_sign_under() public view {
        same(dollar.decimals(), 6, "decimals");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Test Dollar"),
                keccak256("1"),
                block.chainid,
                address(dollar)
            )
        );
        same(dollar.DOMAIN_SEPARATOR(), domain, "domain");
    }

    function test_both_forms_of_an_authorization_pay_the_caller_once() public {
        bytes memory signature = authorizationTo(ada, address(this), address(dollar), 5, "one");
        bytes memory another = authorizationTo(ada, address(this), address(dollar), 7, "two");
        dollar.receiveWithAuthorization(ada, address(this), 5, 0, START + DAY, "one", signature);
        (bytes32 r, bytes32 s, uint8 v) = split(another);
        dollar.receiveWithAuthorization(ada, address(this), 7, 0, START + DAY, "two", v, r, s);
        same(dollar.balanceOf(address(this)), 12, "paid");
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, ada, bytes32("one")));
        dollar.receiveWithAuthorization(ada, address(this), 5, 0, START + DAY, "one", signature);
    }

    function test_an_authorization_pays_nobody_but_its_receiver() public {
        bytes memory signature = authorizationTo(ada, ben, address(dollar), 5, "one");
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, ben));
        dollar.receiveWithAuthorization(ada, ben, 5, 0, START + DAY, "one", signature);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidSignature.selector));
        dollar.receiveWithAuthorization(ada, address(this), 5, 0, START + DAY, "one", signature);
    }

    function test_an_authorization_is_refused_before_and_after_its_time() public {
        bytes memory signature = authorizationTo(ada, address(this), address(dollar), 5, "one");
        vm.warp(START + DAY);
        refuses(ERC3009.ERC3009InvalidAuthorizationTime.selector);
        dollar.receiveWithAuthorization(ada, address(this), 5, 0, START + DAY, "one", signature);
        vm.warp(START + DAY - 1);
        dollar.receiveWithAuthorization(ada, address(this), 5, 0, START + DAY, "one", signature);
    }

    function test_a_contract_wallet_authorizes_by_erc1271_and_only_with_its_owner() public {
        Wallet adas = new Wallet(ada);
        Wallet bens = new Wallet(ben);
        dollar.mint(address(adas), 5);
        dollar.mint(address(bens), 5);
        bytes memory signature = authorizationTo(address(adas), address(this), address(dollar), 5, "one");
        dollar.receiveWithAuthorization(address(adas), address(this), 5, 0, START + DAY, "one", signature);
        signature = authorizationTo(address(bens), address(this), address(dollar), 5, "one");
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        dollar.receiveWithAuthorization(address(bens), address(this), 5, 0, START + DAY, "one", signature);
    }

    function split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
