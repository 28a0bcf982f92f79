// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {GuildGovernor} from "../src/GuildGovernor.sol";
import {GuildTimelock} from "../src/GuildTimelock.sol";
import {GuildToken} from "../src/GuildToken.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {Market} from "./Market.sol";

/// @dev From a proposal to a changed market, with the roles as a deployment leaves them.
contract GovernanceTest is Market {
    uint256 private constant TOM_KEY = 0x70;
    address private tom = vm.addr(TOM_KEY);
    address private eve = vm.addr(0xE5E);

    GuildToken private token;
    GuildTimelock private lock;
    GuildGovernor private governor;

    address[] private targets = new address[](1);
    uint256[] private values = new uint256[](1);
    bytes[] private calls = new bytes[](1);
    string private why = "Raise the fee to 3 percent";

    function setUp() public override {
        super.setUp();
        token = new GuildToken(address(this), 1_000_000e18);
        address[] memory anyone = new address[](1);
        address[] memory deployer = new address[](1);
        deployer[0] = address(this);
        lock = new GuildTimelock(0, deployer, anyone, address(this));
        governor = new GuildGovernor(token, lock, 1 days, 7 days, 1 days, 1_000e18, 4);
        escrow = new MarketEscrow(address(lock), 250, treasury, HOLD, 3 days, 1 days);
        decide(address(escrow), abi.encodeCall(escrow.setToken, (address(dollar), true)));
        decide(address(lock), abi.encodeCall(lock.updateDelay, (2 days)));
        lock.grantRole(lock.PROPOSER_ROLE(), address(governor));
        lock.grantRole(lock.CANCELLER_ROLE(), address(governor));
        lock.revokeRole(lock.PROPOSER_ROLE(), address(this));
        lock.revokeRole(lock.CANCELLER_ROLE(), address(this));
        lock.renounceRole(lock.DEFAULT_ADMIN_ROLE(), address(this));
        token.transfer(tom, 60_000e18);
        token.transfer(eve, 30_000e18);
        vm.prank(tom);
        token.delegate(tom);
        vm.prank(eve);
        token.delegate(eve);
        vm.warp(START + 1);
        targets[0] = address(escrow);
        calls[0] = abi.encodeCall(escrow.setParams, (300, treasury, HOLD, 3 days, 1 days));
    }

    /// @dev What the deployer decides once, while the timelock's delay is zero.
    function decide(address target, bytes memory data) private {
        lock.schedule(target, 0, data, 0, 0, 0);
        lock.execute(target, 0, data, 0, 0);
    }

    function propose() private returns (uint256 id) {
        vm.prank(tom);
        id = governor.propose(targets, values, calls, why);
        vm.warp(START + 1 + 1 days + 1);
    }

    function state(uint256 id) private view returns (uint256) {
        return uint256(governor.state(id));
    }

    function fee() private view returns (uint16 feeBps) {
        (feeBps,,,,) = escrow.params();
    }

    function test_a_passed_proposal_changes_the_fee_for_new_orders_only() public {
        bytes32 running = fundAda();
        uint256 id = propose();
        vm.prank(tom);
        governor.castVote(id, 1);
        vm.warp(START + 1 + 8 days + 1);
        governor.queue(targets, values, calls, keccak256(bytes(why)));
        vm.expectRevert();
        governor.execute(targets, values, calls, keccak256(bytes(why)));
        same(fee(), 250, "not before the timelock's delay");
        vm.warp(START + 1 + 10 days + 1);
        vm.prank(stranger);
        governor.execute(targets, values, calls, keccak256(bytes(why)));
        same(state(id), uint256(IGovernor.ProposalState.Executed), "executed, by anyone");
        same(fee(), 300, "the new fee");
        same(order(running).feeBps, 250, "a running order keeps its fee");
        IMarketEscrow.Terms memory t = terms();
        t.orderRef = "order 2";
        vm.startPrank(ada);
        dollar.approve(address(escrow), total(t));
        refuses(IMarketEscrow.FeeAboveAgreed.selector);
        escrow.fund(t);
        vm.stopPrank();
        t.maxFeeBps = 300;
        same(order(fundAs(ada, t)).feeBps, 300, "the next order pays the new one");
        vm.warp(START + 40 days);
        escrow.release(running);
        same(credit(treasury), 250_000, "at the old fee");
    }

    function test_a_defeated_proposal_changes_nothing() public {
        uint256 id = propose();
        vm.prank(eve);
        governor.castVote(id, 0);
        vm.warp(START + 1 + 8 days + 1);
        same(state(id), uint256(IGovernor.ProposalState.Defeated), "defeated");
        refuses(IGovernor.GovernorUnexpectedProposalState.selector);
        governor.queue(targets, values, calls, keccak256(bytes(why)));
        same(fee(), 250, "unchanged");
    }

    function test_too_few_votes_are_no_quorum() public {
        same(governor.quorum(START), 40_000e18, "four percent");
        uint256 id = propose();
        vm.prank(eve);
        governor.castVote(id, 1);
        vm.warp(START + 1 + 8 days + 1);
        same(state(id), uint256(IGovernor.ProposalState.Defeated), "30,000 of 40,000");
    }

    function test_a_quorum_reached_late_leaves_time_to_answer() public {
        uint256 id = propose();
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline - 1);
        vm.prank(tom);
        governor.castVote(id, 1);
        same(governor.proposalDeadline(id), deadline - 1 + 1 days, "a day more");
    }

    function test_somebody_with_too_few_votes_cannot_propose() public {
        vm.prank(stranger);
        refuses(IGovernor.GovernorInsufficientProposerVotes.selector);
        governor.propose(targets, values, calls, why);
    }

    function test_votes_that_were_not_delegated_do_not_count() public view {
        same(token.getVotes(address(this)), 0, "910,000 tokens, no power");
        same(token.getVotes(tom), 60_000e18, "delegated to himself");
        same(token.clock(), block.timestamp, "unix time");
    }

    function test_a_signed_ballot_counts_once_and_only_for_its_proposal() public {
        uint256 id = propose();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(TOM_KEY, ballot(id, "because"));
        bytes memory signature = abi.encodePacked(r, s, v);
        refuses(IGovernor.GovernorInvalidSignature.selector);
        governor.castVoteWithReasonAndParamsBySig(id, 0, tom, "because", "", signature);
        vm.prank(stranger);
        governor.castVoteWithReasonAndParamsBySig(id, 1, tom, "because", "", signature);
        (, uint256 inFavour,) = governor.proposalVotes(id);
        same(inFavour, 60_000e18, "counted");
        same(governor.nonces(tom, uint192(id)) & type(uint64).max, 1, "the proposal's own nonce");
        same(governor.nonces(tom), 0, "the others are untouched");
        refuses(IGovernor.GovernorInvalidSignature.selector);
        governor.castVoteWithReasonAndParamsBySig(id, 1, tom, "because", "", signature);
    }

    function test_a_plain_signed_ballot_counts() public {
        uint256 id = propose();
        bytes32 kind = keccak256("Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)");
        bytes32 said = keccak256(abi.encode(kind, id, 1, tom, governor.nonces(tom, uint192(id))));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(TOM_KEY, typed(said));
        vm.prank(stranger);
        governor.castVoteBySig(id, 1, tom, abi.encodePacked(r, s, v));
        holds(governor.hasVoted(id, tom), "counted");
    }

    function test_a_proposer_may_take_a_proposal_back_before_voting_starts() public {
        vm.prank(tom);
        uint256 id = governor.propose(targets, values, calls, why);
        vm.prank(tom);
        governor.cancel(targets, values, calls, keccak256(bytes(why)));
        same(state(id), uint256(IGovernor.ProposalState.Canceled), "taken back");
    }

    function test_the_market_says_how_it_votes() public {
        uint256 id = propose();
        holds(governor.proposalNeedsQueuing(id), "what passes waits in the timelock");
        same(governor.proposalThreshold(), 1_000e18, "votes to propose");
        same(keccak256(bytes(token.CLOCK_MODE())), keccak256("mode=timestamp"), "unix time");
        same(token.nonces(tom), 0, "no delegation was signed");
    }

    function test_a_description_that_names_its_proposer_cannot_be_taken_by_another() public {
        why = "Mine #proposer=0x0000000000000000000000000000000000000001";
        vm.prank(tom);
        refuses(IGovernor.GovernorRestrictedProposer.selector);
        governor.propose(targets, values, calls, why);
    }

    function test_nobody_is_left_with_a_key_to_the_timelock() public {
        holds(!lock.hasRole(lock.DEFAULT_ADMIN_ROLE(), address(this)), "the deployer is no admin");
        holds(!lock.hasRole(lock.PROPOSER_ROLE(), address(this)), "nor a proposer");
        holds(!lock.hasRole(lock.CANCELLER_ROLE(), address(this)), "nor a canceller");
        same(lock.getMinDelay(), 2 days, "the delay is set");
        same(governor.timelock(), address(lock), "the governor acts through it");
        vm.expectRevert();
        lock.schedule(address(escrow), 0, calls[0], 0, 0, 2 days);
    }

    /// @dev EIP-712 as README.md writes it down.
    function typed(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("GuildGovernor"),
                keccak256("1"),
                block.chainid,
                address(governor)
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, structHash));
    }

    function ballot(uint256 id, string memory reason) private view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
        );
        uint256 nonce = governor.nonces(tom, uint192(id));
        bytes32 structHash =
            keccak256(abi.encode(typeHash, id, 1, tom, nonce, keccak256(bytes(reason)), keccak256("")));
        return typed(structHash);
    }
}
