"""A tool's page: what it costs for me, whether we have it, what has changed, what search engines read."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.catalog.estimate import estimates
from marketplace.catalog.models import Listing, ListingVersion, Plan
from marketplace.catalog.search.indexing import catch_up
from marketplace.subscriptions.models import Order, Subscription
from tests import world

pytestmark = pytest.mark.django_db
PAGE = "/tools/review-mood/"


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def text(client: Client, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@world.written
def subscribed(cast: world.Cast, *, days: int = 30) -> None:
    now = timezone.now()
    both = {"buyer": cast.bakery, "provider": cast.workshop, "listing": cast.listing}
    order = Order.objects.create(
        **both, plan=cast.plan, state="funded", currency=cast.currency, price=cast.plan.price,
        period_seconds=cast.plan.period_seconds, periods=1, max_fee_bps=250, provider_address=world.BEN_ADDRESS,
        order_ref="0x" + "ab" * 32, expires_at=now,
    )  # fmt: skip
    start = now - timedelta(days=40)
    Subscription.objects.create(
        **both, order=order, state="active", starts_at=start, ends_at=now + timedelta(days=days)
    )


@world.written
def second_version(listing: Listing, **fields: Any) -> ListingVersion:
    return world.version(listing.org, listing=listing, state="approved", decided_at=timezone.now(), **fields)


@pytest.mark.parametrize(
    ("days", "price", "months", "periods", "total", "each"),
    [(30, 29, 3, 3, 87_000_000, 290_000), (365, 100, 3, 1, 100_000_000, 340_000), (7, 1, 1, 5, 5_000_000, 50_000)],
)
def test_the_estimate_is_whole_periods_and_never_too_low(
    days: int, price: int, months: int, periods: int, total: int, each: int
) -> None:
    plan = Plan(price=price * world.TUSD, period_seconds=days * world.DAY, currency=world.currency())
    [one] = estimates([plan], calls=100, months=months)
    assert (one.periods, one.total, one.each) == (periods, total, each)


def test_a_buyer_sees_what_it_would_cost_them(client: Client, cast: world.Cast) -> None:
    page = text(client, f"{PAGE}?calls=200&months=2")
    for words in ("58.00", "0.15 ", "2 × 30 days", "the market's fee inside"):
        assert words in page.replace("&#x27;", "'")


@pytest.mark.parametrize("query", ["calls=0&months=1", "calls=x&months=1", "calls=1&months=99", "calls=", "calls=%00"])
def test_a_volume_that_makes_no_sense_is_said_so_and_kept(client: Client, cast: world.Cast, query: str) -> None:
    page = text(client, f"{PAGE}?{query}")
    assert "In all" not in page
    assert 'aria-invalid="true"' in page


def test_who_subscribes_is_told_so_and_nobody_else(client: Client, cast: world.Cast) -> None:
    subscribed(cast)
    assert "You subscribe" not in text(client)
    stranger = Client()
    stranger.force_login(world.person("Stranger"))
    assert "You subscribe" not in text(stranger)
    client.force_login(cast.ada)
    page = text(client)
    assert "You subscribe" in page
    assert "/o/ada-bakery/use/review-mood/" in page


def test_a_subscription_that_is_over_is_no_subscription(client: Client, cast: world.Cast) -> None:
    subscribed(cast, days=-1)
    client.force_login(cast.ada)
    assert "You subscribe" not in text(client)


def test_whatever_a_provider_writes_the_structured_data_stays_data(client: Client, cast: world.Cast) -> None:
    evil = '</script><script>alert(1)</script> & "x" <!--'
    world.listing(cast.workshop, "Evil", summary=evil)
    page = text(client, "/tools/evil/")
    assert "<script>alert(1)" not in page
    found = re.search(r'<script type="application/ld\+json" nonce="[^"]+">(.*?)</script>', page, re.DOTALL)
    assert found
    facts = json.loads(found[1])
    assert facts["description"] == evil
    assert (facts["@type"], facts["offers"][0]["price"]) == ("SoftwareApplication", "29")


def test_a_shared_link_shows_the_tool(client: Client, cast: world.Cast) -> None:
    page = text(client)
    assert '<meta property="og:title" content="Review mood">' in page
    assert '<link rel="canonical" href="http://testserver/tools/review-mood/">' in page


def test_what_has_changed_is_shown_without_what_only_the_provider_may_see(client: Client, cast: world.Cast) -> None:
    second_version(cast.listing, summary="A better line", endpoint="https://secret.example/")
    world.version(cast.workshop, listing=cast.listing, name="An unread draft")
    page = text(client, f"{PAGE}changes/")
    assert "<ins>A better line</ins>" in page
    assert "Version 2" in page
    page += (german := text(client, f"{PAGE}changes/?lang=de"))
    assert "Kurzbeschreibung" in german
    for hidden in ("secret.example", "127.0.0.1:9", "An unread draft"):
        assert hidden not in page


@pytest.mark.parametrize("state", ["hidden", "suspended", "retired"])
def test_the_changes_of_what_is_not_public_are_not_shown(client: Client, cast: world.Cast, state: str) -> None:
    world.written(lambda: Listing.objects.update(state=state))()
    assert client.get(f"{PAGE}changes/").status_code == 404


def test_the_thousandth_plan_can_be_subscribed_to(client: Client, cast: world.Cast) -> None:
    """Figures on a page have separators; what stands in an address must not."""
    world.written(lambda: Plan.objects.filter(pk=cast.plan.pk).update(id=1_234_567))()
    assert "subscribe/?plan=1234567" in text(client)


def test_similar_tools_are_of_the_same_shelf_and_kind_and_answer(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Twin")
    world.listing(cast.workshop, "Corpus", kind="dataset")
    world.listing(cast.workshop, "Elsewhere", category=world.category("documents", "Documents"))
    dead = world.listing(cast.workshop, "Dead")
    long_ago = timezone.now() - timedelta(days=2)
    world.written(lambda: Listing.objects.filter(name="Corpus").update(kind="dataset"))()
    world.written(lambda: Listing.objects.filter(pk=dead.pk).update(is_down_since=long_ago))()
    catch_up()
    assert re.findall(r'<h3><a href="/tools/([^/]+)/">', text(client)) == ["twin"]


def test_the_page_costs_at_most_eight_queries_however_much_there_is(client: Client, cast: world.Cast) -> None:
    counts = []
    for more in (0, 6):
        for n in range(more):
            world.listing(cast.workshop, f"Twin {n}")
            second_version(cast.listing, summary=f"Line {n}")
        text(client)
        for url in (PAGE, f"{PAGE}?calls=10&months=2"):
            with CaptureQueriesContext(connection) as queries:
                text(client, url)
            counts.append(len(queries))
    assert max(counts) <= 8
    assert counts[0] + 2 >= counts[2]  # the first page has no similar tools, so no cards of theirs, nor their icons
    assert counts[2] == counts[3]
