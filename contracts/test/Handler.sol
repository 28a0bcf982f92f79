// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketEscrow} from "../src/MarketEscrow.sol";
import {Suite, Vm} from "./Suite.sol";
import {PlainToken} from "./Tokens.sol";

/// @dev Time, people, tokens and votes of the campaign; after every step the promises about running things are looked at.
abstract contract Handler is Suite {
    MarketEscrow public immutable escrow;
    address public immutable timelock;
    PlainToken[2] public tokens;
    address[5] public people;
    // `vm.warp` does not outlive a call of the campaign: the time is kept here and set again in each.
    uint256 public time = 1_700_000_000;

    mapping(address token => uint256) public paidIn;
    mapping(address token => uint256) public donated;
    mapping(address token => uint256) public withdrawn;
    /// @dev How often each thing was really done: a campaign that only knocks on closed doors proves nothing.
    mapping(string what => uint256) public done;

    constructor(MarketEscrow escrow_, address timelock_) {
        (escrow, timelock) = (escrow_, timelock_);
        tokens = [new PlainToken(6), new PlainToken(18)];
        for (uint256 i = 0; i < people.length; ++i) {
            people[i] = address(uint160(0xA000 + i));
        }
    }

    /// @dev Each step takes its time, up to half a day.
    modifier now_() {
        time += uint256(keccak256(abi.encode(time, escrow.seq()))) % 12 hours;
        vm.warp(time);
        uint64 before = escrow.seq();
        vm.recordLogs();
        _;
        countEvents(before);
        watchOrders();
        watchChannels();
    }

    function watchOrders() internal virtual;
    function watchChannels() internal virtual;

    /// @dev Every event of the escrow has the next number, and none was left out.
    function countEvents(uint64 seq) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(escrow)) same(uint256(bytes32(logs[i].data)), ++seq, "seq rises by one");
        }
        same(escrow.seq(), seq, "seq is the latest event's");
    }

    function isOpen(address token) internal view returns (bool) {
        return !escrow.paused() && escrow.allowedTokens(token);
    }

    /// @dev Gives `who` the money and the allowance for what comes next, and counts it as paid in.
    function provide(address token, address who, uint256 amount) internal {
        PlainToken(token).mint(who, amount);
        vm.prank(who);
        PlainToken(token).approve(address(escrow), amount);
        paidIn[token] += amount;
    }

    function feeNow() internal view returns (uint16 feeBps) {
        (feeBps,,,,) = escrow.params();
    }

    function withdraw(uint256 seed) external now_ {
        address token = address(tokens[seed % 2]);
        address who = people[seed / 2 % 5];
        uint256 credit = escrow.credits(token, who);
        if (credit == 0) return;
        vm.prank(who);
        same(escrow.withdraw(token, people[seed / 10 % 5]), credit, "the whole credit");
        withdrawn[token] += credit;
    }

    /// @dev Rarely as long as can be: waits of months leave nothing to do.
    function some(uint256 seed, uint256 luck, uint256 least, uint256 usual, uint256 most) private pure returns (uint32) {
        return uint32(bound(luck, least, seed % 3 == 0 ? most : usual));
    }

    function decide(uint256 seed, uint16 feeBps, uint32 hold, uint32 arbiterTime, uint32 closeDelay) external now_ {
        hold = some(seed, hold, 0, 3 days, 30 days);
        arbiterTime = some(seed, arbiterTime, 1 days, 10 days, 60 days);
        closeDelay = some(seed, closeDelay, 1 hours, 1 days, 30 days);
        vm.prank(timelock);
        escrow.setParams(feeBps % 1001, people[seed % 5], hold, arbiterTime, closeDelay);
    }

    function stopOrGo(uint256 seed) external now_ {
        bool paused = escrow.paused();
        address token = address(tokens[seed % 2]);
        bool allowed = escrow.allowedTokens(token);
        vm.startPrank(timelock);
        if (paused) escrow.unpause();
        else if (seed % 9 == 0) escrow.pause();
        if (!allowed || seed % 11 == 0) escrow.setToken(token, !allowed);
        vm.stopPrank();
    }

    function donate(uint256 seed, uint96 amount) external now_ {
        tokens[seed % 2].mint(address(escrow), amount);
        donated[address(tokens[seed % 2])] += amount;
    }

    function wait(uint256 seconds_) external now_ {
        uint256[4] memory most = [uint256(3 hours), 1 days, 5 days, 40 days];
        time += bound(seconds_ / 4, 1, most[seconds_ % 4]);
        vm.warp(time);
    }
}
