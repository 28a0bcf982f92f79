"""Any OpenZeppelin Governor can be followed by its address; what cannot be followed is said, and nothing is changed."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from chain import watcher
from chain.models import Contract
from governance import services
from governance.adding import add_governor
from governance.models import (
    ClockMode,
    Governor,
    NoncesKind,
    Proposal,
    QuorumKind,
    SaltKind,
    State,
    Step,
    TimelockKind,
    TokenKind,
    Vote,
)
from governance.power import delegate_of, power_at, threshold
from governance.rebuilding import differences
from tests.chain.conftest import node as node  # noqa: PLC0414  (a fixture)
from tests.chain.local_chain import CHAIN, MINTER, LocalChain
from tests.governance.campaign import VOTERS
from tests.governance.conftest import deployed, guild  # noqa: F401  (fixtures)
from tests.governance.dao import KINDS, NOBODY, UNIT, Dao, Kind, Motion, call_data, deploy
from tests.governance.guild import Guild

pytestmark = pytest.mark.django_db
ANNA, BORIS = VOTERS[:2]
NUMBERS = {State.DEFEATED: 3, State.SUCCEEDED: 4, State.QUEUED: 5, State.EXPIRED: 6, State.EXECUTED: 7}


def read() -> None:
    watcher.watch(CHAIN)
    services.mirror(CHAIN)


def added(address: str) -> Governor:
    return add_governor(chain=CHAIN, address=address)[0]


def bare(node: LocalChain, name: str, *more: Any) -> Dao:
    """A DAO whose votes are badges: two of Anna's, one of Boris's."""
    dao = Dao.__new__(Dao)
    dao.node, dao.kind, dao.unit = node, Kind("BadgeToken", name), 1
    dao.token = deploy(node, "BadgeToken")
    dao.governor = deploy(node, name, dao.token, *more)
    for holder in (ANNA, ANNA, BORIS):
        dao.send(dao.token, call_data("mint(address)", holder))
    for holder in (ANNA, BORIS):
        dao.send(dao.token, call_data("delegate(address)", holder), holder)
    return dao


def carried(dao: Dao, text: str) -> Motion:
    """A proposal that Anna and Boris have voted for, and whose voting is over."""
    motion = dao.propose(b"", text, ANNA, target=MINTER)
    dao.node.mine(3)
    motion.vote(ANNA, 1)
    motion.vote(BORIS, 1, "castVoteWithReasonAndParams", params=b"\x01")
    dao.node.mine(12)
    return motion


def state(motion: Motion) -> tuple[str, int]:
    """As mirrored, and the contract's number."""
    read()
    row = Proposal.objects.get(proposal_id=motion.id)
    return row.state, motion.dao.ask(motion.dao.governor, "state(uint256)", motion.id, returns="uint8")


def test_each_kind_of_governor_is_known_for_what_it_is(node: LocalChain) -> None:
    late = added(Dao(node, KINDS["time, late, keyed"]).governor)
    plain = added(Dao(node, KINDS["block, plain"]).governor)
    old = added(Dao(node, KINDS["4.9"]).governor)
    names = ("clock_mode", "salt", "nonces", "has_late_quorum", "has_settings", "timelock_kind", "quorum_kind")
    assert [getattr(late, name) for name in names] == [
        ClockMode.TIMESTAMP, SaltKind.GOVERNOR, NoncesKind.KEYED, True, True, TimelockKind.CONTROL, QuorumKind.FRACTION,
    ]  # fmt: skip
    assert [getattr(plain, name) for name in names] == [
        ClockMode.BLOCK_NUMBER, SaltKind.GOVERNOR, NoncesKind.PLAIN, False, True, TimelockKind.CONTROL,
        QuorumKind.FRACTION,
    ]  # fmt: skip
    assert [getattr(old, name) for name in names] == [
        ClockMode.BLOCK_NUMBER, SaltKind.DESCRIPTION, NoncesKind.NONE, True, True, TimelockKind.CONTROL,
        QuorumKind.FRACTION,
    ]  # fmt: skip
    assert {row.slug for row in (late, plain, old)} == {"guild-governor", "plain-governor", "old-governor"}


