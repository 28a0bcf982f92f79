"""The front page: live figures, what is used most, what is new."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.catalog.models import Listing
from marketplace.subscriptions.models import Order
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def order(cast: world.Cast, listing: Listing, buyer: Any, state: str) -> None:
    with transaction.atomic(), as_system("set the stage"):
        Order.objects.create(
            buyer=buyer,
            provider=listing.org,
            listing=listing,
            plan=listing.plans.get(),
            state=state,
            currency=cast.currency,
            price=1,
            period_seconds=world.DAY,
            periods=1,
            max_fee_bps=250,
            provider_address=world.BEN_ADDRESS,
            order_ref="0x" + uuid.uuid4().hex * 2,
            expires_at=timezone.now() + timedelta(hours=1),
        )


def part(html: str, key: str) -> list[str]:
    """The names on the cards of one section."""
    found = re.search(rf'<section[^>]*aria-labelledby="{key}".*?</section>', html, re.DOTALL)
    return re.findall(r"<h3><a [^>]*>([^<]+)</a>", found[0]) if found else []


def stat(html: str, label: str) -> str:
    found = re.search(rf"<dt>{label}</dt>\s*<dd>\s*([^\s<]+)", html)
    return found[1] if found else ""


def test_the_figures_are_those_of_the_database(client: Client, cast: world.Cast) -> None:
    for state in ("placed", "funded", "completed", "completed", "refunded", "expired"):
        order(cast, cast.listing, cast.bakery, state)
    html = client.get("/").content.decode()
    assert (stat(html, "Tools on offer"), stat(html, "Providers"), stat(html, "Orders settled")) == ("1", "1", "3")


def test_what_most_companies_pay_for_comes_first_and_one_company_counts_once(client: Client, cast: world.Cast) -> None:
    wanted, unpaid = world.listing(cast.workshop, "Wanted"), world.listing(cast.workshop, "Unpaid")
    for _ in range(3):
        order(cast, cast.listing, cast.bakery, "funded")
        order(cast, unpaid, cast.bakery, "placed")
    for name in ("One", "Two"):
        order(cast, wanted, world.organization(name), "completed")
    assert part(client.get("/").content.decode(), "featured") == ["Wanted", cast.listing.name]


def test_a_market_without_orders_features_nothing(client: Client, cast: world.Cast) -> None:
    html = client.get("/").content.decode()
    assert part(html, "featured") == []
    assert 'id="featured"' not in html
    assert part(html, "newest") == [cast.listing.name]


def test_a_tool_that_was_taken_down_leaves_at_once(client: Client, cast: world.Cast, settings: Any) -> None:
    settings.FIGURES_KEPT_SECONDS = 60
    order(cast, cast.listing, cast.bakery, "funded")
    settings.FIGURES_KEPT_SECONDS = 0
    assert part(client.get("/").content.decode(), "featured") == [cast.listing.name]
    settings.FIGURES_KEPT_SECONDS = 60
    with as_system("set the stage"):
        Listing.objects.update(state="suspended")
    assert part(client.get("/").content.decode(), "featured") == []


def test_no_buyer_is_named(client: Client, cast: world.Cast) -> None:
    order(cast, cast.listing, cast.bakery, "completed")
    assert cast.bakery.name not in client.get("/").content.decode()


def test_the_number_of_queries_does_not_grow_and_is_small_once_the_figures_are_kept(
    client: Client, cast: world.Cast, settings: Any
) -> None:
    for i in range(8):
        order(cast, world.listing(cast.workshop, f"Tool {i}"), cast.bakery, "funded")
    client.get("/")
    settings.FIGURES_KEPT_SECONDS = settings.SHELL_KEPT_SECONDS = 60
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        assert len(part(client.get("/").content.decode(), "featured")) == 6
    assert len(queries) == 3
