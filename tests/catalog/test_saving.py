"""Lists that an organization keeps: everybody in it sees them, nobody else, and what is taken away can be put back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.catalog import saving
from marketplace.catalog.models import Listing, SavedList, SavedListing
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.organizations.test_races import at_once, inside

pytestmark = pytest.mark.django_db
HERE = "/o/ada-bakery/saved/"


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def ada(client: Client, cast: world.Cast) -> Client:
    client.force_login(cast.ada)
    return client


@world.written
def rows() -> list[SavedListing]:
    return list(SavedListing.objects.select_related("saved_list").order_by("pk"))


@world.written
def the_list(name: str) -> SavedList:
    return SavedList.objects.get(name=name)


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def save(client: Client, slug: str = "review-mood", **fields: str) -> Any:
    return client.post(f"{HERE}add/{slug}/", {"list_id": "new", "new_list": "Shortlist", "note": "", **fields})


def test_a_tool_is_saved_from_its_page_and_a_colleague_reads_why(ada: Client, cast: world.Cast) -> None:
    assert 'href="/tools/review-mood/save/"' in text(ada, "/tools/review-mood/")
    assert ada.get("/tools/review-mood/save/").url == f"{HERE}add/review-mood/"  # type: ignore[attr-defined]
    answer = save(ada, note="Cheapest that keeps nothing.")
    assert answer.status_code == 302
    colleague, browser = world.person("Anton"), Client()
    world.member(cast.bakery, colleague, "viewer")
    browser.force_login(colleague)
    page = text(browser, answer.url)
    for words in ("Review mood", "Cheapest that keeps nothing.", "Ada", "29.00"):
        assert words in page
    assert "Take off" not in page, "a viewer only looks"
    assert "On your list" in text(ada, "/tools/review-mood/")
    stranger = Client()
    stranger.force_login(cast.ben)
    assert "Cheapest" not in text(stranger, "/tools/review-mood/")


def test_who_belongs_nowhere_or_to_several_is_asked(cast: world.Cast, ada: Client) -> None:
    nobody = Client()
    assert "/accounts/login/" in nobody.get("/tools/review-mood/save/").url  # type: ignore[attr-defined]
    nobody.force_login(world.person("Nobody"))
    assert nobody.get("/tools/review-mood/save/").url.startswith("/o/new/")  # type: ignore[attr-defined]
    world.organization("Ada Shop", owner=cast.ada)
    page = text(ada, "/tools/review-mood/save/")
    assert "/o/ada-shop/saved/add/review-mood/" in page and "/o/ada-bakery/saved/add/review-mood/" in page


def test_the_same_tool_stands_on_a_list_once(ada: Client) -> None:
    save(ada)
    answer = save(ada, list_id=str(the_list("Shortlist").pk), note="Typed with care.")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "is on “Shortlist” already" in page and "Typed with care." in page
    assert save(ada, new_list="shortLIST").status_code == 422, "names differ by more than capitals"
    assert len(rows()) == 1


def test_a_new_list_needs_a_name(ada: Client) -> None:
    assert "Give the new list a name." in save(ada, new_list=" ").content.decode()
    assert rows() == []


def test_what_left_the_shop_stays_on_the_list_and_says_so_and_is_not_saved_again(ada: Client) -> None:
    url = save(ada).url
    world.written(lambda: Listing.objects.update(state="suspended"))()
    page = text(ada, url)
    assert "Not in the shop any more" in page and 'href="/tools/review-mood/"' not in page
    assert save(ada, new_list="Other").status_code == 404


def test_taking_off_can_be_undone_and_twice_is_once(ada: Client) -> None:
    url = save(ada, note="Keep me.").url
    (entry,) = rows()
    after = ada.post(f"{HERE}tools/{entry.pk}/remove/").url  # type: ignore[attr-defined]
    page = text(ada, after)
    assert "was taken off this list" in page and "Put it back" in page and "Keep me." not in page
    assert "On your list" not in text(ada, "/tools/review-mood/")
    assert ada.post(f"{HERE}tools/{entry.pk}/remove/").status_code == 404
    for _ in range(2):
        assert ada.post(f"{HERE}tools/{entry.pk}/put-back/").url == url  # type: ignore[attr-defined]
    assert "Keep me." in text(ada, url)


def test_what_was_saved_again_meanwhile_is_not_put_back_twice(ada: Client) -> None:
    url = save(ada).url
    (entry,) = rows()
    ada.post(f"{HERE}tools/{entry.pk}/remove/")
    save(ada, list_id=str(entry.saved_list_id))
    ada.post(f"{HERE}tools/{entry.pk}/put-back/")
    assert text(ada, url).count('href="/tools/review-mood/"') == 1


def test_a_list_is_taken_away_with_its_tools_and_put_back_with_them(ada: Client) -> None:
    url = save(ada).url
    shortlist = the_list("Shortlist")
    after = ada.post(f"{HERE}{shortlist.pk}/remove/").url  # type: ignore[attr-defined]
    assert "“Shortlist” was taken away" in text(ada, after)
    assert ada.get(url).status_code == 404
    ada.post(f"{HERE}{shortlist.pk}/put-back/")
    assert "Review mood" in text(ada, url)


def test_after_a_day_what_was_taken_away_is_gone(ada: Client, cast: world.Cast) -> None:
    save(ada)
    save(ada, new_list="Second")
    first, second = rows()
    ada.post(f"{HERE}tools/{first.pk}/remove/")
    long_ago = timezone.now() - timedelta(days=2)
    world.written(lambda: SavedListing.objects.filter(pk=first.pk).update(removed_at=long_ago))()
    ada.post(f"{HERE}tools/{second.pk}/remove/")
    assert [row.pk for row in rows()] == [second.pk]
    assert ada.post(f"{HERE}tools/{first.pk}/put-back/").status_code == 404


def test_a_tool_is_moved_and_noted_anew(ada: Client) -> None:
    save(ada)
    save(ada, slug="review-mood", new_list="Second")
    first, second = rows()
    both = {"list_id": str(second.saved_list_id), "note": "Better here."}
    assert "already" in ada.post(f"{HERE}tools/{first.pk}/", both).content.decode()
    ada.post(f"{HERE}tools/{second.pk}/remove/")
    assert ada.post(f"{HERE}tools/{first.pk}/", both).status_code == 302
    moved = rows()[0]
    assert (moved.saved_list_id, moved.note) == (second.saved_list_id, "Better here.")


def test_a_list_is_renamed_but_not_to_a_name_that_is_taken(ada: Client) -> None:
    ada.post(f"{HERE}new/", {"name": "One"})
    ada.post(f"{HERE}new/", {"name": "Two"})
    url = f"{HERE}{the_list('Two').pk}/edit/"
    assert ada.post(url, {"name": "one"}).status_code == 422
    assert ada.post(url, {"name": "Three"}).status_code == 302
    assert "Three" in text(ada, HERE)


def test_another_organizations_list_can_neither_be_filled_nor_named(ada: Client, cast: world.Cast) -> None:
    ben = Actor(cast.ben.pk, cast.workshop.pk, "owner")
    with transaction.atomic(), scope(org_id=cast.workshop.pk):
        theirs = saving.make_list(ben, name="Secret")
    assert save(ada, list_id=str(theirs.pk)).status_code == 422
    save(ada)
    (mine,) = rows()
    assert ada.post(f"{HERE}tools/{mine.pk}/", {"list_id": str(theirs.pk), "note": ""}).status_code == 422
    with transaction.atomic(), scope(org_id=cast.bakery.pk), pytest.raises(Refused, match="no such list"):
        saving.save(world.actor(cast.ada, cast.bakery), listing_id=cast.listing.pk, list_id=theirs.pk)
    assert [row.saved_list_id for row in rows()] == [mine.saved_list_id]


def test_there_is_an_end_to_lists_and_to_what_a_list_holds(
    ada: Client, cast: world.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "MOST_LISTS", 1)
    monkeypatch.setattr(saving, "MOST_ON_A_LIST", 1)
    save(ada)
    assert "at most 1 lists" in save(ada, new_list="Second").content.decode()
    world.listing(cast.workshop, "Twin")
    assert "holds at most 1 tools" in save(ada, "twin", list_id=str(the_list("Shortlist").pk)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_ten_colleagues_at_once_save_a_tool_once_and_begin_a_list_once() -> None:
    cast = world.cast()
    ada = world.actor(cast.ada, cast.bakery)
    said = at_once(*[inside(ada, saving.save, listing_id=cast.listing.pk, list_id=None, new_list="Shortlist")] * 10)
    assert [type(word) for word in said].count(SavedListing) == 1, said
    assert [type(word) for word in said].count(Refused) == 9, said
    assert len(rows()) == 1


def test_every_change_is_on_record(ada: Client, cast: world.Cast) -> None:
    save(ada, note="A note that stays out of the chain.")
    (entry,) = rows()
    ada.post(f"{HERE}tools/{entry.pk}/remove/")
    with transaction.atomic(), as_system("look"):
        verbs = list(Entry.objects.filter(org_id=cast.bakery.pk).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["saved_list.made", "listing.saved", "saved_listing.removed"]


def test_a_list_of_a_hundred_costs_as_many_queries_as_one_of_two(ada: Client, cast: world.Cast) -> None:
    url, counts = save(ada).url, []
    for more in (1, 12):
        for i in range(more):
            shown = world.listing(cast.workshop, f"Tool {more} {i}")
            save(ada, shown.slug, list_id=str(the_list("Shortlist").pk))
        ada.get(url)
        for page in (url, HERE):
            with CaptureQueriesContext(connection) as queries:
                ada.get(page)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert "/compare/?tool=" in text(ada, url)
