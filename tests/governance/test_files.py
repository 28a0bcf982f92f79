"""What programs read: all votes, proposals as a feed, deadlines as a calendar."""

import csv
import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Vote
from tests.governance.guild import GUILD, TOM, UMA, Guild
from tests.governance.test_pages import active, address_of, guild_logs

pytestmark = pytest.mark.django_db


def read(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def test_all_votes_come_as_csv_and_as_json_with_exact_weights(client: Client, guild: Guild) -> None:
    voting = active(guild)
    voting.vote(TOM, 1, '=HYPERLINK("x"), "yes"\nSecond line — ja.')
    voting.vote(UMA, 0)
    guild.copy()
    rows = list(csv.DictReader(io.StringIO(read(client.get(address_of(voting, "votes_csv"))))))
    assert [(row["voter"], row["support"], row["weight"]) for row in rows] == [
        (TOM, "for", str(600_000 * GUILD)),
        (UMA, "against", str(100_000 * GUILD)),
    ]
    assert rows[0]["reason"].startswith("'=HYPERLINK"), "a spreadsheet would run it"
    told = json.loads(read(client.get(address_of(voting, "votes_json"))))
    assert told["proposalId"] == str(voting.id)
    assert told["asOfBlock"] == guild.node.head()
    assert told["votes"][0]["reason"] == '=HYPERLINK("x"), "yes"\nSecond line — ja.'
    assert told["votes"][0]["weight"] == str(600_000 * GUILD)


def test_a_proposal_without_votes_is_a_file_too(client: Client, guild: Guild) -> None:
    voting = active(guild)
    assert json.loads(read(client.get(address_of(voting, "votes_json"))))["votes"] == []
    assert read(client.get(address_of(voting, "votes_csv"))).startswith("voter,support,weight")


def test_thousands_of_votes_cost_no_more_queries_than_one(
    client: Client, guild: Guild, django_assert_max_num_queries: Any
) -> None:
    voting = active(guild)
    row = voting.row()
    Vote.objects.bulk_create(
        Vote(proposal=row, log=log, voter=f"0x{n:040x}", support=1, weight=n)
        for n, log in enumerate(guild_logs(guild, row, 1500))
    )
    with django_assert_max_num_queries(10):
        assert len(json.loads(read(client.get(address_of(voting, "votes_json"))))["votes"]) == 1500


def test_the_feed_says_what_is_proposed_and_how_it_stands(client: Client, guild: Guild) -> None:
    voting = active(guild, "# Fee & <b>more</b>\n\nBecause.")
    answer = client.get(reverse("governance:feed", args=["guild-governor"]))
    assert answer["Content-Type"].startswith("application/atom+xml")
    entry = ElementTree.fromstring(answer.content).find("{*}entry")
    assert entry is not None
    assert entry.findtext("{*}title") == "Fee & <b>more</b>"
    assert "goes from 2.5" in str(entry.findtext("{*}summary"))
    assert str(voting.id) in str(entry.findtext("{*}id"))


def test_the_calendar_has_the_deadlines_and_stays_within_the_standard(client: Client, guild: Guild) -> None:
    voting = active(guild, "# Ein sehr langer Titel; mit Komma, Umlauten äöü und noch mehr Worten für die Zeile\n\nX")
    text = client.get(reverse("governance:calendar", args=["guild-governor"])).content.decode()
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    whole = text.replace("\r\n ", "")
    assert "SUMMARY:Vote: Ein sehr langer Titel\\; mit Komma\\, Umlauten äöü" in whole
    assert f"UID:vote-{voting.id}@" in whole
    assert re.search(r"DTSTART:\d{8}T\d{6}Z", whole)
    assert whole.startswith("BEGIN:VCALENDAR\r\n")
    assert whole.endswith("END:VCALENDAR\r\n")
