"""A listing brought in whole: by a program with a key, and as a file."""

import json
from typing import Any

import pytest
import yaml
from django.test import Client

from marketplace.catalog.manifest import from_yaml, to_yaml
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.schemas import NotUsable
from marketplace.gateway.models import ApiKey
from marketplace.gateway.services import create_key, revoke_key
from marketplace.organizations.models import Membership
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db
URL = "/api/v1/listings/"
FILES = "/o/ben-workshop/listings/import/"


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def given(**fields: Any) -> dict[str, Any]:
    plan = {"name": "Standard", "price": "29.00", "currency": "TUSD", "period_seconds": 30 * world.DAY}
    return {
        "reference": "forecast", "name": "Sales forecast", "summary": "Know next month's sales today",
        "description": "Upload a table.\n\n**Bold** claims.\n", "category": "customers",
        "endpoint": "https://tools.example/forecast", "input_schema": world.INPUT_SCHEMA, "example": world.EXAMPLE,
        "plans": [plan], "region": "eu", "retention_days": 0, "trains_on_input": False, **fields,
    }  # fmt: skip


@pytest.fixture
def key(cast: world.Cast) -> str:
    with as_system("the test makes a key"):
        return create_key(world.actor(cast.ben, cast.workshop), name="script", may_sell=True)[1]


def send(client: Client, key: str, body: Any, kind: str = "application/json") -> Any:
    data = body if isinstance(body, str) else json.dumps(body)
    return client.post(URL, data, content_type=kind, headers={"Authorization": f"Bearer {key}"})


def versions(reference: str = "forecast") -> list[ListingVersion]:
    with as_system("the test looks"):
        found = ListingVersion.objects.select_related("listing", "category").filter(listing__reference=reference)
        return list(found.order_by("number"))


def test_a_program_writes_and_submits_a_listing_with_its_plans(client: Client, cast: world.Cast, key: str) -> None:
    free = {"name": "Free", "price": 0, "currency": "TUSD", "period_seconds": world.DAY, "included_calls": 5}
    answer = send(client, key, given(submit=True, plans=[*given()["plans"], free]))
    assert answer.status_code == 201, answer.content
    assert answer.json() == {"slug": "sales-forecast", "number": 1, "state": "submitted", "name": "Sales forecast"}
    (version,) = versions()
    assert version.org == cast.workshop
    assert version.plans == [
        world.terms().stored(),
        world.terms(name="Free", price=0, period_seconds=world.DAY, included_calls=5).stored(),
    ]
    assert (version.region, version.retention_days, version.trains_on_input) == ("eu", 0, False)
    assert version.description == given()["description"]


def test_who_lost_the_answer_and_sends_again_has_one_listing_and_one_version(
    client: Client, cast: world.Cast, key: str
) -> None:
    first, second = send(client, key, given()), send(client, key, given())
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert len(versions()) == 1
    assert send(client, key, given(submit=True)).json()["state"] == "submitted"
    assert send(client, key, given(submit=True)).json()["state"] == "submitted"


def test_another_text_under_the_same_reference_is_the_next_text_of_that_listing(
    client: Client, cast: world.Cast, key: str
) -> None:
    send(client, key, given())
    assert send(client, key, given(summary="Another line")).json()["number"] == 1
    with as_system("a moderator decides"):
        Listing.objects.filter(reference="forecast").update(state="hidden")
        ListingVersion.objects.filter(listing__reference="forecast").update(state="approved")
    assert send(client, key, given(summary="Another line")).json()["state"] == "approved"
    assert send(client, key, given(summary="The next line")).json()["number"] == 2
    assert [version.summary for version in versions()] == ["Another line", "The next line"]


