"""The mirror says what the contracts say, block by block."""

import pytest

from chain import abi
from chain.models import Block, Cursor, Log
from governance.models import Governor, Proposal, Setting, State, Step, Vote
from governance.services import mirror
from tests.chain.local_chain import CHAIN
from tests.governance.guild import (
    DELAY,
    EXTENSION,
    GUILD,
    MIN_DELAY,
    PERIOD,
    STRANGER,
    TOM,
    UMA,
    VIC,
    Guild,
    Voting,
)

AGAINST, FOR, ABSTAIN = 0, 1, 2
pytestmark = pytest.mark.django_db


def test_a_fee_change_lives_its_whole_life_as_in_the_contract(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "# Raise the fee\n\nFor the arbiters.")
    states = []

    def look() -> Proposal:
        guild.copy()
        row = voting.same_as_contract()
        states.append(row.state)
        return row

    assert look().quorum is None
    guild.pass_time(DELAY + 1)
    look()
    voting.vote(TOM, FOR)
    look()
    voting.vote(UMA, AGAINST, "Too much for a young market.")
    assert look().voters == 2
    guild.pass_time(PERIOD)
    look()
    voting.act("queue")
    assert look().eta is not None
    guild.pass_time(MIN_DELAY + 1)
    look()
    voting.act("execute")
    look()
    guild.node.mine(3)
    assert look().settled
    assert list(dict.fromkeys(states)) == [State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.EXECUTED]
    last = Log.objects.of(guild.escrow).in_order().last()
    assert last is not None
    assert last.decoded is not None
    assert (last.decoded.name, last.decoded.args["feeBps"]) == ("ParamsSet", 300)


