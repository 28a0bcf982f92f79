"""The search table follows the shop, whoever changes it, and can be made anew."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from marketplace.catalog import services
from marketplace.catalog.models import Listing, Plan, SearchChange, SearchEntry, SearchWord, ShelfCount
from marketplace.catalog.search import indexing
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db
COLUMNS = ("listing_id", "category_id", "price", "popularity", "rating", "published_at", "answers", "tags", "tsv")


@pytest.fixture
def cast() -> world.Cast:
    made = world.cast()
    indexing.catch_up()
    return made


def state() -> Any:
    """All that search reads, but for the words' frequencies, which only a rebuild counts."""
    counts = ShelfCount.objects.order_by("shelf", "tag").values_list("shelf", "tag", "entries")
    words = SearchWord.objects.order_by("word").values_list("word", flat=True)
    return list(SearchEntry.objects.order_by("pk").values_list(*COLUMNS)), list(counts), list(words)


def counted(tag: str = "", shelf: int = 0) -> int:
    found = ShelfCount.objects.filter(shelf=shelf, tag=tag).first()
    return found.entries if found else 0


def test_what_a_moderator_publishes_can_be_found_and_what_is_retired_cannot(cast: world.Cast) -> None:
    draft = world.version(cast.workshop, "Invoice scan", state="submitted")
    with as_system("a moderator decides"):
        services.publish_version(world.actor(cast.mia), version_id=draft.pk)
    indexing.catch_up()
    assert SearchEntry.objects.filter(pk=draft.listing_id).exists()
    assert counted() == 2
    with scope(org_id=cast.workshop.pk, user_id=cast.ben.pk):
        services.retire_listing(world.actor(cast.ben, cast.workshop), listing_id=draft.listing_id)
    indexing.catch_up()
    assert not SearchEntry.objects.filter(pk=draft.listing_id).exists()
    assert counted() == 1


@pytest.mark.parametrize("change", ["name", "plan", "country", "domain", "gone"])
def test_a_change_that_no_service_told_of_is_noted_in_its_own_transaction(cast: world.Cast, change: str) -> None:
    assert not SearchChange.objects.exists()
    with as_system("behind the services' back"):
        if change == "name":
            Listing.objects.filter(pk=cast.listing.pk).update(name="Mood ring")
        elif change == "plan":
            cast.plan.move(Plan.State.WITHDRAWN)
        elif change == "country":
            type(cast.workshop).objects.filter(pk=cast.workshop.pk).update(country="FR")
        elif change == "domain":
            type(cast.workshop).objects.filter(pk=cast.workshop.pk).update(
                domain="ben.example", domain_checked_at=timezone.now()
            )
        else:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM catalog_listing WHERE id = -1")
                cursor.execute("UPDATE catalog_listing SET state = 'suspended' WHERE id = %s", [cast.listing.pk])
    assert set(SearchChange.objects.values_list("listing_id", flat=True)) == {cast.listing.pk}
    before = state()[0]
    indexing.catch_up()
    assert state()[0] != before


def test_a_change_that_is_taken_back_leaves_nothing_to_do(cast: world.Cast) -> None:
    with pytest.raises(RuntimeError), transaction.atomic(), as_system("taken back"):
        Listing.objects.update(name="Other")
        assert SearchChange.objects.exists()
        raise RuntimeError
    assert not SearchChange.objects.exists()


def test_what_is_not_shown_does_not_make_work(cast: world.Cast) -> None:
    with as_system("a draft is not public"):
        Listing.objects.filter(pk=cast.listing.pk).update(description="Other words", example={})
        Listing.objects.create(org=cast.workshop, slug="hidden")
    assert not SearchChange.objects.exists()


def test_a_rebuild_finds_what_following_the_changes_had_found(
    cast: world.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "COUNTERS", [lambda: {cast.listing.pk: 7}])
    for i in range(6):
        world.listing(cast.workshop, f"Tool number{'abcdef'[i]}", price=(i * 40 + 1) * world.TUSD)
    indexing.catch_up()
    with as_system("set the stage"):
        Listing.objects.filter(name="Tool numberb").update(state="suspended")
        SearchEntry.objects.filter(pk=cast.listing.pk).update(popularity=7)
    while indexing.catch_up(limit=2):
        pass
    followed = state()
    assert indexing.rebuild() == 6
    entries, counts, words = state()
    assert (entries, counts, words) == followed
    assert "numbera" in words
    assert "numberb" not in words


def test_changes_are_settled_in_bites_and_only_once(cast: world.Cast) -> None:
    for i in range(5):
        world.listing(cast.workshop, f"Tool {i}")
    with as_system("as if no indexer had come by"):
        Listing.objects.update(summary="Other words")
        Plan.objects.update(name="Other")
    noted = SearchChange.objects.count()
    assert noted == 12
    settled = []
    while done := indexing.catch_up(limit=3):
        settled.append(done)
    assert sum(settled) == noted
    assert max(settled) == 3
    assert counted() == 6


def test_prices_are_compared_for_thirty_days(cast: world.Cast) -> None:
    week = world.listing(cast.workshop, "Weekly", price=7 * world.TUSD, period_seconds=7 * world.DAY)
    indexing.catch_up()
    entry = SearchEntry.objects.get(pk=week.pk)
    assert entry.price == 30_000_000
    assert "p2" in entry.tags
    assert counted("p2") == 2


def test_popular_is_what_businesses_use(cast: world.Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "COUNTERS", [lambda: {cast.listing.pk: 3}])
    assert indexing.weigh() == 1
    assert SearchEntry.objects.get().popularity == 3
    assert indexing.weigh() == 0
    monkeypatch.setattr(indexing, "COUNTERS", [dict])
    indexing.weigh()
    assert SearchEntry.objects.get().popularity == 0


@world.written
def as_if_long_ago(listing: Listing, **moments: timedelta) -> None:
    """Let time pass for a listing: its moments lie further back, and no change was noted."""
    Listing.objects.filter(pk=listing.pk).update(**{name: timezone.now() - ago for name, ago in moments.items()})
    SearchChange.objects.all().delete()


@pytest.mark.parametrize("days", [30, 90, 365])
def test_what_was_updated_long_ago_is_not_found_among_what_was_updated_lately(cast: world.Cast, days: int) -> None:
    """Time passes without a change that would be noted, and worker and clock may start anew each day."""
    assert counted(f"f{days}") == 1
    as_if_long_ago(cast.listing, updated_at=timedelta(days=days, minutes=-1))
    indexing.sink()
    indexing.catch_up()
    assert counted(f"f{days}") == 1, "there is a minute left"
    as_if_long_ago(cast.listing, updated_at=timedelta(days=days, minutes=1))
    indexing.sink()
    indexing.catch_up()
    assert (counted(), counted(f"f{days}")) == (1, 0)
    indexing.sink()
    assert not SearchChange.objects.exists(), "it was noted once"


def test_what_stays_down_leaves_the_first_page_though_nothing_else_changes(cast: world.Cast) -> None:
    as_if_long_ago(cast.listing, is_down_since=timedelta(days=1, minutes=1))
    assert counted() == 1
    indexing.sink()
    indexing.catch_up()
    assert counted() == 0
    assert not SearchEntry.objects.get().answers
