"""The provider's side: drafts, previews, submission."""

import html
import json
import re
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


WHAT, CALLS, PLANS, DATA = "edit/", "edit/calls/", "edit/plans/", "edit/data/"
STEP_OF = {
    CALLS: {"endpoint", "input_schema", "example", "output_schema"},
    DATA: {"data_sent", "region", "retention_days", "trains_on_input", "subprocessors"},
}


def typed(**fields: Any) -> dict[str, Any]:
    """Everything that a provider types in the four steps, for one plan."""
    given = {
        "name": "Sales forecast",
        "summary": "Know next month's sales today",
        "description": "Upload a table. **Bold** claims.",
        "category": world.category().pk,
        "kind": "tool",
        "endpoint": "https://tools.example/forecast",
        "input_schema": json.dumps(world.INPUT_SCHEMA),
        "example": json.dumps(world.EXAMPLE),
        "output_schema": "",
        **plan_form(),
    }
    return {**given, **fields}


def plan_form(number: int = 0, **fields: Any) -> dict[str, Any]:
    given = {
        "name": "Standard", "kind": "period", "price": "29.00", "currency": world.currency().pk,
        "period_seconds": 30 * world.DAY, "included_calls": "", "trial_calls": "", "trial_days": "", **fields,
    }  # fmt: skip
    count = {"plans-TOTAL_FORMS": number + 1, "plans-INITIAL_FORMS": 0}
    return {**count, **{f"plans-{number}-{name}": value for name, value in given.items()}}


def step_of(field: str) -> str:
    if field.startswith("plans-"):
        return PLANS
    return next((step for step, fields in STEP_OF.items() if field in fields), WHAT)


def stamp_of(page: str) -> dict[str, str]:
    found = re.search(r'name="stamp" id="stamp" value="(\d+)"', page)
    tab = re.search(r'name="tab" value="(\w+)"', page)
    assert found and tab
    return {"stamp": found[1], "tab": tab[1]}


def save(client: Client, step: str, given: dict[str, Any], slug: str = "sales-forecast", **more: Any) -> Any:
    """One step, opened and sent."""
    where = f"{HOME}{slug}/{step}"
    opened = stamp_of(client.get(where).content.decode())
    return client.post(where, {**given, **opened, **more})


def begin(client: Client, name: str = "Sales forecast") -> None:
    assert client.post(f"{HOME}new/", {"name": name}).status_code == 302


def write(client: Client, given: dict[str, Any] | None = None) -> None:
    """A whole listing, step by step."""
    given = given or typed()
    begin(client)
    for step in (WHAT, CALLS, PLANS, DATA):
        answer = save(client, step, {name: value for name, value in given.items() if step_of(name) == step})
        assert answer.status_code == 302, answer.content.decode()


def versions() -> Any:
    return ListingVersion.objects.filter(listing__slug__startswith="sales-forecast").order_by("pk")


def test_a_provider_writes_looks_and_submits(ben: Client) -> None:
    write(ben)
    page = ben.get(f"{HOME}sales-forecast/").content.decode()
    assert "as buyers will see it" in page
    assert "<strong>Bold</strong>" in page
    assert "Submit for review" in page
    answer: Any = ben.post(f"{HOME}sales-forecast/submit/")
    assert answer.url == HOME
    assert "With a moderator" in ben.get(HOME).content.decode()
    with as_system("look"):
        version = versions().get()
    assert version.state == "submitted"
    assert version.plans == [world.terms().stored()]


def test_each_step_leads_to_the_next_and_the_last_to_the_preview(ben: Client) -> None:
    begin(ben)
    given = typed()
    places = [
        save(ben, step, {name: value for name, value in given.items() if step_of(name) == step})["Location"]
        for step in (WHAT, CALLS, PLANS, DATA)
    ]
    assert places == [f"{HOME}sales-forecast/{step}" for step in (CALLS, PLANS, "edit/pictures/", "")]