@pytest.mark.django_db(transaction=True)
def test_a_governor_without_timelock_settings_or_fraction_is_followed_with_badges_as_votes(node: LocalChain) -> None:
    dao = bare(node, "BareGovernor")
    row = added(dao.governor)
    assert (row.timelock, row.timelock_kind, row.quorum_kind) == ("", TimelockKind.NONE, QuorumKind.ASKED)
    assert (row.token.kind, row.token.decimals, row.has_storage, row.has_settings) == (TokenKind.ERC721, 0, True, False)
    assert threshold(row) == 1
    motion = carried(dao, "Badges decide")
    assert state(motion) == (State.SUCCEEDED, NUMBERS[State.SUCCEEDED])
    found = Proposal.objects.get()
    assert (found.votes_for, found.quorum, found.voters) == (3, 2, 2)
    assert power_at(row, ANNA) == 2
    motion.act("execute")
    assert state(motion) == (State.EXECUTED, NUMBERS[State.EXECUTED])
    assert differences() == []


def test_what_nobody_carries_out_expires_in_a_timelock_of_compounds_kind(node: LocalChain) -> None:
    dao = bare(node, "CompoundGovernor", deploy(node, "TinyCompoundTimelock"))
    row = added(dao.governor)
    assert (row.timelock_kind, row.grace) == (TimelockKind.COMPOUND, 100)
    motion = carried(dao, "Too late")
    motion.act("queue")
    assert state(motion) == (State.QUEUED, NUMBERS[State.QUEUED])
    eta = Proposal.objects.get().eta or 0
    node.rpc("evm_setNextBlockTimestamp", eta + 99)
    node.mine()
    assert state(motion) == (State.QUEUED, NUMBERS[State.QUEUED])
    node.rpc("evm_setNextBlockTimestamp", eta + 100)
    node.mine()
    assert state(motion) == (State.EXPIRED, NUMBERS[State.EXPIRED])


def test_a_governor_that_counts_otherwise_is_refused_in_a_sentence_and_nothing_is_changed(node: LocalChain) -> None:
    dao = bare(node, "FractionalGovernor")
    before = Contract.objects.count()
    with pytest.raises(CommandError, match=r"Nothing was changed\. This governor counts votes as “support=bravo,frac"):
        call_command("add_governor", dao.governor)
    with pytest.raises(CommandError, match="is no OpenZeppelin Governor"):
        call_command("add_governor", dao.token)
    with pytest.raises(CommandError, match="There is no contract at"):
        call_command("add_governor", ANNA)
    with pytest.raises(CommandError, match="is no address"):
        call_command("add_governor", "0x12")
    assert (Governor.objects.count(), Contract.objects.count()) == (0, before)


def test_the_command_reads_the_whole_past_says_how_far_it_is_and_does_nothing_the_second_time(node: LocalChain) -> None:
    dao = Dao(node, KINDS["4.9"])
    dao.send(dao.token, call_data("transfer(address,uint256)", ANNA, 200 * UNIT))
    dao.send(dao.token, call_data("delegate(address)", ANNA), ANNA)
    motion = carried(dao, "Long ago")
    motion.act("queue")
    out = io.StringIO()
    call_command("add_governor", dao.governor, stdout=out)
    assert (
        f"old-governor read to block {node.head():,} of {node.head():,} (100%): 1 proposals, 2 votes" in out.getvalue()
    )
    assert state(motion) == (State.QUEUED, NUMBERS[State.QUEUED])
    asked_for = Contract.objects.get(address=dao.token).topics
    assert len(asked_for) == 3, "of a busy token no more than delegations, their votes and transfers"
    again = io.StringIO()
    call_command("add_governor", dao.governor.lower(), stdout=again)
    assert "is mirrored already" in again.getvalue()
    assert (Governor.objects.count(), Vote.objects.count()) == (1, 2)


def test_a_first_block_that_is_given_is_not_looked_for(node: LocalChain) -> None:
    dao = Dao(node, KINDS["block, plain"])
    governor, _ = add_governor(chain=CHAIN, address=dao.governor, from_block=1)
    assert set(
        Contract.objects.filter(address__in=[dao.token, dao.governor]).values_list("deployed_block", flat=True)
    ) == {1}
    assert add_governor(chain=CHAIN, address=dao.governor) == (governor, False)


