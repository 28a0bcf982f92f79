// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageChannels} from "../src/IUsageChannels.sol";
import {UsageChannels} from "../src/UsageChannels.sol";
import {Market} from "./Market.sol";

/// @dev A market where Ada pays Ben by use; a key of hers, not her wallet's, signs the receipts.
abstract contract Channels is Market {
    uint256 internal constant SIGNER_KEY = 0x516;
    address internal signer = vm.addr(SIGNER_KEY);

    function channelTerms() internal view returns (IUsageChannels.ChannelTerms memory) {
        return channelTermsIn(address(dollar), 100 * DOLLAR);
    }

    function channelTermsIn(address token, uint256 deposit)
        internal
        view
        returns (IUsageChannels.ChannelTerms memory)
    {
        return IUsageChannels.ChannelTerms("channel 1", ben, signer, token, deposit, 250);
    }

    function openAs(address payer, IUsageChannels.ChannelTerms memory t) internal returns (bytes32 id) {
        approve(payer, t.deposit);
        vm.prank(payer);
        id = escrow.openChannel(t);
    }

    function openAda() internal returns (bytes32) {
        return openAs(ada, channelTerms());
    }

    function receipt(bytes32 id, uint256 cumulative) internal view returns (bytes memory) {
        return receiptBy(SIGNER_KEY, id, cumulative);
    }

    function receiptBy(uint256 key, bytes32 id, uint256 cumulative) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, escrow.receiptHash(id, cumulative));
        return abi.encodePacked(r, s, v);
    }

    function claim(bytes32 id, uint256 cumulative) internal {
        bytes memory signature = receipt(id, cumulative);
        vm.prank(relayer);
        escrow.claim(id, cumulative, signature);
    }

    function channel(bytes32 id) internal view returns (UsageChannels.Channel memory) {
        return escrow.channels(id);
    }

    function channelIs(bytes32 id, IUsageChannels.ChannelState state) internal view {
        same(uint256(channel(id).state), uint256(state), "state of the channel");
    }
}