@pytest.mark.parametrize(
    ("price", "units"),
    [("29", 29_000_000), ("29.5", 29_500_000), ("29,50", 29_500_000), (" 0.000001 ", 1), ("1000", 1_000_000_000)],
)
def test_prices_are_taken_as_people_write_them(ben: Client, price: str, units: int) -> None:
    begin(ben)
    save(ben, PLANS, plan_form(price=price))
    with as_system("look"):
        assert versions().get().plans[0]["price"] == str(units)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This field is required"),
        ("plans-0-price", "0", "what it costs"),
        ("plans-0-price", "", "what it costs"),
        ("plans-0-price", "1,000", "Is this 1000 or 1.000?"),
        ("plans-0-price", "-3", "as a number"),
        ("plans-0-price", "1e3", "as a number"),
        ("plans-0-price", "0.0000001", "6 decimals"),
        ("plans-0-price", "9" * 12, "as a number"),
        ("plans-0-period_seconds", "1", "Select a valid choice"),
        ("plans-0-kind", "included", "how many calls"),
        ("plans-0-trial_calls", "20", "both a number of calls and a number of days"),
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
        ("retention_days", "-1", "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_and_kept_as_typed_and_cannot_be_submitted(
    ben: Client, field: str, value: str, sentence: str
) -> None:
    write(ben)
    given, step = typed(**{field: value}), step_of(field)
    answer = save(ben, step, {name: text for name, text in given.items() if step_of(name) == step})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert any(words in page for words in sentence.split("|")), page
    assert 'aria-invalid="true"' in page
    again = ben.get(f"{HOME}sales-forecast/{step}").content.decode()
    assert html.escape(value) in again or field in {"category", "plans-0-period_seconds"}  # no browser offers these
    assert 'aria-invalid="true"' in again
    assert "could not be saved yet" in ben.post(f"{HOME}sales-forecast/submit/").content.decode()
    with as_system("look"):
        version = versions().get()
        assert (version.endpoint, version.plans) == ("https://tools.example/forecast", [world.terms().stored()])
    right = typed(**({"retention_days": "3"} if field == "retention_days" else {}))
    save(ben, step, {name: text for name, text in right.items() if step_of(name) == step})
    assert ben.post(f"{HOME}sales-forecast/submit/").status_code == 302


def test_several_plans_are_written_one_more_at_a_time_and_one_is_taken_away(ben: Client) -> None:
    begin(ben)
    more = save(ben, PLANS, plan_form(price="29"), more="1").content.decode()
    assert 'name="plans-1-name"' in more and 'value="29"' in more
    assert "required" not in more, "nobody is blamed for a plan that has just been asked for"
    untouched = {"name": "", "price": "", "kind": "period"}
    assert save(ben, PLANS, {**plan_form(), **plan_form(1, **untouched)}).status_code == 302
    with as_system("look"):
        assert [plan["name"] for plan in versions().get().plans] == ["Standard"]
    free = plan_form(1, name="Free", kind="free", price="", included_calls="25")
    save(ben, PLANS, {**plan_form(), **free})
    with as_system("look"):
        assert versions().get().plans == [
            world.terms().stored(),
            world.terms(name="Free", price=0, included_calls=25).stored(),
        ]
    gone = {**plan_form(), **free, "plans-0-DELETE": "on"}
    save(ben, PLANS, gone)
    with as_system("look"):
        assert [plan["name"] for plan in versions().get().plans] == ["Free"]


@pytest.mark.parametrize(
    ("typed_in", "kept"),
    [
        ({"kind": "call", "price": "0.05", "least_deposit": "2.00", "included_calls": "9", "overage_price": "9"},
         {"price": 50_000, "period_seconds": 0, "least_deposit": 2_000_000}),
        ({"kind": "included", "price": "9", "included_calls": "40", "overage_price": "0.02", "least_deposit": "9"},
         {"price": 9 * world.TUSD, "included_calls": 40, "overage_price": 20_000}),
        ({"kind": "included", "price": "9", "included_calls": "40"},
         {"price": 9 * world.TUSD, "included_calls": 40}),
        ({"kind": "period", "price": "9", "included_calls": "40", "overage_price": "0.02", "least_deposit": "9"},
         {"price": 9 * world.TUSD}),
    ],
)  # fmt: skip
def test_a_plan_keeps_what_belongs_to_its_kind_and_nothing_of_another(
    ben: Client, typed_in: dict[str, str], kept: dict[str, Any]
) -> None:
    begin(ben)
    save(ben, PLANS, plan_form(**typed_in))
    with as_system("look"):
        assert versions().get().plans == [world.terms(**kept).stored()]


@pytest.mark.parametrize(
    ("typed_in", "sentence"),
    [
        ({"kind": "call", "price": ""}, "Write what it costs, or choose a free plan."),
        ({"kind": "call", "price": "0.05", "least_deposit": "2.0000001"}, "Write fewer."),
        ({"kind": "included", "price": "9", "overage_price": "0.02"}, "Say how many calls each period holds."),
    ],
)
def test_a_price_by_the_call_that_is_wrong_is_said_beside_it_and_nothing_typed_is_lost(
    ben: Client, typed_in: dict[str, str], sentence: str
) -> None:
    begin(ben)
    page = save(ben, PLANS, plan_form(**typed_in)).content.decode()
    assert sentence in page
    for value in filter(None, typed_in.values()):
        assert f'value="{value}"' in page
    with as_system("look"):
        assert versions().get().plans == []


def test_two_tabs_do_not_write_over_each_other_and_nothing_typed_is_lost(ben: Client) -> None:
    write(ben)
    where = f"{HOME}sales-forecast/{WHAT}"
    given = {name: value for name, value in typed().items() if step_of(name) == WHAT}
    first, second = (stamp_of(ben.get(where).content.decode()) for _ in range(2))
    assert ben.post(where, {**given, **first, "summary": "From the first tab"}).status_code == 302
    late = ben.post(where, {**given, **second, "summary": "From the second tab"})
    assert late.status_code == 409
    page = late.content.decode()
    assert "Saved somewhere else meanwhile" in page
    assert "From the second tab" in page
    automatic = ben.post(
        where, {**given, **second, "summary": "By itself", "autosave": "1"}, headers={"HX-Request": "true"}
    )
    assert automatic.status_code == 409
    assert 'id="stamp"' not in automatic.content.decode()
    with as_system("look"):
        assert versions().get().summary == "From the first tab"
    knowing = stamp_of(page)
    assert ben.post(where, {**given, **knowing, "summary": "From the second tab"}).status_code == 302
    with as_system("look"):
        assert versions().get().summary == "From the second tab"