@pytest.mark.django_db(transaction=True)
def test_two_governors_of_one_token_and_timelock_each_have_their_own_mirror(node: LocalChain) -> None:
    """The second is added when the shared contracts have been read already, also what the timelock did for it."""
    kind = KINDS["block, late, keyed"]
    first = Dao(node, kind)
    for voter in (ANNA, BORIS):
        first.send(first.token, call_data("transfer(address,uint256)", voter, 200 * UNIT))
        first.send(first.token, call_data("delegate(address)", voter), voter)
    second = Dao(node, kind, token=first.token, timelock=first.timelock)
    one = added(first.governor)
    mine, theirs = carried(first, "Mine"), carried(second, "Theirs")
    for motion in (mine, theirs):
        motion.act("queue")
    node.rpc("evm_increaseTime", 60)
    theirs.directly("executeBatch")
    read()
    assert Step.objects.filter(kind__startswith="operation").count() == 1, "the second is not known yet"
    two = added(second.governor)
    assert state(theirs) == (State.EXECUTED, NUMBERS[State.EXECUTED])
    assert state(mine) == (State.QUEUED, NUMBERS[State.QUEUED])
    assert one.token == two.token
    for governor in (one, two):
        assert governor.proposals.get().quorum == 100 * UNIT
        assert (delegate_of(governor, ANNA), power_at(governor, ANNA)) == (ANNA, 200 * UNIT)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_a_new_timelock_is_followed_and_what_waits_in_the_old_one_is_lost_as_in_the_contract(node: LocalChain) -> None:
    dao = Dao(node, KINDS["block, plain"])
    dao.send(dao.token, call_data("transfer(address,uint256)", ANNA, 200 * UNIT))
    dao.send(dao.token, call_data("delegate(address)", ANNA), ANNA)
    added(dao.governor)
    read()
    later = deploy(node, "GuildTimelock", 30, [MINTER, dao.governor], [NOBODY], MINTER)
    move = dao.propose(call_data("updateTimelock(address)", later), "Move", ANNA)
    stays = dao.propose(call_data("updateQuorumNumerator(uint256)", 11), "Stays behind", ANNA)
    node.mine(3)
    for motion in (move, stays):
        motion.vote(ANNA, 1)
    node.mine(12)
    for motion in (move, stays):
        motion.act("queue")
    node.rpc("evm_increaseTime", 60)
    move.act("execute")
    assert state(move) == (State.EXECUTED, NUMBERS[State.EXECUTED])
    assert state(stays) == (State.CANCELED, 2)
    dao.timelock = later
    after = dao.propose(b"", "In the new one", ANNA, target=MINTER)
    node.mine(3)
    after.vote(ANNA, 1)
    node.mine(12)
    after.act("queue")
    assert state(after) == (State.QUEUED, NUMBERS[State.QUEUED])
    node.rpc("evm_increaseTime", 60)
    after.directly("executeBatch")
    assert state(after) == (State.EXECUTED, NUMBERS[State.EXECUTED])
    assert differences() == []


def test_a_name_cannot_make_a_foreign_contract_one_of_ours(node: LocalChain) -> None:
    """The market finds its escrow and governor by the names of contracts; a stranger chooses the name of a governor."""
    dao = Dao(node, KINDS["time, late, keyed"])  # which calls itself GuildGovernor
    added(dao.governor)
    read()
    assert not Contract.objects.filter(name__in=["GuildGovernor", "GuildToken", "GuildTimelock"]).exists()
    assert not Governor.objects.get().is_own


def test_the_markets_own_dao_stays_first_and_others_are_listed(node: LocalChain, client: Client, guild: Guild) -> None:  # noqa: F811
    assert "Other DAOs" not in client.get(reverse("governance:proposals")).content.decode()
    dao = Dao(node, KINDS["4.9"])
    other = added(dao.governor)
    page = client.get(reverse("governance:proposals", args=[other.slug])).content.decode()
    assert "The past of this DAO is still being read." in page
    read()
    assert "still being read" not in client.get(reverse("governance:proposals", args=[other.slug])).content.decode()
    own = client.get(reverse("governance:proposals"))
    assert own.context["governor"].address == guild.governor
    assert reverse("governance:daos") in own.content.decode()
    listed = client.get(reverse("governance:daos")).content.decode()
    assert listed.index("GuildGovernor") < listed.index("OldGovernor")


@pytest.mark.parametrize("name", ["daos", "propose", "delegate", "123", ""])
def test_no_name_takes_the_address_of_a_page(node: LocalChain, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from governance import adding

    dao = Dao(node, KINDS["block, plain"])
    found = adding.probe(adding.client(CHAIN), dao.governor)
    monkeypatch.setattr(adding, "probe", lambda *_: found.__class__(**{**found.__dict__, "name": name}))
    assert added(dao.governor).slug.endswith(dao.governor.lower())
