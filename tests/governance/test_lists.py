"""The list of proposals: found by what one looks for, in a number of queries that does not grow."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Proposal, State
from tests.governance.guild import DELAY, PERIOD, STRANGER, TOM, UMA, Guild
from tests.governance.test_pages import plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def several(guild: Guild) -> Guild:
    """One that is over and queued, one defeated, and two open, of which Tom has voted on the first."""
    first, second = guild.propose(guild.set_fee(310), "Queued one"), guild.propose(guild.set_fee(320), "Lost one")
    guild.pass_time(DELAY + 1)
    first.vote(TOM, 1)
    second.vote(TOM, 0)
    guild.pass_time(PERIOD + 30)
    first.act("queue")
    third = guild.propose(guild.set_fee(330), "# Open and voted\n\nAbout the arbiters' lunch.")
    guild.propose(guild.set_fee(340), "Open and waiting", sender=UMA)
    guild.pass_time(DELAY + 1)
    third.vote(TOM, 1)
    guild.copy()
    return guild


def titles(client: Client, **query: str) -> list[str]:
    text = plain(client.get(reverse("governance:proposals", args=["guild-governor"]), query))
    return re.findall(r"<h3><a [^>]*>([^<]*)</a>", text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Open and waiting", "Open and voted", "Queued one", "Lost one"]),
        ({"show": "active"}, ["Open and waiting", "Open and voted"]),
        ({"show": "missing", "address": TOM}, ["Open and waiting"]),
        ({"show": "missing", "address": TOM.lower()}, ["Open and waiting"]),
        ({"show": "missing", "address": STRANGER}, ["Open and waiting", "Open and voted"]),
        ({"show": "missing"}, []),
        ({"show": "missing", "address": "0x12"}, []),
        ({"show": "queued"}, ["Queued one"]),
        ({"show": "ended"}, ["Lost one"]),
        ({"show": "nonsense"}, ["Open and waiting", "Open and voted", "Queued one", "Lost one"]),
        ({"q": "LUNCH"}, ["Open and voted"]),
        ({"q": "open waiting"}, ["Open and waiting"]),
        ({"q": UMA.lower()}, ["Open and waiting"]),
        ({"q": "one", "show": "ended"}, ["Lost one"]),
        ({"q": "100%_\\"}, []),
        ({"q": "\x00"}, ["Open and waiting", "Open and voted", "Queued one", "Lost one"]),
    ],
)
def test_the_list_shows_what_one_looks_for(
    several: Guild, client: Client, query: dict[str, str], expected: list[str]
) -> None:
    assert titles(client, **query) == expected


def test_each_row_says_how_it_stands_and_how_long_it_is_open_by_the_chains_clock(
    several: Guild, client: Client
) -> None:
    text = plain(client.get(reverse("governance:proposals")))
    assert text.count('data-vote="quorum"') == 4
    assert "left to vote" in text
    assert "1 voter, quorum not reached." in text
    assert "This is not an address" in plain(
        client.get(reverse("governance:proposals"), {"show": "missing", "address": "x"})
    )


def many(guild: Guild, count: int) -> None:
    """As many proposals, of a few starts, so that pages end within equal ones."""
    from tests.governance.test_pages import guild_logs

    first = guild.propose(guild.set_fee(300), "Number 0")
    guild.copy()
    row = first.row()
    shape = {
        f.attname: getattr(row, f.attname) for f in Proposal._meta.concrete_fields if f.attname not in {"id", "log_id"}
    }
    for number, log in enumerate(guild_logs(guild, row, count), 1):
        start = row.vote_start + number // 7
        more = {"proposal_id": number, "text": f"Number {number}", "description_bytes": b"Number %d" % number}
        more |= {"vote_start": start, "vote_end": start + 10, "deadline": start + 10, "state": list(State)[number % 8]}
        Proposal.objects.create(**(shape | more), log=log)


def test_page_after_page_shows_every_proposal_once_in_one_order(guild: Guild, client: Client) -> None:
    many(guild, 74)
    seen: list[str] = []
    url: str = reverse("governance:proposals", args=["guild-governor"])
    for _ in range(9):
        text = plain(client.get(url))
        seen += re.findall(r"<h3><a [^>]*>([^<]*)</a>", text)
        following = re.search(r'rel="next"[^>]*|href="([^"]+)" rel="next"', text)
        if following is None or not following[1]:
            break
        url = following[1].replace("&amp;", "&")
    assert len(seen) == 75
    assert len(set(seen)) == 75
    assert seen == [row.title for row in Proposal.objects.by_urgency()]


@pytest.mark.parametrize("after", ["", "1", "1.2", "x.y.z", "-1.2.3", "9.9.9" + 30 * "9", "1.2.3.4", "１.２.３"])
def test_a_place_that_is_none_is_no_error(several: Guild, client: Client, after: str) -> None:
    assert client.get(reverse("governance:proposals"), {"after": after}).status_code == 200


def test_the_list_takes_as_many_queries_for_twenty_as_for_one(
    guild: Guild, client: Client, django_assert_max_num_queries: Any
) -> None:
    many(guild, 40)
    url = reverse("governance:proposals")
    with django_assert_max_num_queries(16) as full:
        client.get(url)
    Proposal.objects.exclude(proposal_id=3).delete()
    with django_assert_max_num_queries(16) as one:
        client.get(url)
    assert len(full) == len(one) or len(full) - len(one) <= 1, "no more than the supply of what has not begun"


def test_a_proposal_with_twenty_thousand_votes_takes_no_more_queries_than_one_with_twenty(
    guild: Guild, client: Client, django_assert_max_num_queries: Any
) -> None:
    from governance.models import Vote
    from tests.governance.test_pages import guild_logs

    voting = guild.propose(guild.set_fee(300), "Everybody votes")
    guild.pass_time(DELAY + 1)
    guild.copy()
    row = voting.row()

    def votes(first: int, last: int) -> None:
        Vote.objects.bulk_create(
            [
                Vote(proposal=row, log=log, voter=f"0x{n:040x}", support=n % 3, weight=n)
                for n, log in enumerate(guild_logs(guild, row, last - first, start=1_000 + first), first)
            ],
            batch_size=5_000,
        )

    votes(1, 21)
    client.get(row.get_absolute_url())
    with django_assert_max_num_queries(15) as few:
        client.get(row.get_absolute_url())
    votes(21, 20_001)
    with django_assert_max_num_queries(15) as many:
        client.get(row.get_absolute_url())
    assert abs(len(many) - len(few)) <= 1, "no more than the question whether there are further votes"