def test_a_tab_may_overtake_itself_and_other_steps_are_not_in_its_way(ben: Client) -> None:
    """An answer that was lost on the way must not look like somebody else's change."""
    write(ben)
    where = f"{HOME}sales-forecast/{WHAT}"
    given = {name: value for name, value in typed().items() if step_of(name) == WHAT}
    tab = stamp_of(ben.get(where).content.decode())
    for words in ("One", "Two"):
        answer = ben.post(where, {**given, **tab, "summary": words, "autosave": "1"}, headers={"HX-Request": "true"})
        assert answer.status_code == 200
    save(ben, DATA, {"region": "eu"})
    assert ben.post(where, {**given, **tab, "summary": "Three"}).status_code == 302


def test_what_is_half_typed_is_saved_by_itself_and_is_there_in_the_next_tab(ben: Client) -> None:
    begin(ben)
    where = f"{HOME}sales-forecast/{CALLS}"
    tab = stamp_of(ben.get(where).content.decode())
    answer = ben.post(where, {"input_schema": '{"type": ', "endpoint": "https://to", **tab, "autosave": "1"})
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "Kept as you typed it" in said and "not valid JSON" in said
    assert "{&quot;type&quot;: " in ben.get(where).content.decode()
    assert 'id="stamp" value="1" hx-swap-oob="true"' in said


def test_markdown_is_shown_as_it_will_look_while_it_is_typed(ben: Client) -> None:
    shown = ben.post("/o/ben-workshop/listing-text/", {"description": "**Bold** <script>alert(1)</script>"})
    assert "<strong>Bold</strong>" in shown.content.decode()
    assert "<script>" not in shown.content.decode()


def test_the_order_of_the_fields_is_the_providers(ben: Client) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in ("zebra", "a", "mm")}}
    write(ben, typed(input_schema=json.dumps(schema), example='{"a": "x"}'))
    with as_system("look"):
        assert list(versions().get().input_schema["properties"]) == ["zebra", "a", "mm"]


def test_a_draft_can_be_written_again(ben: Client) -> None:
    write(ben, typed(**plan_form(price="29.50")))
    assert 'value="29.50"' in ben.get(f"{HOME}sales-forecast/{PLANS}").content.decode()
    assert "&quot;title&quot;: &quot;Reviews&quot;" in ben.get(f"{HOME}sales-forecast/{CALLS}").content.decode()
    what = {name: value for name, value in typed(summary="Better").items() if step_of(name) == WHAT}
    save(ben, WHAT, what)
    with as_system("look"):
        assert versions().get().summary == "Better"


def test_the_next_version_begins_with_what_the_shop_shows_and_leaves_it_there(ben: Client, cast: world.Cast) -> None:
    save(ben, DATA, {"region": "eu"}, slug="review-mood")
    page = ben.get(f"{HOME}review-mood/").content.decode()
    assert "What changes against the version in the shop" in page
    with as_system("look"):
        old, new = ListingVersion.objects.filter(listing=cast.listing).order_by("number")
        assert (old.state, old.region, new.state, new.region) == ("approved", "", "draft", "eu")
        assert (new.number, new.name, new.plans) == (2, old.name, old.plans)
    assert Listing.objects.get(pk=cast.listing.pk).region == ""


def test_what_keeps_an_organization_from_selling_is_said_before_and_after(ben: Client, cast: world.Cast) -> None:
    write(ben)
    with as_system("set the stage"):
        Organization.objects.filter(pk=cast.workshop.pk).update(state="new")
    for url in (HOME, f"{HOME}sales-forecast/"):
        assert "Ask for verification" in ben.get(url).content.decode()
    answer = ben.post(f"{HOME}sales-forecast/submit/")
    assert answer.status_code == 422
    assert "Only verified organizations" in answer.content.decode()


def test_submitting_twice_says_so_and_changes_nothing(ben: Client) -> None:
    write(ben)
    ben.post(f"{HOME}sales-forecast/submit/")
    answer = ben.post(f"{HOME}sales-forecast/submit/")
    assert answer.status_code == 422
    assert "submitted this already" in answer.content.decode()
    sneaky = {name: value for name, value in typed(summary="Sneaky").items() if step_of(name) == WHAT}
    answer = save(ben, WHAT, sneaky)
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


@pytest.mark.parametrize("path", ["", "edit/", "edit/calls/", "edit/plans/", "edit/data/", "retire/"])
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
    write(ben, typed(**sneaky))
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
