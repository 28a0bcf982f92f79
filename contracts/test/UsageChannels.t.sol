// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {IUsageChannels} from "../src/IUsageChannels.sol";
import {UsageChannels} from "../src/UsageChannels.sol";
import {Channels} from "./Channels.sol";
import {Vm} from "./Suite.sol";
import {PlainToken} from "./Tokens.sol";

/// @dev What payer and provider of a channel may count on, one promise per test.
contract UsageChannelsTest is Channels {
    function test_opening_takes_the_deposit_and_fixes_the_channel() public {
        bytes32 id = escrow.channelId(ada, channelTerms());
        approve(ada, 100 * DOLLAR);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IUsageChannels.ChannelOpened(
            3, id, ada, ben, "channel 1", signer, address(dollar), 100 * DOLLAR, 250, treasury, 1 days
        );
        vm.prank(ada);
        same(escrow.openChannel(channelTerms()), id, "id");
        UsageChannels.Channel memory c = channel(id);
        holds(c.state == IUsageChannels.ChannelState.Open, "open");
        same(c.payer, ada, "payer");
        same(c.provider, ben, "provider");
        same(c.signer, signer, "signer");
        same(c.token, address(dollar), "token");
        same(c.treasury, treasury, "treasury");
        same(c.deposit, 100 * DOLLAR, "deposit");
        same(c.claimed, 0, "claimed");
        same(c.closeDelay, 1 days, "delay");
        same(c.feeBps, 250, "fee");
        same(escrow.owed(address(dollar)), 100 * DOLLAR, "owed");
        heldIsOwed();
    }

    function test_the_id_is_the_hash_of_chain_escrow_payer_and_terms() public {
        IUsageChannels.ChannelTerms memory t = channelTerms();
        bytes32 expected = keccak256(
            abi.encode(
                block.chainid, address(escrow), ada, t.channelRef, t.provider, t.signer, t.token, t.deposit, t.maxFeeBps
            )
        );
        same(escrow.channelId(ada, t), expected, "id");
        holds(escrow.channelId(ben, t) != expected, "another payer, another id");
        vm.chainId(1);
        holds(escrow.channelId(ada, t) != expected, "another chain, another id");
    }

    function test_a_receipt_is_the_typed_data_that_wallets_sign() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("MarketEscrow"),
                keccak256("1"),
                block.chainid,
                address(escrow)
            )
        );
        bytes32 typeHash = keccak256("UsageReceipt(bytes32 channelId,uint256 cumulative)");
        bytes32 structHash = keccak256(abi.encode(typeHash, bytes32("c"), 7));
        bytes32 expected = keccak256(abi.encodePacked("\x19\x01", domain, structHash));
        same(escrow.receiptHash("c", 7), expected, "digest");
    }

    function test_terms_that_make_no_sense_are_refused() public {
        vm.startPrank(ada);
        dollar.approve(address(escrow), type(uint256).max);
        IUsageChannels.ChannelTerms memory t = channelTerms();
        t.deposit = 0;
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.NoAmount.selector));
        escrow.openChannel(t);
        t.deposit = uint256(type(uint128).max) + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IMarketEscrow.AmountTooLarge.selector, t.deposit, type(uint128).max)
        );
        escrow.openChannel(t);
        t = channelTerms();
        t.provider = address(0);
        refuses(IMarketEscrow.InvalidProvider.selector);
        escrow.openChannel(t);
        t.provider = address(escrow);
        refuses(IMarketEscrow.InvalidProvider.selector);
        escrow.openChannel(t);
        t = channelTerms();
        t.signer = address(0);
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.InvalidSigner.selector, address(0)));
        escrow.openChannel(t);
        t.signer = ben;
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.InvalidSigner.selector, ben));
        escrow.openChannel(t);
        t = channelTerms();
        t.maxFeeBps = 249;
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.FeeAboveAgreed.selector, 250, 249));
        escrow.openChannel(t);
        t = channelTermsIn(address(new PlainToken(6)), 1);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.TokenNotAllowed.selector, t.token));
        escrow.openChannel(t);
        vm.stopPrank();
    }

    function test_a_channel_is_opened_once_and_its_id_is_never_used_again() public {
        bytes32 id = openAda();
        approve(ada, 1000 * DOLLAR);
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.ChannelExists.selector, id));
        escrow.openChannel(channelTerms());
        claim(id, DOLLAR);
        vm.prank(ben);
        escrow.closeChannel(id);
        UsageChannels.Channel memory gone;
        gone.state = IUsageChannels.ChannelState.Closed;
        same(keccak256(abi.encode(channel(id))), keccak256(abi.encode(gone)), "nothing but its state is kept");
        vm.prank(ada);
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.ChannelExists.selector, id));
        escrow.openChannel(channelTerms());
    }

    function test_a_permit_opens_in_one_transaction() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(address(dollar), 100 * DOLLAR);
        vm.prank(ada);
        bytes32 id = escrow.openChannelWithPermit(channelTerms(), START + DAY, v, r, s);
        same(channel(id).deposit, 100 * DOLLAR, "opened");
    }

    function test_a_signature_handed_in_by_a_relayer_opens() public {
        bytes32 id = escrow.channelId(ada, channelTerms());
        bytes memory signature = authorization(ada, address(dollar), 100 * DOLLAR, id);
        vm.prank(relayer);
        same(escrow.openChannelWithAuthorization(ada, channelTerms(), 0, START + DAY, signature), id, "id");
        same(channel(id).payer, ada, "the signer pays");
        same(dollar.balanceOf(ada), 900 * DOLLAR, "paid");
        heldIsOwed();
    }

    function test_a_top_up_adds_to_the_deposit() public {
        bytes32 id = openAda();
        approve(ada, 50 * DOLLAR);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IUsageChannels.ChannelToppedUp(4, id, ada, ben, address(dollar), 50 * DOLLAR, 150 * DOLLAR);
        vm.prank(ada);
        escrow.topUp(id, 50 * DOLLAR);
        same(channel(id).deposit, 150 * DOLLAR, "deposit");
        heldIsOwed();
    }

    function test_a_top_up_has_the_payer_and_the_bounds_of_an_opening() public {
        bytes32 id = openAda();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.NotThePayer.selector, id, stranger));
        escrow.topUp(id, 1);
        vm.startPrank(ada);
        dollar.approve(address(escrow), type(uint256).max);
        refuses(IUsageChannels.UnknownChannel.selector);
        escrow.topUp("no", 1);
        refuses(IUsageChannels.NoAmount.selector);
        escrow.topUp(id, 0);
        uint256 limit = type(uint128).max;
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.AmountTooLarge.selector, limit + 1, limit));
        escrow.topUp(id, limit + 1 - 100 * DOLLAR);
        vm.expectRevert(abi.encodeWithSelector(IMarketEscrow.AmountTooLarge.selector, type(uint256).max, limit));
        escrow.topUp(id, type(uint256).max);
        escrow.requestClose(id);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageChannels.ChannelIsClosing.selector, id, uint64(START + 1 days))
        );
        escrow.topUp(id, 1);
        vm.stopPrank();
    }

    function test_a_pause_stops_new_money_in_channels_and_nothing_else() public {
        bytes32 id = openAda();
        vm.prank(timelock);
        escrow.pause();
        approve(ada, 1000 * DOLLAR);
        vm.startPrank(ada);
        refuses(IMarketEscrow.FundingPaused.selector);
        escrow.topUp(id, 1);
        IUsageChannels.ChannelTerms memory t = channelTerms();
        t.channelRef = "channel 2";
        refuses(IMarketEscrow.FundingPaused.selector);
        escrow.openChannel(t);
        vm.stopPrank();
        claim(id, DOLLAR);
        vm.prank(ada);
        escrow.requestClose(id);
        vm.warp(START + 1 days);
        escrow.closeChannel(id);
        vm.prank(ada);
        same(escrow.withdraw(address(dollar), ada), 99 * DOLLAR, "out");
    }

    function test_a_token_that_is_no_longer_accepted_tops_nothing_up_but_pays_out() public {
        bytes32 id = openAda();
        approve(ada, 1);
        vm.prank(timelock);
        escrow.setToken(address(dollar), false);
        vm.prank(ada);
        refuses(IMarketEscrow.TokenNotAllowed.selector);
        escrow.topUp(id, 1);
        claim(id, DOLLAR);
        vm.prank(ben);
        same(escrow.withdraw(address(dollar), ben), 975_000, "out");
    }

    function test_a_claim_pays_what_is_new_in_the_receipt_less_the_fee() public {
        bytes32 id = openAda();
        claim(id, 10 * DOLLAR);
        same(credit(ben), 9_750_000, "provider");
        same(credit(treasury), 250_000, "treasury");
        bytes memory signature = receipt(id, 14 * DOLLAR);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IUsageChannels.Claimed(5, id, ada, ben, address(dollar), 4 * DOLLAR, 100_000, 3_900_000, 14 * DOLLAR);
        vm.prank(stranger);
        escrow.claim(id, 14 * DOLLAR, signature);
        same(channel(id).claimed, 14 * DOLLAR, "claimed");
        heldIsOwed();
    }

    function test_a_receipt_above_the_deposit_pays_the_deposit_and_the_rest_after_a_top_up() public {
        bytes32 id = openAda();
        claim(id, 130 * DOLLAR);
        same(channel(id).claimed, 100 * DOLLAR, "no more than is there");
        approve(ada, 20 * DOLLAR);
        vm.prank(ada);
        escrow.topUp(id, 20 * DOLLAR);
        claim(id, 130 * DOLLAR);
        same(channel(id).claimed, 120 * DOLLAR, "what came in");
        heldIsOwed();
    }

    function test_a_payer_who_asks_for_an_end_waits_for_the_providers_last_claim() public {
        bytes32 id = openAda();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IUsageChannels.ChannelCloseRequested(
            4, id, ada, ben, address(dollar), 100 * DOLLAR, uint64(START + 1 days)
        );
        vm.prank(ada);
        escrow.requestClose(id);
        channelIs(id, IUsageChannels.ChannelState.Closing);
        vm.warp(START + 1 days - 1);
        vm.prank(ada);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageChannels.ChannelStaysOpen.selector, id, uint64(START + 1 days))
        );
        escrow.closeChannel(id);
        claim(id, 30 * DOLLAR);
        vm.warp(START + 1 days);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IUsageChannels.ChannelClosed(6, id, ada, ben, address(dollar), 70 * DOLLAR);
        vm.prank(stranger);
        escrow.closeChannel(id);
        same(credit(ada), 70 * DOLLAR, "what was not claimed");
        heldIsOwed();
    }

    function test_a_provider_closes_at_once_and_others_not_without_notice() public {
        bytes32 id = openAda();
        vm.warp(START + 365 * DAY);
        address[3] memory others = [ada, signer, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IUsageChannels.ChannelStaysOpen.selector, id, 0));
            escrow.closeChannel(id);
        }
        vm.prank(ben);
        escrow.closeChannel(id);
        same(credit(ada), 100 * DOLLAR, "all back");
        channelIs(id, IUsageChannels.ChannelState.Closed);
    }

    function test_the_notice_is_given_once_and_by_the_payer() public {
        bytes32 id = openAda();
        vm.prank(ben);
        vm.expectRevert(abi.encodeWithSelector(IUsageChannels.NotThePayer.selector, id, ben));
        escrow.requestClose(id);
        vm.startPrank(ada);
        escrow.requestClose(id);
        vm.warp(START + 1 hours);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageChannels.ChannelIsClosing.selector, id, uint64(START + 1 days))
        );
        escrow.requestClose(id);
        vm.stopPrank();
    }

    function test_what_is_closed_or_unknown_says_so() public {
        bytes32 id = openAda();
        bytes memory signature = receipt(id, DOLLAR);
        vm.prank(ben);
        escrow.closeChannel(id);
        bytes memory reason = abi.encodeWithSelector(IUsageChannels.ChannelIsClosed.selector, id);
        vm.expectRevert(reason);
        escrow.claim(id, DOLLAR, signature);
        vm.startPrank(ada);
        vm.expectRevert(reason);
        escrow.topUp(id, 1);
        vm.expectRevert(reason);
        escrow.requestClose(id);
        vm.expectRevert(reason);
        escrow.closeChannel(id);
        vm.stopPrank();
        reason = abi.encodeWithSelector(IUsageChannels.UnknownChannel.selector, bytes32("no"));
        vm.expectRevert(reason);
        escrow.claim("no", DOLLAR, signature);
        vm.expectRevert(reason);
        escrow.requestClose("no");
        vm.expectRevert(reason);
        escrow.closeChannel("no");
    }

    function test_an_open_channel_keeps_its_fee_payee_and_delay() public {
        bytes32 id = openAda();
        vm.prank(timelock);
        escrow.setParams(1000, stranger, 30 days, 1 days, 30 days);
        claim(id, 10 * DOLLAR);
        same(credit(treasury), 250_000, "the old fee, to the old payee");
        same(credit(stranger), 0, "not to the new one");
        vm.prank(ada);
        escrow.requestClose(id);
        same(channel(id).closesAt, START + 1 days, "the old delay");
    }

    function test_every_event_of_a_channel_has_the_next_number() public {
        vm.recordLogs();
        bytes32 id = openAda();
        approve(ada, DOLLAR);
        vm.prank(ada);
        escrow.topUp(id, DOLLAR);
        claim(id, DOLLAR);
        vm.prank(ada);
        escrow.requestClose(id);
        vm.prank(ben);
        escrow.closeChannel(id);
        uint256 expected = 2;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            // `seq` is the first value of every event's data.
            if (logs[i].emitter == address(escrow)) same(uint256(bytes32(logs[i].data)), ++expected, "seq");
        }
        same(expected, 7, "all five are told");
    }

    function testFuzz_any_receipts_in_any_order_pay_the_highest_once(uint96[5] memory sums, uint96 deposit) public {
        uint256 money = bound(deposit, 1, 500 * DOLLAR);
        bytes32 id = openAs(ada, channelTermsIn(address(dollar), money));
        uint256 highest;
        uint256 paid;
        for (uint256 i = 0; i < sums.length; ++i) {
            uint256 sum = bound(sums[i], 0, 600 * DOLLAR);
            bytes memory signature = receipt(id, sum);
            bool isNew = sum > highest && highest < money;
            if (!isNew) refuses(IUsageChannels.NothingToClaim.selector);
            else paid++;
            escrow.claim(id, sum, signature);
            if (sum > highest) highest = sum > money ? money : sum;
        }
        same(channel(id).claimed, highest, "the highest, as far as the money goes");
        same(credit(ben) + credit(treasury), highest, "gross");
        uint256 exactly = highest * 250 / 10_000;
        holds(credit(treasury) <= exactly && exactly - credit(treasury) <= paid, "less than a unit of fee a claim");
        vm.prank(ben);
        escrow.closeChannel(id);
        same(credit(ada), money - highest, "the rest is the payer's");
        heldIsOwed();
    }
}
