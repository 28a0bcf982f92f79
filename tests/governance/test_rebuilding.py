"""The mirror is what its logs say; a row that is other is found."""

from typing import Any

import pytest
from django.core.management import call_command

from governance import projection
from governance.models import Proposal, Step, SupplyChange, Vote
from governance.rebuilding import differences
from tests.governance.guild import GUILD, TOM, UMA, Guild

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def voted(guild: Guild) -> Guild:
    """One proposal carried out, one that is being voted on."""
    first = guild.propose(guild.set_fee(100), "A fee of one percent")
    guild.pass_time(20)
    first.vote(TOM, 1, "Cheaper is better.")
    first.vote(UMA, 0)
    guild.pass_time(200)
    first.act("queue")
    guild.pass_time(60)
    first.act("execute")
    second = guild.propose(guild.set_fee(200), "And back again")
    guild.pass_time(20)
    second.vote(UMA, 2)
    guild.copy()
    return guild


def test_a_stored_mirror_is_what_its_logs_say(voted: Guild) -> None:
    assert Proposal.objects.count() == 2
    assert Vote.objects.count() == 3
    assert differences() == []
    call_command("reproject", verbosity=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: Vote.objects.filter(voter=TOM).update(weight=GUILD), "weight is"),
        (lambda: Vote.objects.filter(voter=UMA).first().delete(), "it is not stored"),
        (lambda: Proposal.objects.filter(state="executed").update(votes_for=1), "votes_for is 1"),
        (lambda: Proposal.objects.filter(state="executed").update(state="defeated"), "state is defeated"),
        (lambda: Step.objects.filter(kind="executed").delete(), "Step"),
        (lambda: SupplyChange.objects.update(delta=1), "delta is 1"),
    ],
)
def test_each_kind_of_wrong_row_is_found(voted: Guild, change: Any, words: str) -> None:
    Proposal.objects.filter(state="executed").update(settled=True)
    assert not any("state" in sentence for sentence in differences())
    change()
    assert any(words in sentence for sentence in differences())


def test_a_projection_that_would_write_otherwise_is_found(voted: Guild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(projection.STEPS, "ProposalQueued", (Step.Kind.CANCELED, None))
    found = " ".join(differences())
    assert "kind is queued as stored and canceled by the logs." in found
