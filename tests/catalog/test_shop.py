"""The shop: front page, shelves and search, a tool's page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.paging import page
from marketplace.catalog.search.indexing import catch_up
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def text(client: Client, url: str, **headers: Any) -> str:
    answer = client.get(url, **headers)
    assert answer.status_code == 200
    return answer.content.decode()


def names(html: str) -> list[str]:
    found = re.findall(r'<h3><a href="/tools/[^"]+">(.+?)</a></h3>', html)
    return [re.sub(r"</?mark>", "", name) for name in found]


def shelf_of(org: Any, count: int) -> None:
    """That many tools, each a minute older than the one before."""
    for i in range(count):
        listing = world.listing(org, f"Tool {i:03}")
        with as_system("set the stage"):
            Listing.objects.filter(pk=listing.pk).update(published_at=timezone.now() - timedelta(minutes=i))
    catch_up()


def test_the_front_page_says_what_is_new_and_what_the_market_is(client: Client, cast: world.Cast) -> None:
    page = text(client, "/")
    assert "Review mood" in page
    assert "Put AI to work" in page


def test_an_empty_market_says_why_it_is_empty(client: Client) -> None:
    for url in ("/", "/browse/"):
        assert "The shelves are still empty" in text(client, url)
    assert "Nothing on this shelf yet" in text(client, f"/browse/?category={world.category().slug}")


@pytest.mark.parametrize("words", ["mood", "Review", "feel", "customers feel", "reviews", "moo", "REVI"])
def test_search_finds_by_name_and_summary_and_by_how_a_word_begins(
    client: Client, cast: world.Cast, words: str
) -> None:
    other = world.listing(cast.workshop, "Invoice scan", summary="Bills to tables", description="Upload a PDF.")
    found = names(text(client, f"/browse/?q={words}"))
    assert found == ["Review mood"]
    assert other.name not in found


def test_a_match_in_the_name_comes_before_one_in_the_summary(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Table tidy", summary="Also good for a forecast", description="Clean.")
    world.listing(cast.workshop, "Forecast", summary="Sales", description="Ahead.")
    assert names(text(client, "/browse/?q=forecast")) == ["Forecast", "Table tidy"]


@pytest.mark.parametrize(
    "words", ["'", "\\", "':*", "a & | !", "<->", "%00", "\u0000x", "(((", "x" * 5000, "🙂", "-", '"', "or", "the"]
)
def test_whatever_is_typed_is_searched_for_and_nothing_breaks(client: Client, cast: world.Cast, words: str) -> None:
    answer = client.get("/browse/", {"q": words})
    assert answer.status_code == 200


def test_what_was_typed_stays_and_is_escaped(client: Client, cast: world.Cast) -> None:
    page = client.get("/browse/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_nothing_found_says_what_to_try(client: Client, cast: world.Cast) -> None:
    page = text(client, "/browse/?q=zebra")
    assert "No tool found for these words" in page
    assert "0 tools" in page


def test_a_shelf_shows_its_own_tools_only(client: Client, cast: world.Cast) -> None:
    documents = world.category("documents", "Documents")
    world.listing(cast.workshop, "Invoice scan", category=documents, summary="Bills", description="Upload.")
    assert names(text(client, "/browse/?category=documents")) == ["Invoice scan"]
    assert names(text(client, "/browse/?category=documents&q=mood")) == []
    assert len(names(text(client, "/browse/?category=no-such-shelf"))) == 2


def test_every_tool_is_shown_once_page_by_page(client: Client, cast: world.Cast) -> None:
    shelf_of(cast.workshop, 60)
    for query in ("", "q=tool"):
        seen: list[str] = []
        url = f"/browse/?{query}"
        for _ in range(5):
            html = text(client, url)
            seen += names(html)
            found = re.search(r'id="next".*?href="([^"]+)"', html, re.DOTALL)
            if not found:
                break
            url = found[1].replace("&amp;", "&")
        tools = [name for name in seen if name.startswith("Tool")]
        assert len(tools) == len(set(tools)) == 60, query
        assert query or tools == sorted(tools)


@pytest.mark.parametrize("mark", ["", "x", "bnVsbA", "WzEsMl0", "W251bGwsMV0", "W1wiXCIsMV0", "é", "A" * 3000])
def test_a_mark_that_cannot_be_read_is_the_first_page(client: Client, cast: world.Cast, mark: str) -> None:
    for q in ("", "mood"):
        assert names(client.get("/browse/", {"after": mark, "q": q}).content.decode()) == ["Review mood"]


def test_rows_of_one_moment_and_rank_are_not_lost_between_pages(cast: world.Cast) -> None:
    now = timezone.now()
    for i in range(7):
        world.listing(cast.workshop, f"Twin {i}")
    with as_system("set the stage"):
        Listing.objects.update(published_at=now)
    for by_rank in (False, True):
        found = Listing.objects.public().matching("twin") if by_rank else Listing.objects.public().newest()
        seen, mark = [], ""
        while True:
            shown = page(found, by_rank=by_rank, mark=mark, size=2)
            seen += shown.ids
            if not (mark := shown.next_mark):
                break
        assert len(seen) == len(set(seen)) == found.count()


def test_a_part_of_the_page_is_sent_to_htmx(client: Client, cast: world.Cast) -> None:
    shelf_of(cast.workshop, 30)
    whole, part = text(client, "/browse/"), text(client, "/browse/", **HTMX)
    assert "<html" in whole
    assert "<html" not in part
    assert 'id="results"' in part
    after = re.search(r'href="(/browse/\?after=[^"]+)"', part)
    assert after
    more = text(client, after[1], **HTMX)
    assert 'id="results"' not in more
    assert len(names(more)) == 7


def test_the_number_of_queries_does_not_grow_with_the_shop(client: Client, cast: world.Cast) -> None:
    counts: dict[str, set[int]] = {}
    for more in (3, 20):
        for i in range(more):
            world.listing(cast.workshop, f"Tool {more}-{i}")
        for url in ("/browse/", "/browse/?q=tool", "/browse/?q=tool&price=20-50"):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.setdefault(url, set()).add(len(queries))
    assert all(len(found) == 1 and max(found) <= 6 for found in counts.values()), counts


def test_a_tools_page_says_what_it_costs_and_how_the_money_comes_back(client: Client, cast: world.Cast) -> None:
    page = text(client, "/tools/review-mood/")
    for words in ("29.00", "per 30 days", "what has not elapsed, to the second", "Ben Workshop", "What goes in"):
        assert words in page
    assert f"/tools/review-mood/subscribe/?plan={cast.plan.pk}" in page
    assert "<strong>mood</strong>" in page


def test_a_tool_without_a_plan_cannot_be_ordered(client: Client, cast: world.Cast) -> None:
    with scope(org_id=cast.workshop.pk):
        cast.plan.move("withdrawn")
    page = text(client, "/tools/review-mood/")
    assert "cannot be ordered" in page
    assert "/subscribe/" not in page


def test_the_service_of_a_tool_is_never_shown(client: Client, cast: world.Cast) -> None:
    for url in ("/", "/browse/", "/tools/review-mood/"):
        assert "127.0.0.1:9/review-mood" not in text(client, url)


@pytest.mark.parametrize("state", ["hidden", "suspended", "retired"])
def test_what_is_not_public_has_no_page_and_no_card(client: Client, cast: world.Cast, state: str) -> None:
    with as_system("set the stage"):
        Listing.objects.update(state=state)
    assert client.get("/tools/review-mood/").status_code == 404
    for url in ("/", "/browse/", "/browse/?q=mood"):
        assert "/tools/review-mood/" not in text(client, url)


def test_a_description_cannot_run_in_the_readers_browser(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Evil", description="<script>alert(1)</script> [x](javascript:alert(1))")
    page = text(client, "/tools/evil/")
    assert "<script>alert(1)" not in page
    assert 'href="javascript' not in page


def test_a_draft_is_hidden_from_others_even_when_a_view_forgets_to_filter(cast: world.Cast) -> None:
    world.version(cast.workshop, "Secret plan")
    with scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        assert not ListingVersion.objects.exists()
    with scope(org_id=cast.workshop.pk):
        assert ListingVersion.objects.filter(name="Secret plan").exists()
    with as_system("the control: without the wall it is there for all"):
        assert ListingVersion.objects.filter(name="Secret plan").exists()
