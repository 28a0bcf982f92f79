"""The shop, for programs."""

from json import loads
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from rest_framework.renderers import JSONRenderer

from marketplace.catalog import api
from marketplace.catalog.models import Listing, Plan
from marketplace.tenancy.scope import as_system
from tests import world

LISTS = [
    path("listings/", api.listing_list, name="listings"),
    path("listings/<slug:slug>/", api.listing_detail, name="listing"),
]
urlpatterns = [path("api/v1/", include(LISTS))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def json(client: Client, url: str, **query: Any) -> Any:
    answer = client.get(url, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_list_says_what_a_card_says(client: Client, cast: world.Cast) -> None:
    (found,) = json(client, "/api/v1/listings/")["results"]
    assert (found["slug"], found["category"], found["provider"]["is_verified"]) == ("review-mood", "customers", True)
    (plan,) = found["plans"]
    assert (plan["price"], plan["currency"]["symbol"], plan["period_seconds"]) == ("29000000", "TUSD", 30 * world.DAY)


def test_the_list_says_exactly_what_its_serializer_and_so_the_schema_says(client: Client, cast: world.Cast) -> None:
    """The list is read and written without it, ten times as fast."""
    bare = world.listing(cast.workshop, "Without a plan")
    world.written(lambda: Plan.objects.filter(listing=bare).update(state="withdrawn"))()
    second = {"version_number": 1, "content_hash": cast.listing.content_hash, "currency": cast.currency}
    world.written(
        lambda: Plan.objects.create(
            listing=cast.listing, org=cast.workshop, name="Free", price=0, period_seconds=world.DAY,
            included_calls=5, **second,
        )
    )()  # fmt: skip
    rows = json(client, "/api/v1/listings/")["results"]
    models = Listing.objects.public().newest().with_offers()
    said = JSONRenderer().render(api.ListingSerializer(models, many=True).data)
    assert rows == loads(said)
    assert [len(row["plans"]) for row in rows] == [0, 2]


def test_one_tool_comes_with_its_schemas_and_without_its_service(client: Client, cast: world.Cast) -> None:
    found = json(client, "/api/v1/listings/review-mood/")
    assert found["input_schema"] == world.INPUT_SCHEMA
    assert found["content_hash"] == cast.listing.content_hash
    assert "127.0.0.1:9" not in str(found)


def test_what_is_not_public_is_not_there(client: Client, cast: world.Cast) -> None:
    with as_system("set the stage"):
        Listing.objects.update(state="suspended")
    assert json(client, "/api/v1/listings/")["results"] == []
    assert client.get("/api/v1/listings/review-mood/").status_code == 404


@pytest.mark.parametrize("q", ["", "tool"])
def test_every_tool_comes_once_page_by_page(client: Client, cast: world.Cast, q: str) -> None:
    for i in range(50):
        world.listing(cast.workshop, f"Tool {i}")
    seen, url = [], f"/api/v1/listings/?q={q}"
    while url:
        answer = json(client, url)
        seen += [row["slug"] for row in answer["results"]]
        url = answer["next"]
    assert len(seen) == len(set(seen)) == (50 if q else 51)


def test_search_and_shelf_narrow_it(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Invoice scan", summary="Bills", description="Upload.")
    assert [row["slug"] for row in json(client, "/api/v1/listings/", q="mood")["results"]] == ["review-mood"]
    assert json(client, "/api/v1/listings/", category="nowhere")["results"] == []


@pytest.mark.parametrize("query", [{"after": "x"}, {"after": "cD0yMDI2"}, {"q": "'" * 9}, {"q": "\x00"}])
def test_odd_questions_are_answered_without_a_crash(client: Client, cast: world.Cast, query: dict[str, str]) -> None:
    assert client.get("/api/v1/listings/", query).status_code == 200


def test_nothing_can_be_written(client: Client, cast: world.Cast) -> None:
    for method in (client.post, client.put, client.patch, client.delete):
        assert method("/api/v1/listings/review-mood/", {}).status_code == 405


def test_the_number_of_queries_is_constant(client: Client, cast: world.Cast, django_assert_num_queries: Any) -> None:
    for i in range(12):
        world.listing(cast.workshop, f"Tool {i}")
    with django_assert_num_queries(2):
        client.get("/api/v1/listings/")


def test_the_schema_describes_both() -> None:
    schema = SchemaGenerator(patterns=urlpatterns).get_schema(request=None, public=True)
    assert {"/api/v1/listings/", "/api/v1/listings/{slug}/"} <= set(schema["paths"])
    parameters = schema["paths"]["/api/v1/listings/"]["get"]["parameters"]
    assert {"q", "category", "after"} <= {parameter["name"] for parameter in parameters}


def test_both_have_a_door() -> None:
    assert api.listing_list.door == api.listing_detail.door == "public"  # type: ignore[attr-defined]
