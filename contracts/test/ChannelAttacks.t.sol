// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {IUsageChannels} from "../src/IUsageChannels.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {Channels} from "./Channels.sol";
import {BlockingToken, FeeToken, PlainToken, Wallet} from "./Tokens.sol";

/// @dev Receipts that are not what they seem, and payers and providers against each other.
contract ChannelAttacksTest is Channels {
    function refusedReceipt(bytes32 id, uint256 cumulative, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.InvalidReceipt.selector, id, cumulative));
        escrow.claim(id, cumulative, signature);
    }

    function test_a_receipt_replayed_or_stale_pays_nothing() public {
        bytes32 id = openAda();
        bytes memory early = receipt(id, 5 * DOLLAR);
        claim(id, 10 * DOLLAR);
        bytes memory again = receipt(id, 10 * DOLLAR);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageChannels.NothingToClaim.selector, id, 10 * DOLLAR, 10 * DOLLAR)
        );
        escrow.claim(id, 10 * DOLLAR, again);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageChannels.NothingToClaim.selector, id, 5 * DOLLAR, 10 * DOLLAR)
        );
        escrow.claim(id, 5 * DOLLAR, early);
        same(credit(ben) + credit(treasury), 10 * DOLLAR, "paid once");
    }

    function test_a_receipt_counts_in_its_own_channel_escrow_and_chain_only() public {
        bytes32 id = openAda();
        IUsageChannels.ChannelTerms memory t = channelTerms();
        t.channelRef = "channel 2";
        bytes32 other = openAs(ada, t);
        bytes memory signature = receipt(id, DOLLAR);
        refusedReceipt(other, DOLLAR, signature);
        refusedReceipt(id, 2 * DOLLAR, signature);
        vm.chainId(1337);
        refusedReceipt(id, DOLLAR, signature);
        vm.chainId(31337);
        MarketEscrow first = escrow;
        escrow = new MarketEscrow(timelock, 250, treasury, HOLD, 3 days, 1 days);
        allow(address(dollar));
        bytes32 elsewhere = openAs(ada, channelTerms());
        refusedReceipt(elsewhere, DOLLAR, signature);
        escrow = first;
        escrow.claim(id, DOLLAR, signature);
    }

    function test_nobody_signs_receipts_but_the_channels_key() public {
        bytes32 id = openAda();
        refusedReceipt(id, DOLLAR, receiptBy(0xBE4, id, DOLLAR));
        refusedReceipt(id, DOLLAR, receiptBy(ADA_KEY, id, DOLLAR));
        refusedReceipt(id, DOLLAR, "");
        refusedReceipt(id, DOLLAR, new bytes(65));
    }

    function test_the_mirror_image_of_a_receipts_signature_is_refused() public {
        bytes32 id = openAda();
        bytes memory signature = receipt(id, DOLLAR);
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        (bytes32 r, uint256 s) = abi.decode(abi.encodePacked(signature, new bytes(31)), (bytes32, uint256));
        bytes1 v = signature[64] == 0x1b ? bytes1(0x1c) : bytes1(0x1b);
        refusedReceipt(id, DOLLAR, abi.encodePacked(r, n - s, v));
        escrow.claim(id, DOLLAR, signature);
    }

    function test_a_contract_wallet_signs_receipts_and_pays() public {
        Wallet wallet = new Wallet(ada);
        dollar.mint(address(wallet), 100 * DOLLAR);
        IUsageChannels.ChannelTerms memory t = channelTerms();
        t.signer = address(wallet);
        bytes32 id = escrow.channelId(address(wallet), t);
        bytes memory signature = authorization(address(wallet), address(dollar), t.deposit, id);
        escrow.openChannelWithAuthorization(address(wallet), t, 0, START + DAY, signature);
        refusedReceipt(id, DOLLAR, receipt(id, DOLLAR));
        escrow.claim(id, DOLLAR, receiptBy(ADA_KEY, id, DOLLAR));
        escrow.claim(id, 2 * DOLLAR, abi.encodePacked(receiptBy(ADA_KEY, id, 2 * DOLLAR), "more"));
        same(channel(id).claimed, 2 * DOLLAR, "claimed");
        wallet.run(address(escrow), abi.encodeCall(escrow.requestClose, (id)));
        vm.warp(START + 1 days);
        wallet.run(address(escrow), abi.encodeCall(escrow.closeChannel, (id)));
        wallet.run(address(escrow), abi.encodeCall(escrow.withdraw, (address(dollar), ada)));
        same(dollar.balanceOf(ada), 1098 * DOLLAR, "and takes its rest out");
    }

    function test_a_signature_cannot_open_another_channel() public {
        bytes32 id = escrow.channelId(ada, channelTerms());
        bytes memory signature = authorization(ada, address(dollar), 100 * DOLLAR, id);
        IUsageChannels.ChannelTerms[5] memory others;
        for (uint256 i = 0; i < others.length; ++i) {
            others[i] = channelTerms();
        }
        others[0].provider = stranger;
        others[1].signer = stranger;
        others[2].channelRef = "channel 2";
        others[3].maxFeeBps = 1000;
        others[4].deposit = 99 * DOLLAR;
        for (uint256 i = 0; i < others.length; ++i) {
            refuses(ERC3009.ERC3009InvalidSignature.selector);
            escrow.openChannelWithAuthorization(ada, others[i], 0, START + DAY, signature);
        }
        IMarketEscrow.Terms memory t = terms();
        (t.pricePerPeriod, t.periods) = (100 * DOLLAR, 1);
        refuses(ERC3009.ERC3009InvalidSignature.selector);
        relay(ada, t, signature);
        escrow.openChannelWithAuthorization(ada, channelTerms(), 0, START + DAY, signature);
        refuses(IUsageChannels.ChannelExists.selector);
        escrow.openChannelWithAuthorization(ada, channelTerms(), 0, START + DAY, signature);
        same(dollar.balanceOf(ada), 900 * DOLLAR, "taken once");
    }

    function test_a_request_to_close_takes_nothing_from_a_provider_who_claims_in_time() public {
        bytes32 id = openAda();
        bytes memory signature = receipt(id, 80 * DOLLAR);
        vm.prank(ada);
        escrow.requestClose(id);
        vm.warp(START + 1 days - 1);
        vm.prank(ben);
        escrow.claim(id, 80 * DOLLAR, signature);
        vm.warp(START + 1 days);
        escrow.closeChannel(id);
        same(credit(ada), 20 * DOLLAR, "what was not used");
    }

    function test_a_payer_out_of_touch_harms_no_provider_and_a_provider_out_of_touch_no_payer() public {
        bytes32 id = openAda();
        vm.warp(START + 3650 * DAY);
        claim(id, 40 * DOLLAR);
        vm.prank(ada);
        escrow.requestClose(id);
        vm.warp(block.timestamp + 1 days);
        vm.prank(stranger);
        escrow.closeChannel(id);
        same(credit(ada), 60 * DOLLAR, "out without anybody's permission");
    }

    function test_a_fee_that_rises_first_takes_no_money() public {
        bytes32 id = escrow.channelId(ada, channelTerms());
        bytes memory signature = authorization(ada, address(dollar), 100 * DOLLAR, id);
        vm.prank(timelock);
        escrow.setParams(251, treasury, HOLD, 1 days, 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.FeeAboveAgreed.selector, 251, 250));
        escrow.openChannelWithAuthorization(ada, channelTerms(), 0, START + DAY, signature);
    }

    function test_a_token_that_keeps_a_part_of_each_transfer_opens_and_tops_up_nothing() public {
        FeeToken token = new FeeToken();
        allow(address(token));
        token.mint(ada, 1000);
        vm.startPrank(ada);
        token.approve(address(escrow), 1000);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.WrongAmountReceived.selector, token, 100, 99));
        escrow.openChannel(channelTermsIn(address(token), 100));
        token.keep(false);
        bytes32 id = escrow.openChannel(channelTermsIn(address(token), 100));
        token.keep(true);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.WrongAmountReceived.selector, token, 100, 99));
        escrow.topUp(id, 100);
        vm.stopPrank();
        same(token.balanceOf(ada), 900, "nothing more was taken");
    }

    function test_a_provider_blocked_by_the_token_does_not_hold_up_the_payer() public {
        BlockingToken token = new BlockingToken();
        allow(address(token));
        token.mint(ada, 100);
        vm.startPrank(ada);
        token.approve(address(escrow), 100);
        bytes32 id = escrow.openChannel(channelTermsIn(address(token), 100));
        token.block_(ben, true);
        token.block_(treasury, true);
        escrow.requestClose(id);
        vm.stopPrank();
        claim(id, 40);
        vm.warp(START + 1 days);
        escrow.closeChannel(id);
        vm.prank(ada);
        same(escrow.withdraw(address(token), ada), 60, "out");
        same(escrow.credits(address(token), ben), 39, "the provider's waits");
    }

    function test_channels_keep_single_units_and_very_large_sums_exactly() public {
        PlainToken token = new PlainToken(0);
        allow(address(token));
        token.mint(ada, type(uint128).max);
        vm.startPrank(ada);
        token.approve(address(escrow), type(uint256).max);
        bytes32 one = escrow.openChannel(channelTermsIn(address(token), 1));
        bytes32 many = escrow.openChannel(channelTermsIn(address(token), 1e30));
        vm.stopPrank();
        claim(one, type(uint256).max);
        same(escrow.credits(address(token), ben), 1, "the fee on one unit is nothing");
        claim(many, 1e30 - 1);
        same(escrow.credits(address(token), treasury), (1e30 - 1) / uint256(40), "the fee is rounded down");
        vm.startPrank(ben);
        escrow.closeChannel(one);
        escrow.closeChannel(many);
        vm.stopPrank();
        same(escrow.credits(address(token), ada), 1, "the last unit goes back");
        same(escrow.owed(address(token)), 1e30 + 1, "nothing is lost");
    }
}
