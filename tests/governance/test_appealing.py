"""A draft that begins with an appeal is found again as the proposal that it became, and as nothing else."""

from typing import Any

import pytest
from django.test import Client
from eth_utils.crypto import keccak

from governance import appealing, drafting
from governance.models import Draft, Governor
from tests.governance.guild import MIN_DELAY, PERIOD, TOM, UMA, VIC, Guild
from tests.governance.test_pages import plain, post, send

pytestmark = pytest.mark.django_db
ORIGIN = "appeal:7"


def begun(guild: Guild) -> str:
    calls = [
        {"kind": "dismiss", "account": VIC},
        {"kind": "pay", "token": guild.dollar, "to": UMA, "units": 5_500_000},
    ]
    answer = appealing.begin(origin=ORIGIN, title="Appeal", why="What is public.", calls=calls)
    assert "path" in answer, answer
    return answer["path"]


def proposed(client: Client, guild: Guild, path: str) -> Any:
    status, answer = post(client, path + "send/", address=TOM)
    assert status == 200, answer
    send(guild, answer, TOM)
    guild.copy()
    return guild.row().proposals.get()


def test_an_appeal_begins_as_a_draft_whose_calls_are_said_in_sentences(client: Client, guild: Guild) -> None:
    page = plain(client.get(begun(guild)))
    assert "0x976E…0aa9 may no longer rule on disputes." in page
    assert "Sends 5.5 TUSD from the timelock to 0x9965…A4dc." in page
    assert "What is public." in page
    assert appealing.standing(ORIGIN) == {"state": "draft", "path": ""}
    assert appealing.standing("appeal:8") is None


def test_it_is_followed_from_the_draft_to_what_the_vote_has_done(client: Client, guild: Guild) -> None:
    path = begun(guild)
    made = proposed(client, guild, path)
    assert appealing.standing(ORIGIN) == {"state": "open", "path": made.get_absolute_url()}
    client.post(path, {"title": "Changed", "why": "Afterwards."})
    assert appealing.standing(ORIGIN) == {"state": "open", "path": made.get_absolute_url()}, "once found it stays found"
    guild.pass_time(20)
    for voter in (TOM, UMA):
        guild.call("GuildGovernor", "castVote", made.proposal_id, 0, to=guild.governor, sender=voter)
    guild.pass_time(PERIOD + MIN_DELAY)
    for _block in range(12):
        guild.node.mine()
    guild.copy()
    assert appealing.standing(ORIGIN) == {"state": "rejected", "path": made.get_absolute_url()}


def test_what_was_carried_out_is_accepted(client: Client, guild: Guild) -> None:
    answer = appealing.begin(origin=ORIGIN, title="Appeal", why="Public.", calls=[{"kind": "dismiss", "account": VIC}])
    made = proposed(client, guild, answer["path"])
    guild.pass_time(20)
    guild.call("GuildGovernor", "castVote", made.proposal_id, 1, to=guild.governor, sender=TOM)
    guild.pass_time(PERIOD)
    calls = (made.targets, [int(each) for each in made.amounts], [bytes.fromhex(each[2:]) for each in made.calldatas])
    for function, wait in (("queue", MIN_DELAY), ("execute", 1)):
        words = keccak(bytes(made.description_bytes))
        guild.call("GuildGovernor", function, *calls, words, to=guild.governor)
        guild.pass_time(wait)
    for _block in range(12):
        guild.node.mine()
    guild.copy()
    found = appealing.standing(ORIGIN)
    assert found
    assert found["state"] == "accepted"


def test_another_proposal_with_the_same_words_is_not_taken_for_it(guild: Guild) -> None:
    begun(guild)
    text = drafting.text_of(Draft.objects.get())
    guild.propose(guild.set_fee(300), f"{text}\n\n#proposer={TOM.lower()}")
    guild.copy()
    assert appealing.standing(ORIGIN) == {"state": "draft", "path": ""}


def test_the_same_calls_with_other_words_are_not_taken_for_it(guild: Guild) -> None:
    begun(guild)
    draft = Draft.objects.get()
    calls = drafting.calls_of(draft)
    arrays = [call.target for call in calls], [call.value for call in calls], [call.data for call in calls]
    guild.propose(arrays, drafting.text_of(draft) + "\n\nAnd we take the treasury as well.")
    guild.copy()
    assert appealing.standing(ORIGIN) == {"state": "draft", "path": ""}


def test_a_market_without_its_own_dao_says_so(db: Any) -> None:
    answer = appealing.begin(origin=ORIGIN, title="Appeal", why="", calls=[])
    assert "not known here yet" in answer["no"]


def test_too_many_drafts_on_a_day_are_refused_with_the_reason(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "A_DAY", 0)
    assert "Too many drafts" in appealing.begin(origin=ORIGIN, title="Appeal", why="", calls=[])["no"]


def test_a_draft_whose_vote_is_followed_is_not_forgotten(client: Client, guild: Guild) -> None:
    path = begun(guild)
    proposed(client, guild, path)
    appealing.standing(ORIGIN)
    drafting.begin(Governor.objects.get(pk=guild.row().pk))
    Draft.objects.update(changed_at="2020-01-01T00:00:00Z")
    assert drafting.forget() == 1
    assert Draft.objects.get().origin == ORIGIN
