"""Narrowing, ordering, going on and going back; typos, marks and suggestions."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.catalog.models import Listing, SearchEntry
from marketplace.catalog.search import finding, marks, words
from marketplace.catalog.search.finding import Question, find
from marketplace.catalog.search.indexing import catch_up
from marketplace.catalog.search.marking import html
from marketplace.tenancy.scope import as_system
from tests import world
from tests.catalog.test_shop import HTMX, names, shelf_of, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def everything(question: Question, size: int = 5) -> list[int]:
    """All ids, page by page."""
    seen: list[int] = []
    mark = None
    for _ in range(100):
        found = find(question, after=marks.read(str(mark)) if mark else None, size=size)
        seen += found.ids
        if (mark := found.next) is None:
            break
    return seen


def popularity(org: Any, count: int) -> None:
    shelf_of(org, count)
    with as_system("set the stage"):
        for place, pk in enumerate(SearchEntry.objects.order_by("pk").values_list("pk", flat=True)):
            SearchEntry.objects.filter(pk=pk).update(popularity=place % 4)


@pytest.mark.parametrize("sort", ["relevance", "newest", "rating", "price"])
@pytest.mark.parametrize("words", ["", "tool"])
@pytest.mark.parametrize("cap", [1000, 10])
def test_every_hit_is_reached_once_in_every_order_capped_or_not(
    cast: world.Cast, monkeypatch: pytest.MonkeyPatch, cap: int, words: str, sort: str
) -> None:
    popularity(cast.workshop, 30)
    monkeypatch.setattr(finding, "CAP", cap)
    monkeypatch.setattr(finding, "WINDOW", 12)
    monkeypatch.setattr(finding, "EDGES", (3, 16))
    seen = everything(Question(words=words, sort=sort, tags=("p2", "ktool")))
    assert len(seen) == len(set(seen)) == (30 if words else 31)


def test_past_the_cap_the_best_of_the_popular_come_first_then_the_popular(
    cast: world.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    popularity(cast.workshop, 30)
    monkeypatch.setattr(finding, "CAP", 10)
    monkeypatch.setattr(finding, "WINDOW", 12)
    found = find(Question(words="tool", sort="relevance"), size=5)
    assert found.is_capped
    assert found.total == 10
    weights = dict(SearchEntry.objects.values_list("pk", "popularity"))
    seen = [weights[pk] for pk in everything(Question(words="tool", sort="relevance"))]
    assert min(seen[:12]) >= max(seen[12:])
    assert seen[12:] == sorted(seen[12:], reverse=True)


def test_a_word_with_many_hits_is_looked_for_in_a_slice_first_and_further_only_if_need_be(
    cast: world.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf_of(cast.workshop, 30)
    monkeypatch.setattr(finding, "CAP", 10)
    monkeypatch.setattr(finding, "EDGES", (8, 24))
    for size, slices in ((5, 1), (20, 2), (25, 3)):
        with CaptureQueriesContext(connection) as queries:
            assert len(find(Question(words="tool", sort="newest"), size=size).ids) == size
        assert len([query for query in queries if "ORDER BY published_at DESC, listing_id DESC LIMIT" in query["sql"]
                    and "tsv @@" in query["sql"] and "MATERIALIZED" not in query["sql"]]) == slices  # fmt: skip


def test_a_page_is_planned_once_for_a_connection_whatever_mark_it_begins_at(client: Client, cast: world.Cast) -> None:
    shelf_of(cast.workshop, 60)
    first = text(client, "/browse/")
    following = unescape(re.findall(r'rel="next" href="([^"]+)"', first)[0])

    def plans() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, statement FROM pg_prepared_statements ORDER BY name")
            return list(cursor.fetchall())

    text(client, following)
    known = plans()
    assert any("catalog_listing" in statement for _, statement in known)
    text(client, "/browse/"), text(client, following)
    assert plans() == known


def test_each_filter_narrows_and_can_be_taken_away(client: Client, cast: world.Cast) -> None:
    documents = world.category("documents", "Documents")
    french = world.provider("Atelier")
    with as_system("set the stage"):
        type(french).objects.filter(pk=french.pk).update(country="FR")
    world.listing(french, "Dear scan", category=documents, price=90 * world.TUSD, summary="Bills to tables")
    for query in ("category=documents", "country=FR", "price=50-200", "q=bills", "country=FR&price=50-200&q=scan"):
        page = text(client, f"/browse/?{query}")
        assert names(page) == ["Dear scan"], query
        for away in re.findall(r'id="without-[^"]+" class="chip" href="([^"]+)"', page):
            assert len(names(text(client, unescape(away)))) == (2 if "&" not in query else 1)
        assert page.count('class="chip" href') == query.count("&") + 1
    assert "No tool fits all of this" in text(client, "/browse/?country=FR&price=free")
    assert len(names(text(client, "/browse/?country=XX&price=x&checked=9&sort=paid"))) == 2


def test_counts_beside_the_filters_are_those_behind_them(client: Client, cast: world.Cast) -> None:
    documents = world.category("documents", "Documents")
    for i in range(3):
        world.listing(cast.workshop, f"Scan {i}", category=documents, price=(10 + 45 * i) * world.TUSD)
    for start in ("/browse/", "/browse/?category=documents", "/browse/?q=feel", "/browse/?country=DE"):
        page = text(client, start)
        links = re.findall(
            r'id="facet-[^"]+" rel="nofollow" href="([^"]+)">[^<]*<span class="facet-count">(\d+)<', page
        )
        assert links, start
        for url, count in links:
            assert len(names(text(client, unescape(url)))) == int(count), (start, url)


def test_the_cheapest_for_thirty_days_comes_first(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "Weekly", price=8 * world.TUSD, period_seconds=7 * world.DAY)
    world.listing(cast.workshop, "Monthly", price=30 * world.TUSD)
    assert names(text(client, "/browse/?sort=price")) == ["Review mood", "Monthly", "Weekly"]


def test_more_keeps_what_is_shown_and_going_back_finds_it(client: Client, cast: world.Cast) -> None:
    shelf_of(cast.workshop, 80)
    first = text(client, "/browse/?q=tool")
    more = re.search(r'hx-get="([^"]+)" hx-target="#next"', first)
    assert more
    second = client.get(unescape(more[1]), **HTMX)
    address = second["HX-Push-Url"]
    assert "pages=2" in address
    assert names(text(client, address)) == names(first) + names(second.content.decode())
    again = re.search(r'hx-get="([^"]+)" hx-target="#next"', second.content.decode())
    assert again
    third = client.get(unescape(again[1]), **HTMX)
    assert "pages=3" in third["HX-Push-Url"]
    assert len(names(text(client, third["HX-Push-Url"]))) == 72


@pytest.mark.parametrize("pages", ["0", "-1", "x", "999999999999", "9", "²"])
def test_a_page_is_never_longer_than_eight_parts(client: Client, cast: world.Cast, pages: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/browse/", {"pages": pages}).status_code == 200
    assert not re.search(
        r"LIMIT (?!25\b|193\b|\d\b)\d{2,}", " ".join(query["sql"] for query in queries if "searchentry" in query["sql"])
    )


@pytest.mark.parametrize(("typed", "meant"), [("moood", "mood"), ("reveiw", "review"), ("rview mood", "review mood")])
def test_a_typo_finds_what_was_meant_and_says_so(client: Client, cast: world.Cast, typed: str, meant: str) -> None:
    page = text(client, f"/browse/?q={typed}")
    assert names(page) == ["Review mood"]
    assert "Did you mean" in page
    assert f">{meant}</a>?" in page


def test_nothing_is_meant_by_words_that_are_like_no_other(client: Client, cast: world.Cast) -> None:
    page = text(client, "/browse/?q=xylophone+quartz")
    assert "Did you mean" not in page
    assert 'href="/browse/?q=quartz"' in page


def test_typos_are_looked_for_among_words_never_among_titles(cast: world.Cast) -> None:
    with CaptureQueriesContext(connection) as queries:
        words.correct("reveiw"), words.suggest("rev"), words.suggest("reveiw")
    assert queries
    assert all(
        re.search("catalog_(searchword|words_alike)", query["sql"]) and "catalog_listing" not in query["sql"]
        for query in queries
    )


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("", "ab", 2), ("ab", "ba", 1), ("mood", "moood", 1), ("invioce", "invoice", 1), ("a", "a", 0)],
)
def test_swapped_letters_are_one_mistake(one: str, other: str, far: int) -> None:
    assert words.distance(one, other) == far


def test_suggestions_complete_the_last_word(client: Client, cast: world.Cast) -> None:
    page = text(client, "/browse/suggestions/?q=good+moo")
    assert re.findall(r'role="option"[^>]*>([^<]+)<', page) == ["good mood"]
    assert "review" in text(client, "/browse/suggestions/?q=reveiw")
    for typed in ("", "m", "mood ", "%", "_", "moo%", "<script>", "x" * 500):
        assert "<script" not in client.get("/browse/suggestions/", {"q": typed}).content.decode()
    assert text(client, "/browse/suggestions/?q=%25").strip() == ""


def test_what_matches_is_marked_and_nothing_else_gets_through(client: Client, cast: world.Cast) -> None:
    world.listing(cast.workshop, "<b>Evil</b> mood & Co", slug="evil", summary="mood <script>alert(1)</script>")
    page = text(client, "/browse/?q=mood")
    assert "Review <mark>mood</mark>" in page
    assert "<script>alert(1)" not in page
    assert "<b>Evil" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_sign_in_a_name_does_not_open_a_mark_that_stays_open() -> None:
    assert html("a\x02b") == "ab"
    assert html("\x02<i>\x03\x03") == "<mark>&lt;i&gt;</mark>"


def test_what_left_the_shop_a_moment_ago_is_not_shown_although_search_still_knows_it(
    client: Client, cast: world.Cast
) -> None:
    with as_system("before the indexer comes by"):
        Listing.objects.update(state="suspended")
    assert SearchEntry.objects.exists()
    assert names(text(client, "/browse/?q=mood")) == []
    catch_up()
    assert not SearchEntry.objects.exists()


def test_nobody_can_buy_a_place_and_the_page_says_how_the_order_comes_about(client: Client, cast: world.Cast) -> None:
    page = text(client, "/browse/?q=mood")
    assert "Nobody can pay for a better place" in page
    assert 'popovertarget="why-this-order"' in page
