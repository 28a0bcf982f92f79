"""Tools side by side: what differs first, what each costs in all, and nothing that is not public."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.catalog.models import Listing
from marketplace.catalog.search.indexing import catch_up
from marketplace.gateway.models import HealthSpan
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    cache.clear()
    return world.cast()


def page(client: Client, *slugs: str, **more: Any) -> str:
    answer = client.get("/compare/", {"tool": list(slugs), **more})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


@world.written
def change(slug: str, **fields: Any) -> None:
    Listing.objects.filter(slug=slug).update(**fields)


def differing(text: str) -> str:
    return text.partition("<tbody>")[2].partition("</tbody>")[0]


def same(text: str) -> str:
    return text.partition("What is the same")[2].partition("</dl>")[0]


def test_what_differs_comes_first_and_what_is_the_same_is_folded(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Cheaper", price=12 * world.TUSD)
    change("review-mood", retention_days=0, region="eu", uptime_bps=9950)
    change("cheaper", retention_days=30, region="eu", uptime_bps=9990)
    text = page(client, "review-mood", "cheaper")
    for words in ("29.00", "12.00", "30 days", "Not at all", "99.5", "99.9"):
        assert words in differing(text), words
    assert "European Union" in same(text) and "European Union" not in differing(text)
    assert "Ben Workshop" in same(text)
    assert "what has not elapsed comes back" in same(text)
    assert text.index("What differs") < text.index("What is the same")


def test_plans_of_other_periods_are_set_against_each_other_for_thirty_days(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Weekly", price=8 * world.TUSD, period_seconds=7 * world.DAY)
    text = differing(page(client, "review-mood", "weekly"))
    assert "34.29" in text.partition("For 30 days, all included")[2].partition("</tr>")[0], "8 × 30 / 7, rounded up"


def test_a_tool_is_taken_away_and_another_added_by_links(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Twin")
    world.listing(cast.workshop, "Forecast")
    text = page(client, "review-mood", "twin")
    assert 'href="/compare/?tool=twin"' in text and 'href="/compare/?tool=review-mood"' in text
    assert 'href="/compare/?tool=review-mood&amp;tool=twin&amp;tool=forecast"' in text
    found = page(client, "review-mood", add="forecast")
    assert 'href="/compare/?tool=review-mood&amp;tool=forecast"' in found
    assert "No other tool was found" in page(client, "review-mood", add="xylophone quartz")


def test_an_address_keeps_its_order_and_shows_each_tool_once(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Twin")
    text = page(client, "twin", "review-mood", "twin")
    heads = re.findall(r'<th scope="col"> <a href="/tools/([^/]+)/"', text)
    assert heads == ["twin", "review-mood"]


def test_the_fifth_is_left_out_and_said_so(client: Client, cast: world.Cast) -> None:
    for i in range(5):
        world.listing(cast.workshop, f"Tool {i}")
    text = page(client, *[f"tool-{i}" for i in range(5)])
    assert "Four fit side by side" in text
    assert text.count('<th scope="col">') == 4
    assert "Add another" not in text


def test_one_alone_shows_all_of_it_and_none_asks_to_begin(client: Client, cast: world.Cast) -> None:
    alone = page(client, "review-mood")
    assert "Add another tool to see what differs" in alone
    assert "Ben Workshop" in differing(alone)
    assert "Choose a tool to begin with" in page(client)


@pytest.mark.parametrize("state", ["hidden", "suspended", "retired"])
def test_what_is_not_public_is_not_compared(client: Client, cast: world.Cast, state: str) -> None:
    world.listing(cast.workshop, "Secret plan")
    change("secret-plan", state=state)
    catch_up()
    text = page(client, "review-mood", "secret-plan", add="secret")
    assert "is not in the shop any more" in text
    assert "Secret plan" not in text


def test_facts_of_one_kind_are_gaps_beside_another_kind(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Corpus")
    change("corpus", kind="dataset", kind_facts={"rows": "1.2 million"})
    text = differing(page(client, "review-mood", "corpus"))
    row = text.partition('<th scope="row">Rows</th>')[2].partition("</tr>")[0]
    assert "Not stated" in row and "1.2 million" in row


def test_what_a_provider_wrote_stays_text(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Evil")
    change("evil", name="<b>Evil</b>", data_sent="<script>alert(1)</script>")
    text = page(client, "review-mood", "evil")
    assert "<b>Evil" not in text and "<script>alert" not in text


@pytest.mark.parametrize("query", ["tool=%00", "tool=" + "x" * 5000, "add=%00", "tool=a&" * 200, "add=" + "y" * 3000])
def test_nonsense_is_an_empty_page(client: Client, cast: world.Cast, query: str) -> None:
    assert client.get(f"/compare/?{query}").status_code == 200


@world.written
def measured(slug: str, day: int, p95: int) -> None:
    at = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=day)
    listing = Listing.objects.get(slug=slug)
    HealthSpan.objects.create(listing=listing, seconds=86_400, starts_at=at, probes=9, up=9, p95=p95)


def test_how_fast_each_answers_is_that_of_its_latest_day(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Twin")
    measured("review-mood", 2, 999)
    measured("review-mood", 1, 120)
    text = differing(page(client, "review-mood", "twin"))
    assert "120 ms or less" in text and "999" not in text


def test_the_page_costs_eight_queries_at_most_and_as_many_for_two_as_for_four(client: Client, cast: world.Cast) -> None:
    for i in range(12):
        world.listing(cast.workshop, f"Tool {i}")
    counts = []
    for slugs in (["tool-0", "tool-1"], ["tool-0", "tool-1", "tool-2"], ["tool-0", "tool-1", "tool-2", "tool-3"]):
        page(client, *slugs)
        with CaptureQueriesContext(connection) as queries:
            page(client, *slugs)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
    assert counts[2] <= counts[1], "four cannot be added to"
