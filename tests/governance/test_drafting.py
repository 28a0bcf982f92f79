"""A proposal of any calls: put together from forms, read as sentences, checked, and proposed as it stood."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance import drafting, typed, wishes
from governance.facts import Facts
from governance.models import Draft, Governor, Proposal
from tests.governance.guild import GUILD, STRANGER, TOM, UMA, Guild
from tests.governance.test_pages import plain, post, send

pytestmark = pytest.mark.django_db
WORDS = {"title": "Pay the arbiters", "why": "They need **rest**."}


def begun(client: Client) -> str:
    """The address of a new draft."""
    response = client.post(reverse("governance:drafts", args=["guild-governor"]))
    assert response.status_code == 302
    return str(response.url)


def today(guild: Guild, kind: str) -> dict[str, Any]:
    return wishes.kinds(Facts.of(guild.row()))[kind].today(Facts.of(guild.row()))


def put(client: Client, url: str, kind: str, **fields: Any) -> Any:
    return client.post(url, {"kind": kind, **fields})


def test_a_draft_becomes_a_proposal_with_the_very_calls_and_words_that_it_showed(client: Client, guild: Guild) -> None:
    url = begun(client)
    assert put(client, url, "rules", **{**today(guild, "rules"), "fee": "3", "hold": "2 d"}).status_code == 302
    assert put(client, url, "transfer", token=guild.dollar, to=UMA, amount="5.5").status_code == 302
    assert client.post(url, WORDS).status_code == 302
    page = plain(client.get(url))
    assert "goes from 2.5 % to 3 %" in page
    assert "Providers wait 2 days instead of 1 day" in page
    assert "2. Sends 5.5 TUSD from the timelock to 0x9965…A4dc." in page
    assert "<strong>rest</strong>" in page
    status, answer = post(client, url + "send/", address=TOM)
    assert status == 200, answer
    send(guild, answer, TOM)
    guild.copy()
    made = Proposal.objects.get()
    assert made.description == f"# Pay the arbiters\n\nThey need **rest**.\n\n#proposer={TOM.lower()}"
    assert made.targets == [guild.escrow, guild.dollar]
    status, answer = post(client, url + "send/", address=TOM)
    assert status == 422
    assert "made already" in answer["sentence"]
    assert "made already" in plain(client.get(f"{url}?address={TOM}"))


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        ("currency", {"token": "DOLLAR", "allowed": "yes"}, "New subscriptions can be paid in TUSD."),
        ("arbiter", {"who": UMA, "allowed": "no"}, "0x9965…A4dc may no longer rule on disputes."),
        ("pause", {"what": "unpause"}, "New subscriptions can be paid again."),
        ("votes", {"period": "7 d"}, "A vote is open for 7 days instead of 1 minute 40 seconds."),
        ("votes", {"threshold": "5"}, "Who wants to propose needs 5 GUILD instead of 1,000 GUILD."),
        ("votes", {"quorum": "10"}, "A vote counts when 10 % of all votes take part, instead of 4 %."),
        ("votes", {"wait": "1 h"}, "What passes waits 1 hour instead of 50 seconds"),
        ("transfer", {"token": "", "to": UMA, "amount": "0.5"}, "Sends 0.5 ETH from the timelock to 0x9965…A4dc."),
        ("allowance", {"token": "DOLLAR", "to": UMA, "amount": "7"}, "may take up to 7 TUSD from the timelock"),
        ("role", {"role": "PROPOSER_ROLE", "account": UMA, "allowed": "yes"}, "may put calls into the timelock"),
        ("raw", {"target": STRANGER, "value": "0", "call": "0x12345678"}, "4 bytes that this site cannot read"),
    ],
)
def test_every_form_becomes_the_call_that_its_sentence_says(
    client: Client, guild: Guild, kind: str, fields: dict[str, str], sentence: str
) -> None:
    url = begun(client)
    given = {key: {"DOLLAR": guild.dollar, "VOTES": guild.token}.get(value, value) for key, value in fields.items()}
    assert plain(client.get(f"{url}?add={kind}")).count('name="kind"') == 1
    response = put(client, url, kind, **{**today(guild, kind), **given})
    assert response.status_code == 302, plain(response)
    assert sentence in plain(client.get(url))
    assert len(Draft.objects.get().calls) == 1


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        ("rules", {}, "Nothing would change."),
        ("rules", {"fee": "11"}, "10"),
        ("rules", {"hold": "soon"}, "such as 36 h"),
        ("rules", {"hold": "999999999 d"}, "too large for the contract"),
        ("votes", {}, "Nothing would change."),
        ("votes", {"quorum": "4.5"}, "parts of a percent that small"),
        ("transfer", {"token": "DOLLAR", "to": UMA, "amount": "0.0000001"}, "at most 6 decimals"),
        ("transfer", {"token": "VOTES", "to": UMA, "amount": "9" * 60}, "too large for the contract"),
        ("transfer", {"token": STRANGER, "to": UMA, "amount": "1"}, "error"),
        ("raw", {"target": STRANGER, "value": "0", "call": "xyz"}, "This is not hexadecimal."),
        ("raw", {"target": "0x12", "value": "0", "call": ""}, "This is not an address."),
    ],
)
def test_what_cannot_be_a_call_is_refused_and_nothing_typed_is_lost(
    client: Client, guild: Guild, kind: str, fields: dict[str, str], sentence: str
) -> None:
    url = begun(client)
    given = {key: {"DOLLAR": guild.dollar, "VOTES": guild.token}.get(value, value) for key, value in fields.items()}
    response = put(client, url, kind, **{**today(guild, kind), **given})
    assert response.status_code == 422
    assert sentence in plain(response)
    assert Draft.objects.get().calls == []


def test_several_rules_of_votes_become_a_call_each_and_one_can_be_taken_out(client: Client, guild: Guild) -> None:
    url = begun(client)
    put(client, url, "votes", **{**today(guild, "votes"), "period": "2 h", "delay": "1 h"})
    assert len(Draft.objects.get().calls) == 2
    assert client.post(url, {"remove": "0"}).status_code == 302
    client.post(url, {"remove": "99"})
    client.post(url, {"remove": "x"})
    page = plain(client.get(url))
    assert "A vote is open for 2 hours" in page
    assert "Voting starts" not in page


def test_it_is_tried_on_the_chain_before_anybody_signs(client: Client, guild: Guild) -> None:
    url = begun(client)
    put(client, url, "transfer", token=guild.dollar, to=UMA, amount="5")
    assert "call 1 would fail, and with it the whole proposal" in plain(client.get(f"{url}?try=1"))
    client.post(url, {"remove": "0"})
    put(client, url, "votes", **{**today(guild, "votes"), "period": "2 h"})
    assert "it would succeed." in plain(client.get(f"{url}?try=1"))


def test_who_has_too_few_votes_or_an_empty_draft_is_told_before_the_wallet_opens(client: Client, guild: Guild) -> None:
    url = begun(client)
    assert "needs a title, a reason and at least one call" in post(client, url + "send/", address=TOM)[1]["sentence"]
    put(client, url, "pause", what="pause")
    client.post(url, WORDS)
    status, answer = post(client, url + "send/", address=STRANGER)
    assert status == 422
    assert "this account has 0 GUILD" in answer["sentence"].replace("\xa0", " ")
    assert "0 GUILD of the 1,000 GUILD that a proposer needs" in plain(client.get(f"{url}?address={STRANGER}"))
    assert "This is not an address." in plain(client.get(f"{url}?address=0x12"))


def test_only_who_has_the_link_finds_a_draft(client: Client, guild: Guild) -> None:
    url = begun(client)
    client.post(url, WORDS)
    place = reverse("governance:drafts", args=["guild-governor"])
    assert "Pay the arbiters" in plain(client.get(place))
    assert "Pay the arbiters" not in plain(Client().get(place))
    assert "Pay the arbiters" in plain(Client().get(url)), "the link itself is the right"
    assert client.get(url.replace(url.split("/")[-2], "x" * 32)).status_code == 404
    assert url.split("/")[-2] not in str(Draft.objects.values().get()), "the key is stored nowhere"
    assert client.get(url)["X-Robots-Tag"] == "noindex"


def test_drafts_are_bounded_and_forgotten(client: Client, guild: Guild, monkeypatch: pytest.MonkeyPatch) -> None:
    url = begun(client)
    monkeypatch.setattr(drafting, "A_DAY", 1)
    assert client.post(reverse("governance:drafts", args=["guild-governor"])).status_code == 422
    for _ in range(drafting.MOST_CALLS):
        put(client, url, "pause", what="pause")
    response = put(client, url, "pause", what="pause")
    assert response.status_code == 422
    assert "at most 20 calls" in plain(response)
    assert drafting.forget() == 0
    Draft.objects.update(changed_at=timezone.now() - timedelta(days=91))
    assert drafting.forget() == 1


def test_of_another_dao_nothing_about_the_market_can_be_wished_for(client: Client, guild: Guild) -> None:
    Governor.objects.update(is_own=False)
    found = wishes.kinds(Facts.of(guild.row()))
    assert "rules" not in found
    assert "transfer" in found
    url = begun(client)
    assert put(client, url, "rules", fee="3").status_code == 422
    assert Draft.objects.get().calls == []


def test_a_span_is_written_and_read_alike() -> None:
    for seconds in (0, 1, 59, 60, 90, 3_600, 5_400, 86_400, 129_600):
        assert typed.SpanField().clean(typed.span(seconds)) == seconds


def test_amounts_of_any_size_become_base_units_to_the_last_digit() -> None:
    text = "99999999999999999999999.123456789012345678"
    units = typed.base_units(Decimal(text), 18)
    assert units == 99999999999999999999999123456789012345678
    assert typed.whole_units(units, 18) == text
    assert [typed.whole_units(value, 18) for value in (0, GUILD, GUILD // 2)] == ["0", "1", "0.5"]
    assert typed.whole_units(7, 0) == "7"