def test_a_submitted_text_stays_and_the_program_is_told_why(client: Client, cast: world.Cast, key: str) -> None:
    send(client, key, given(submit=True))
    answer = send(client, key, given(summary="Too late"))
    assert answer.status_code == 409
    assert "moderator is reading" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"reference": "has spaces"}, "reference"),
        ({"name": ""}, "name"),
        ({"category": "nowhere"}, "category"),
        ({"endpoint": "http://tools.example/"}, "endpoint"),
        ({"input_schema": {"type": "object", "properties": {"a": {"type": "object"}}}}, "input_schema"),
        ({"input_schema": {"type": "object", "properties": {1: {"type": "string"}}}}, "input_schema"),
        ({"example": {"text": 5}}, "example"),
        ({"example": {"text": "\0"}}, "example"),
        ({"plans": []}, "plans"),
        ({"plans": [*given()["plans"] * 2]}, "plans"),
        ({"plans": [{**given()["plans"][0], "price": "0"}]}, "plans"),
        ({"plans": [{**given()["plans"][0], "price": "0.0000001"}]}, "plans"),
        ({"plans": [{**given()["plans"][0], "price": "-1"}]}, "plans"),
        ({"plans": [{**given()["plans"][0], "currency": "SHELL"}]}, "plans"),
        ({"plans": [{**given()["plans"][0], "trial_calls": 5}]}, "plans"),
        ({"kind_facts": {"rows": "of a dataset"}}, "kind_facts"),
        ({"sumary": "a typing mistake"}, "sumary"),
        ({"org": 1}, "org"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(
    client: Client, cast: world.Cast, key: str, fields: dict[str, Any], where: str
) -> None:
    answer = send(client, key, given(**fields))
    assert answer.status_code == 400, answer.content
    assert where in answer.json()
    assert versions() == []


def test_only_a_key_that_may_write_listings_does(client: Client, cast: world.Cast, key: str) -> None:
    ben = world.actor(cast.ben, cast.workshop)
    with as_system("the test makes a key"):
        plain = create_key(ben, name="till")[1]
    assert send(client, plain, given()).status_code == 403
    assert send(client, "gh_nothing", given()).status_code == 401
    assert client.post(URL, given(), content_type="application/json").headers["WWW-Authenticate"] == "Bearer"
    with as_system("the test changes roles"):
        Membership.objects.filter(user=cast.ben).update(role="billing")
    assert send(client, key, given()).status_code == 403
    with as_system("the test changes roles"):
        Membership.objects.filter(user=cast.ben).delete()
    assert send(client, key, given()).status_code == 403
    assert versions() == []


def test_a_key_of_somebody_who_was_shut_out_and_a_revoked_one_open_nothing(
    client: Client, cast: world.Cast, key: str
) -> None:
    with as_system("the test shuts somebody out"):
        type(cast.ben).objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert send(client, key, given()).status_code == 403
    with as_system("the test revokes"):
        type(cast.ben).objects.filter(pk=cast.ben.pk).update(is_active=True)
        revoke_key(world.actor(cast.ben, cast.workshop), key_id=ApiKey.objects.get().pk)
    assert send(client, key, given()).status_code == 401
    assert versions() == []


def test_the_reference_of_another_organization_is_not_its_listing(client: Client, cast: world.Cast, key: str) -> None:
    send(client, key, given())
    carl = world.person("Carl")
    other = world.provider("Carl Works", owner=carl)
    with as_system("the test makes a key"):
        theirs = create_key(world.actor(carl, other), name="script", may_sell=True)[1]
    answer = send(client, theirs, given(summary="Mine now"))
    assert (answer.status_code, answer.json()["slug"]) == (201, "sales-forecast-2")
    assert send(client, theirs, given(reference="review-mood")).json()["slug"] not in ("review-mood", "sales-forecast")
    assert [version.summary for version in versions() if version.org == cast.workshop] == [given()["summary"]]


def test_a_file_that_was_taken_away_comes_back_as_the_same_listing(client: Client, cast: world.Cast, key: str) -> None:
    facts = {"kind": "dataset", "kind_facts": {"rows": "1.2 million"}, "languages": ["de", "en"], "model_name": "None"}
    plans = [{**given()["plans"][0], "included_calls": 200, "trial_calls": 20, "trial_days": 14}]
    send(client, key, given(**facts, plans=plans, example={"text": "yes", "more": "2026-11-21"}))
    client.force_login(cast.ben)
    answer = client.get("/o/ben-workshop/listings/sales-forecast/listing.yaml")
    assert 'filename="sales-forecast.yaml"' in answer["Content-Disposition"]
    text = answer.content.decode()
    assert "description: |" in text
    back = send(client, key, text, "application/yaml")
    assert (back.status_code, back.json()["number"]) == (200, 1), back.content
    (version,) = versions()
    assert to_yaml(version, "forecast") == text


def test_a_listing_that_was_written_in_steps_is_found_again_by_its_address(client: Client, cast: world.Cast) -> None:
    client.force_login(cast.ben)
    text = client.get("/o/ben-workshop/listings/review-mood/listing.yaml").content.decode()
    text = text.replace("http://127.0.0.1:9/review-mood", "https://tools.example/mood")
    answer: Any = client.post(FILES, {"text": text.replace("in a minute", "in a second")})
    assert answer.url == "/o/ben-workshop/listings/review-mood/"
    with as_system("the test looks"):
        assert Listing.objects.filter(org=cast.workshop).count() == 1
        assert Listing.objects.get().versions.count() == 2


def test_a_wrong_file_comes_back_as_text_that_can_be_put_right(client: Client, cast: world.Cast) -> None:
    client.force_login(cast.ben)
    wrong = yaml.safe_dump(given(plans=[{**given()["plans"][0], "currency": "SHELL"}]))
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = client.post(FILES, {"file": SimpleUploadedFile("listing.yaml", wrong.encode())})
    page = answer.content.decode()
    assert answer.status_code == 422
    said = page[page.index("<main") :]
    assert "plans.1.currency" in said and "SHELL" in said, said
    assert "Know next month" in page
    assert client.post(FILES, {"text": wrong.replace("SHELL", "TUSD")}).status_code == 302
    assert client.post(FILES, {}).status_code == 422


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1,", "line"),
        ("- a\n- b", "name: value"),
        ("a: &x [1]\nb: *x", "Write everything out"),
        ("[" * 100, "more than a listing can hold"),
        ("x: [" + "a," * 30_000 + "]", "more than a listing can hold"),
        ("x: " + "a" * 600_000, "longer than"),
        ("a: !!python/object:os.system ls", "not valid YAML"),
    ],
)
def test_a_file_that_would_cost_too_much_or_means_a_program_is_not_read(text: str, sentence: str) -> None:
    with pytest.raises(NotUsable, match=sentence):
        from_yaml(text)


def test_dates_stay_texts(cast: world.Cast) -> None:
    assert from_yaml("a: 2026-11-21") == {"a": "2026-11-21"}


def test_viewers_take_a_file_away_and_bring_none(client: Client, cast: world.Cast) -> None:
    viewer = world.person("Vera")
    world.member(cast.workshop, viewer, "viewer")
    client.force_login(viewer)
    assert client.get("/o/ben-workshop/listings/review-mood/listing.yaml").status_code == 200
    assert client.post(FILES, {"text": "x"}).status_code == 403
