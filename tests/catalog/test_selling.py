"""The provider's side: drafts, previews, submission."""

import json
from typing import Any

import pytest
from django.test import Client

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.organizations.models import Organization
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db
HOME = "/o/ben-workshop/listings/"


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def ben(client: Client, cast: world.Cast) -> Client:
    client.force_login(cast.ben)
    return client


def typed(**fields: Any) -> dict[str, Any]:
    given = {
        "name": "Sales forecast",
        "summary": "Know next month's sales today",
        "description": "Upload a table. **Bold** claims.",
        "category": world.category().pk,
        "plan_name": "Standard",
        "price": "29.00",
        "kind": "tool",
        "currency": world.currency().pk,
        "period_seconds": 30 * world.DAY,
        "endpoint": "https://tools.example/forecast",
        "input_schema": json.dumps(world.INPUT_SCHEMA),
        "example": json.dumps(world.EXAMPLE),
        "output_schema": "",
    }
    return {**given, **fields}


def versions() -> Any:
    return ListingVersion.objects.filter(listing__slug__startswith="sales-forecast").order_by("pk")


def test_a_provider_writes_looks_and_submits(ben: Client) -> None:
    answer: Any = ben.post(f"{HOME}new/", typed())
    assert answer.url == f"{HOME}sales-forecast/"
    page = ben.get(answer.url).content.decode()
    assert "as buyers will see it" in page
    assert "<strong>Bold</strong>" in page
    assert "Submit for review" in page
    answer = ben.post(f"{HOME}sales-forecast/submit/")
    assert answer.url == HOME
    assert "With a moderator" in ben.get(HOME).content.decode()
    with as_system("look"):
        version = versions().get()
    assert (version.state, version.price, version.period_seconds) == ("submitted", 29 * world.TUSD, 30 * world.DAY)


