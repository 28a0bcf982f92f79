// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {Market} from "./Market.sol";

/// @dev What the timelock may decide, and what it may not.
contract MarketParametersTest is Market {
    function test_nobody_but_the_timelock_changes_the_rules() public {
        bytes memory reason = abi.encodeWithSelector(IMarketEscrow.NotTheTimelock.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        escrow.setParams(0, treasury, 0, 1 days, 1 hours);
        vm.expectRevert(reason);
        escrow.setToken(address(dollar), false);
        vm.expectRevert(reason);
        escrow.setArbiter(stranger, true);
        vm.expectRevert(reason);
        escrow.pause();
        vm.expectRevert(reason);
        escrow.unpause();
        vm.stopPrank();
    }

    function test_parameters_outside_their_bounds_are_refused() public {
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.FeeTooHigh.selector, 1001, 1000));
        escrow.setParams(1001, treasury, 0, 1 days, 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidTreasury.selector, address(0)));
        escrow.setParams(0, address(0), 0, 1 days, 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidTreasury.selector, address(escrow)));
        escrow.setParams(0, address(escrow), 0, 1 days, 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.HoldTooLong.selector, 30 days + 1, 30 days));
        escrow.setParams(0, treasury, 30 days + 1, 1 days, 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.ArbiterTimeTooShort.selector, 1 days - 1, 1 days));
        escrow.setParams(0, treasury, 0, 1 days - 1, 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.ArbiterTimeTooLong.selector, 60 days + 1, 60 days));
        escrow.setParams(0, treasury, 0, 60 days + 1, 1 hours);
        refuses(IMarketEscrow.CloseDelayOutOfRange.selector);
        escrow.setParams(0, treasury, 0, 1 days, 1 hours - 1);
        refuses(IMarketEscrow.CloseDelayOutOfRange.selector);
        escrow.setParams(0, treasury, 0, 1 days, 30 days + 1);
        vm.stopPrank();
    }

    function test_parameters_at_their_bounds_are_taken_and_told() public {
        vm.startPrank(timelock);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.ParamsSet(3, 1000, ben, 30 days, 60 days, 30 days);
        escrow.setParams(1000, ben, 30 days, 60 days, 30 days);
        vm.stopPrank();
        (uint16 feeBps, address payee, uint32 hold, uint32 arbiterTime, uint32 closeDelay) = escrow.params();
        same(feeBps, 1000, "fee");
        same(payee, ben, "payee");
        same(hold, 30 days, "hold");
        same(arbiterTime, 60 days, "arbiter");
        same(closeDelay, 30 days, "delay");
    }

    function test_an_address_without_a_token_is_not_allowed() public {
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.TokenNotFound.selector, stranger));
        escrow.setToken(stranger, true);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.TokenSet(3, address(dollar), false);
        escrow.setToken(address(dollar), false);
        vm.stopPrank();
        holds(!escrow.allowedTokens(address(dollar)), "no longer");
    }

    function test_pausing_twice_is_refused() public {
        vm.startPrank(timelock);
        refuses(IMarketEscrow.NotPaused.selector);
        escrow.unpause();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IMarketEscrow.PauseSet(3, true);
        escrow.pause();
        refuses(IMarketEscrow.AlreadyPaused.selector);
        escrow.pause();
        vm.stopPrank();
    }

    function test_an_escrow_without_a_timelock_cannot_be_made() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.InvalidOwner.selector, address(0)));
        new MarketEscrow(address(0), 0, treasury, 0, 1 days, 1 hours);
    }

    function test_a_running_order_keeps_its_fee_hold_and_payee() public {
        bytes32 id = fundAda();
        vm.prank(timelock);
        escrow.setParams(1000, stranger, 30 days, 1 days, 1 hours);
        vm.warp(START + 37 * DAY);
        same(escrow.release(id), 10 * DOLLAR, "the old hold");
        same(credit(treasury), 250_000, "the old fee, to the old payee");
        same(credit(stranger), 0, "not to the new one");
    }

    function test_a_token_that_is_no_longer_accepted_still_pays_out() public {
        bytes32 id = fundAda();
        vm.prank(timelock);
        escrow.setToken(address(dollar), false);
        vm.warp(START + 37 * DAY);
        escrow.release(id);
        vm.prank(ben);
        same(escrow.withdraw(address(dollar), ben), 9_750_000, "out");
    }
}