def test_every_way_of_voting_counts_and_an_abstention_counts_for_the_quorum(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Three ways")
    guild.pass_time(DELAY + 1)
    voting.vote(TOM, ABSTAIN)
    guild.copy()
    voting.same_as_contract()
    voting.vote(UMA, FOR, "Yes.")
    guild.copy()
    voting.same_as_contract()
    voting.vote(VIC, AGAINST, "No.", params=b"\x01")
    guild.copy()
    assert voting.same_as_contract().votes_against == 50_000 * GUILD
    assert bytes(Vote.objects.get(voter=VIC).params) == b"\x01"
    guild.pass_time(PERIOD)
    guild.copy()
    assert voting.same_as_contract().state == State.SUCCEEDED


def test_a_vote_of_weight_zero_is_kept_but_is_no_voter(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Who counts?")
    guild.pass_time(DELAY + 1)
    voting.vote(STRANGER, FOR)
    voting.vote(VIC, FOR)
    guild.copy()
    assert voting.same_as_contract().voters == 1
    assert Vote.objects.filter(voter=STRANGER, weight=0).exists()


def test_without_quorum_and_with_more_against_a_proposal_is_defeated(guild: Guild) -> None:
    silent = guild.propose(guild.set_fee(300), "Nobody cares")
    disliked = guild.propose(guild.set_fee(900), "Nobody likes it")
    guild.pass_time(DELAY + 1)
    disliked.vote(TOM, AGAINST)
    disliked.vote(UMA, FOR)
    guild.pass_time(PERIOD + EXTENSION)
    guild.copy()
    assert silent.same_as_contract().state == State.DEFEATED
    assert disliked.same_as_contract().state == State.DEFEATED


def test_its_proposer_can_take_a_proposal_back(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Never mind")
    voting.act("cancel", sender=TOM)
    guild.copy()
    assert voting.same_as_contract().state == State.CANCELED


def test_a_late_quorum_extends_the_vote(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "At the last moment")
    guild.pass_time(DELAY + PERIOD - 5)
    voting.vote(TOM, FOR)
    guild.copy()
    row = voting.same_as_contract()
    assert row.deadline > row.vote_end
    guild.pass_time(6)
    guild.copy()
    assert voting.same_as_contract().state == State.ACTIVE


def passed(guild: Guild, text: str) -> Voting:
    voting = guild.propose(guild.set_fee(300), text)
    guild.pass_time(DELAY + 1)
    voting.vote(TOM, FOR)
    guild.pass_time(PERIOD)
    voting.act("queue")
    return voting


def test_execution_on_the_timelock_itself_is_seen_though_the_governor_says_nothing(guild: Guild) -> None:
    voting = passed(guild, "Around the governor")
    guild.pass_time(MIN_DELAY + 1)
    salt = bytes(a ^ b for a, b in zip(bytes.fromhex(guild.governor[2:]) + bytes(12), voting.digest, strict=True))
    guild.call("GuildTimelock", "executeBatch", *voting.calls, bytes(32), salt, to=guild.timelock, sender=STRANGER)
    guild.copy()
    assert voting.same_as_contract().state == State.EXECUTED
    assert not Step.objects.filter(kind="executed").exists()


def test_a_cancellation_on_the_timelock_itself_is_seen_too(guild: Guild) -> None:
    voting = passed(guild, "Stopped in the timelock")
    guild.node.rpc("anvil_impersonateAccount", guild.governor)
    guild.node.rpc("anvil_setBalance", guild.governor, hex(10**18))
    guild.copy()
    operation = voting.row().operation_id
    guild.call("GuildTimelock", "cancel", operation, to=guild.timelock, sender=guild.governor)
    guild.node.rpc("anvil_stopImpersonatingAccount", guild.governor)
    guild.copy()
    assert voting.same_as_contract().state == State.CANCELED


def test_a_reorg_takes_a_vote_back_and_the_vote_mined_again_counts_once(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Was it there?")
    guild.pass_time(DELAY + 1)
    guild.copy()
    voting.vote(TOM, FOR)
    guild.copy()
    assert voting.same_as_contract().votes_for == 600_000 * GUILD
    first = Vote.objects.get().log_id
    guild.node.reorg(1)
    changed = guild.copy()
    assert voting.same_as_contract().votes_for == 0
    assert not Vote.objects.exists()
    assert changed == [voting.row().pk]
    voting.vote(TOM, AGAINST)
    guild.copy()
    assert voting.same_as_contract().votes_against == 600_000 * GUILD
    assert Vote.objects.get().log_id > first


def test_a_vote_mined_again_at_the_same_height_is_read_again_which_a_place_by_number_would_miss(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Same height")
    guild.pass_time(DELAY + 1)
    voting.vote(TOM, FOR)
    guild.copy()
    last = Vote.objects.get().log
    by_number = Cursor(name="control", number=last.number, log_index=last.log_index)
    data = abi.encode_call("GuildGovernor", "castVote", voting.id, AGAINST)
    again = {"from": TOM, "to": guild.governor, "data": "0x" + data.hex(), "gas": hex(300_000)}
    guild.node.reorg(1, [[again, 0]])
    guild.copy()
    assert voting.same_as_contract().votes_against == 600_000 * GUILD
    assert Vote.objects.get().log.number == last.number
    assert not Log.objects.of(guild.governor).after(by_number).exists()


def test_a_reorg_takes_a_whole_proposal_back_with_its_votes(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Gone")
    guild.copy()
    assert Proposal.objects.filter(proposal_id=voting.id).exists()
    guild.node.reorg(1)
    guild.copy()
    assert not Proposal.objects.exists()


def test_reading_again_changes_nothing(guild: Guild) -> None:
    passed(guild, "Again")
    guild.copy()
    before = list(Proposal.objects.values()), Vote.objects.count(), Step.objects.count()
    assert mirror(CHAIN) == []
    assert (list(Proposal.objects.values()), Vote.objects.count(), Step.objects.count()) == before
    assert Governor.objects.count() == 1


def test_rebuilt_from_nothing_the_mirror_is_the_same(guild: Guild) -> None:
    voting = passed(guild, "From nothing")
    guild.copy()
    before = voting.row()
    for model in (Vote, Step, Proposal, Setting):
        model.objects.all().delete()
    for relation in ("supply_changes", "delegations", "checkpoints"):
        getattr(guild.row(), relation).all().delete()
    Governor.objects.update(read_log_id=0)
    mirror(CHAIN)
    after = voting.same_as_contract()
    assert (after.state, after.votes_for, after.quorum) == (before.state, before.votes_for, before.quorum)


@pytest.mark.parametrize(
    "raw", [b"Line one  \r\n\ttwo \xc3\xa4\xe2\x82\xac \xf0\x9f\x8f\x9b", b"No text: \xff\xfe\x00 but bytes"]
)
def test_description_bytes_are_kept_unchanged(guild: Guild, raw: bytes) -> None:
    voting = guild.propose(guild.set_fee(300), raw)
    guild.copy()
    row = voting.same_as_contract()
    assert bytes(row.description_bytes) == raw
    assert [bytes.fromhex(data[2:]) for data in row.calldatas] == voting.calls[2]


def test_a_changed_quorum_holds_from_its_time_on(guild: Guild) -> None:
    data = abi.encode_call("GuildGovernor", "updateQuorumNumerator", 50)
    voting = guild.propose(([guild.governor], [0], [data]), "Half of all")
    before = guild.propose(guild.set_fee(300), "Under the old quorum")
    guild.pass_time(DELAY + 1)
    voting.vote(TOM, FOR)
    guild.pass_time(PERIOD)
    voting.act("queue")
    guild.pass_time(MIN_DELAY + 1)
    voting.act("execute")
    after = guild.propose(guild.set_fee(400), "Under the new quorum")
    guild.pass_time(DELAY + 1)
    guild.copy()
    assert before.same_as_contract().quorum == 40_000 * GUILD
    assert after.same_as_contract().quorum == 500_000 * GUILD


def test_the_clock_is_the_chains_not_ours(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "When?")
    guild.copy()
    block = Block.objects.filter(chain=CHAIN).order_by("-number").first()
    assert block is not None
    assert voting.row().vote_start == block.timestamp + DELAY