@pytest.mark.parametrize(
    ("price", "units"),
    [("29", 29_000_000), ("29.5", 29_500_000), ("29,50", 29_500_000), (" 0.000001 ", 1), ("1000", 1_000_000_000)],
)
def test_prices_are_taken_as_people_write_them(ben: Client, price: str, units: int) -> None:
    ben.post(f"{HOME}new/", typed(price=price))
    with as_system("look"):
        assert versions().get().price == units


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This field is required"),
        ("price", "0", "what it costs"),
        ("price", "1,000", "Is this 1000 or 1.000?"),
        ("price", "-3", "as a number"),
        ("price", "1e3", "as a number"),
        ("price", "0.0000001", "6 decimals"),
        ("price", "9" * 12, "as a number"),
        ("period_seconds", "1", "Select a valid choice"),
        ("category", "999999", "Select a valid choice"),
        ("endpoint", "http://tools.example/", "https://"),
        ("endpoint", "ftp://tools.example/", "Enter a valid URL|https"),
        ("endpoint", "https://name:word@tools.example/", "Leave name and password out"),
        ("endpoint", "https://tools.example:25/", "Port 25"),
        ("endpoint", "https://tools.example/#part", "after #"),
        ("endpoint", "javascript:alert(1)", "Enter a valid URL|https"),
        ("input_schema", "{", "not valid JSON (line 1)"),
        ("input_schema", '{"type": "object", "properties": {"a": {"type": "string", "pattern": "a"}}}', "“pattern”"),
        ("example", '{"text": 5}', "does not fit the input"),
        ("example", "", "This field is required"),
        ("output_schema", "[]", "JSON object"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(ben: Client, field: str, value: str, sentence: str) -> None:
    answer = ben.post(f"{HOME}new/", typed(**{field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert any(words in page for words in sentence.split("|")), page
    assert "Know next month&#x27;s sales today" in page
    assert 'aria-invalid="true"' in page
    with as_system("look"):
        assert not versions().exists()


def test_a_typed_schema_stays_as_typed_when_it_is_wrong(ben: Client) -> None:
    page = ben.post(f"{HOME}new/", typed(input_schema='{"my": typo}')).content.decode()
    assert "{&quot;my&quot;: typo}" in page


def test_the_order_of_the_fields_is_the_providers(ben: Client) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in ("zebra", "a", "mm")}}
    ben.post(f"{HOME}new/", typed(input_schema=json.dumps(schema), example='{"a": "x"}'))
    with as_system("look"):
        assert list(versions().get().input_schema["properties"]) == ["zebra", "a", "mm"]


def test_a_draft_can_be_written_again(ben: Client) -> None:
    ben.post(f"{HOME}new/", typed(price="29.50"))
    page = ben.get(f"{HOME}sales-forecast/edit/").content.decode()
    assert 'value="29.50"' in page
    assert "&quot;title&quot;: &quot;Reviews&quot;" in page
    ben.post(f"{HOME}sales-forecast/edit/", typed(summary="Better"))
    with as_system("look"):
        assert versions().get().summary == "Better"


def test_what_keeps_an_organization_from_selling_is_said_before_and_after(ben: Client, cast: world.Cast) -> None:
    ben.post(f"{HOME}new/", typed())
    with as_system("set the stage"):
        Organization.objects.filter(pk=cast.workshop.pk).update(state="new")
    for url in (HOME, f"{HOME}sales-forecast/"):
        assert "Ask for verification" in ben.get(url).content.decode()
    answer = ben.post(f"{HOME}sales-forecast/submit/")
    assert answer.status_code == 422
    assert "Only verified organizations" in answer.content.decode()


def test_submitting_twice_says_so_and_changes_nothing(ben: Client) -> None:
    ben.post(f"{HOME}new/", typed())
    ben.post(f"{HOME}sales-forecast/submit/")
    answer = ben.post(f"{HOME}sales-forecast/submit/")
    assert answer.status_code == 422
    assert "submitted this already" in answer.content.decode()
    answer = ben.post(f"{HOME}sales-forecast/edit/", typed(summary="Sneaky"))
    assert answer.status_code == 422
    with as_system("look"):
        assert versions().get().summary == "Know next month's sales today"


def test_a_reason_to_change_stands_beside_the_listing(ben: Client, cast: world.Cast) -> None:
    world.version(cast.workshop, "Photo sorter", state="changes_requested", reason="Say what goes in.")
    for url in (HOME, f"{HOME}photo-sorter/", f"{HOME}photo-sorter/edit/"):
        assert "Say what goes in." in ben.get(url).content.decode()


def test_retiring_is_asked_first_and_then_final(ben: Client, cast: world.Cast) -> None:
    assert "for good" in ben.get(f"{HOME}review-mood/retire/").content.decode()
    assert Listing.objects.public().exists()
    ben.post(f"{HOME}review-mood/retire/")
    assert not Listing.objects.public().exists()
    assert "Retired" in ben.get(HOME).content.decode()


def test_an_organization_without_listings_is_told_how_to_begin(client: Client, cast: world.Cast) -> None:
    client.force_login(cast.ada)
    assert "You offer nothing yet" in client.get("/o/ada-bakery/listings/").content.decode()


@pytest.mark.parametrize("path", ["", "edit/", "retire/"])
def test_the_listing_of_another_organization_is_not_there(client: Client, cast: world.Cast, path: str) -> None:
    client.force_login(cast.ada)
    assert client.get(f"{HOME}review-mood/{path}").status_code == 404
    assert client.get(f"/o/ada-bakery/listings/review-mood/{path}").status_code == 404


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("billing", 403), ("developer", 200), ("admin", 200)])
def test_only_who_may_sell_writes_listings(client: Client, cast: world.Cast, role: str, status: int) -> None:
    carl = world.person("Carl")
    world.member(cast.workshop, carl, role)
    client.force_login(carl)
    assert client.get(f"{HOME}new/").status_code == status
    assert client.get(HOME).status_code == 200


def test_fields_that_are_not_asked_for_change_nothing(ben: Client, cast: world.Cast) -> None:
    sneaky = {"state": "approved", "org": cast.bakery.pk, "org_id": cast.bakery.pk, "number": 9, "listing": 1}
    ben.post(f"{HOME}new/", typed(**sneaky))
    with as_system("look"):
        version = versions().get()
    assert (version.state, version.org_id, version.number) == ("draft", cast.workshop.pk, 1)


def test_the_number_of_queries_does_not_grow_with_the_listings(
    ben: Client, cast: world.Cast, django_assert_max_num_queries: Any
) -> None:
    for i in range(15):
        world.listing(cast.workshop, f"Tool {i}")
    ben.get(HOME)
    with django_assert_max_num_queries(20):  # of which ten set and reset the scope
        ben.get(HOME)
