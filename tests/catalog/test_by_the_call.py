"""Plans that are paid by the call, and calls beyond those included: written, shown, searched and compared."""

import json
from typing import Any

import pytest
import yaml
from django.db import IntegrityError, transaction
from django.test import Client

from marketplace.catalog.comparing import compared
from marketplace.catalog.estimate import estimates
from marketplace.catalog.manifest import to_yaml
from marketplace.catalog.models import Listing, Plan
from marketplace.catalog.plans import PlanTerms, check
from marketplace.catalog.schemas import NotUsable
from marketplace.catalog.search.tables import SearchEntry
from marketplace.tenancy.scope import as_system
from tests import world
from tests.catalog.test_importing import cast as cast  # noqa: PLC0414  (fixtures)
from tests.catalog.test_importing import given, send, versions
from tests.catalog.test_importing import key as key  # noqa: PLC0414

pytestmark = pytest.mark.django_db
EACH = 20_000


def by_call(**fields: Any) -> PlanTerms:
    return world.terms(**{"name": "Pay as you go", "price": EACH, "period_seconds": 0, **fields})


def sold(cast: world.Cast, **fields: Any) -> Listing:
    return world.listing(cast.workshop, "Pay as you go", price=EACH, period_seconds=0, **fields)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"price": 0}, "what a call costs"),
        ({"included_calls": 5}, "includes none"),
        ({"period_seconds": world.DAY, "least_deposit": 5}, "paid by the call"),
        ({"overage_price": 5}, "needs a price for the period"),
        ({"period_seconds": world.DAY, "overage_price": 5}, "a number of calls in it"),
    ],
)
def test_a_plan_that_mixes_both_ways_is_refused_with_the_reason(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotUsable, match=sentence):
        check([by_call(**fields)])


@pytest.mark.parametrize(
    "fields",
    [
        {"period_seconds": 0, "price": 0, "included_calls": 5},
        {"period_seconds": 0, "included_calls": 5},
        {"least_deposit": 5},
        {"overage_price": 5},
    ],
)
def test_the_database_takes_no_such_plan_either(cast: world.Cast, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), as_system("the test writes past the rules"):
        Plan.objects.filter(pk=cast.plan.pk).update(**fields)


def test_a_file_with_both_comes_back_as_the_same(client: Client, cast: world.Cast, key: str) -> None:
    plans = [
        {"name": "By call", "price": "0.02", "currency": "TUSD", "period_seconds": 0, "least_deposit": "1.00"},
        {
            "name": "Small", "price": "9.00", "currency": "TUSD", "period_seconds": world.DAY, "included_calls": 5,
            "overage_price": "0.05",
        },
    ]  # fmt: skip
    assert send(client, key, given(plans=plans)).status_code == 201
    (version,) = versions()
    assert version.plans == [
        by_call(name="By call", least_deposit=world.TUSD).stored(),
        world.terms(
            name="Small", price=9 * world.TUSD, period_seconds=world.DAY, included_calls=5, overage_price=50_000
        ).stored(),
    ]
    written = yaml.safe_load(to_yaml(version, "forecast"))
    assert send(client, key, written).status_code == 200
    assert versions()[-1].plans == version.plans


def test_a_period_shorter_than_a_minute_is_still_refused(client: Client, cast: world.Cast, key: str) -> None:
    plan = {"name": "Odd", "price": "1", "currency": "TUSD", "period_seconds": 30}
    assert send(client, key, given(plans=[plan])).status_code == 400


def test_cards_pages_and_data_for_search_engines_say_the_price_of_a_call(client: Client, cast: world.Cast) -> None:
    listing = sold(cast, least_deposit=world.TUSD)
    page = client.get(listing.address).content.decode()
    assert "per call" in page
    assert "You pay for calls that are answered" in page
    assert "The rest comes back" in page
    data = json.loads(page.partition('application/ld+json"')[2].partition(">")[2].partition("</script>")[0])
    assert data["offers"][0]["priceSpecification"] == {
        "@type": "UnitPriceSpecification", "price": "0.02", "priceCurrency": "TUSD", "unitText": "call",
    }  # fmt: skip
    assert "per call" in client.get("/browse/?pays=call").content.decode()
    assert listing.name not in client.get("/browse/?pays=period").content.decode()
    entry = SearchEntry.objects.get(listing_id=listing.pk)
    assert "mcall" in entry.tags
    assert entry.price == 100 * EACH  # as a hundred calls in 30 days, in millionths
    said = client.get(f"/api/v1/listings/{listing.slug}/").json()["plans"][0]
    assert (said["period_seconds"], said["price"], said["least_deposit"]) == (0, str(EACH), str(world.TUSD))


def test_an_estimate_is_exact_for_calls_and_counts_further_ones(cast: world.Cast) -> None:
    [one] = estimates([world.plan(sold(cast))], calls=50, months=3)
    assert (one.total, one.each, one.periods) == (150 * EACH, EACH, 0)
    capped = world.listing(cast.workshop, "Capped", included_calls=40, overage_price=50_000)
    [one] = estimates([world.plan(capped)], calls=50, months=3)
    assert (one.beyond, one.total) == (30, 3 * 29 * world.TUSD + 30 * 50_000)
    closed = world.listing(cast.workshop, "Closed", included_calls=40)
    assert estimates([world.plan(closed)], calls=50, months=3) == []


def test_a_comparison_says_the_price_of_a_call_and_invents_none_for_a_month(cast: world.Cast) -> None:
    listing = sold(cast)
    found = list(Listing.objects.filter(pk=listing.pk).with_offers())
    price, month = compared(found)[:2]
    assert price.cells[0].prices[0].seconds == 0
    assert month.cells[0].is_missing
