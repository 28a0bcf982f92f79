"""Now and then the contract itself is asked: a mirror that says otherwise is an alarm, and its pages say so."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chain import alarms
from chain.models import Alarm
from governance import services
from governance.checking import DIFFERS, check
from governance.models import Check, Governor, Proposal, State
from tests.chain.local_chain import CHAIN
from tests.governance.guild import DELAY, PERIOD, TOM, UMA, Guild, Voting

pytestmark = pytest.mark.django_db


@pytest.fixture
def voted(guild: Guild) -> Voting:
    voting = guild.propose(guild.set_fee(300), "Is it so?")
    guild.pass_time(DELAY + 1)
    voting.vote(TOM, 1)
    voting.vote(UMA, 0)
    guild.copy()
    return voting


def page(client: Client, voting: Voting) -> str:
    text = client.get(reverse("governance:proposal", args=["guild-governor", str(voting.id)])).content.decode()
    return text.replace("\xa0", " ")


def test_an_equal_mirror_says_at_which_block_it_was_checked(client: Client, guild: Guild, voted: Voting) -> None:
    assert "Last checked" not in page(client, voted)
    (found,) = check(CHAIN)
    assert found.is_equal
    assert (found.number, found.proposals) == (guild.node.head(), 1)
    sentence = f"Last checked at block {found.number}: the contract says the same."
    assert sentence in page(client, voted)
    assert sentence in client.get(reverse("governance:proposals")).content.decode()
    assert f"block {found.number}: equal" in client.get(reverse("governance:daos")).content.decode()
    assert not Alarm.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"votes_for": 1}, "proposalVotes is (100000000000000000000000, 1, 0) here and (1000"),
        ({"state": State.DEFEATED}, "state is 3 here and 1 in the contract"),
        ({"quorum": 1}, "quorum is 1 here and 40000000000000000000000 in the contract"),
        ({"deadline": 2**40}, "proposalDeadline is 1099511627776 here"),
    ],
)
def test_each_wrong_figure_is_an_alarm_and_stands_on_the_page_until_it_is_right(
    client: Client, guild: Guild, voted: Voting, wrong: dict[str, Any], words: str
) -> None:
    Proposal.objects.update(**wrong)
    (found,) = check(CHAIN)
    assert words in found.differences[0]
    (alarm,) = alarms.sounding(CHAIN)
    assert (alarm.kind, alarm.subject) == (DIFFERS, guild.governor)
    assert "the contract said otherwise. The operators have been told." in page(client, voted)
    assert "the contract said otherwise of some" in client.get(reverse("governance:proposals")).content.decode()
    guild.node.mine()
    guild.copy()
    assert check(CHAIN)[0].is_equal
    assert not alarms.sounding(CHAIN)


def test_a_fault_of_the_mirrors_rules_is_found(guild: Guild, voted: Voting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant that counts abstentions alone for the quorum calls a passed proposal defeated."""
    monkeypatch.setattr("governance.tally.reached_quorum", lambda proposal: proposal.votes_abstain >= proposal.quorum)
    guild.pass_time(PERIOD)
    guild.copy()
    assert "state is 3 here and 4 in the contract" in check(CHAIN)[0].differences[0]


def test_nothing_is_said_of_a_block_that_the_node_has_left(guild: Guild, voted: Voting) -> None:
    Governor.objects.update(counted_hash="0x" + 64 * "1")
    assert check(CHAIN) == []
    assert not Check.objects.exists()


def test_a_silent_node_leaves_the_last_check_standing(guild: Guild, voted: Voting, settings: Any) -> None:
    before = check(CHAIN)[0].number
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "rpc_url": "http://127.0.0.1:9"}}
    assert check(CHAIN) == []
    assert Check.objects.get().number == before


def test_what_is_settled_is_checked_once_more_and_then_left_alone(guild: Guild, voted: Voting) -> None:
    check(CHAIN)
    guild.pass_time(PERIOD + 100)
    voted.act("queue")
    guild.pass_time(100)
    voted.act("execute")
    guild.node.mine(3)
    guild.copy()
    assert voted.row().settled
    assert check(CHAIN)[0].proposals == 1
    assert check(CHAIN)[0].proposals == 0
    assert voted.row().checked_number == guild.node.head()


def test_a_mirror_that_stands_still_is_an_alarm_and_holds_up_no_other(
    guild: Guild, voted: Voting, monkeypatch: pytest.MonkeyPatch
) -> None:
    from governance.projection import Projection, Torn

    def torn(*_: Any) -> None:
        raise Torn("VoteCast of a proposal that is not known.")

    real = Projection.apply
    monkeypatch.setattr(Projection, "apply", torn)
    guild.delegate(UMA)
    guild.copy()
    assert not alarms.sounding(CHAIN), "a reorg is over in seconds"
    monkeypatch.setattr(services, "STUCK_AFTER", services.STUCK_AFTER * 0)
    services.mirror(CHAIN)
    assert [alarm.kind for alarm in alarms.sounding(CHAIN)] == [services.STUCK]
    monkeypatch.setattr(Projection, "apply", real)
    services.mirror(CHAIN)
    assert Governor.objects.get().torn_at is None
