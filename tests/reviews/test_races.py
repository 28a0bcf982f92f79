"""Two at once: real threads, real transactions; and the control, without the lock and the key."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from django.db import models

from marketplace.catalog.models import Listing
from marketplace.lifecycle import Refused
from marketplace.reviews import inviting, services
from marketplace.reviews.models import Answer, Invitation, Review, Wording
from tests import world
from tests.escrow.money import everything
from tests.organizations.test_races import at_once, inside
from tests.reviews.trade import GOOD, bought, buyer, decide, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@contextmanager
def without_the_lock(meeting: str) -> Iterator[None]:
    """The control: rows are read as they are, and the two meet before `meeting`, between looking and writing."""
    meet, real = threading.Barrier(2), getattr(services, meeting)

    def wait_then_write(*args: Any, **kwargs: Any) -> Any:
        meet.wait(30)
        return real(*args, **kwargs)

    with ExitStack() as stack:
        stack.enter_context(patch.object(models.QuerySet, "select_for_update", lambda self, **kwargs: self))
        stack.enter_context(patch.object(services, meeting, wait_then_write))
        stack.enter_context(patch.object(services, "record", lambda *args, **facts: None))
        yield


def two_members(cast: world.Cast) -> list[Any]:
    carl = world.person("Carl")
    world.member(cast.bakery, carl, "developer")
    return [
        inside(world.actor(who, cast.bakery), services.write_review, listing_id=cast.listing.pk, said=said, seen=0)
        for who, said in ((cast.ada, GOOD), (carl, replace(GOOD, stars=1)))
    ]


def test_two_members_who_write_at_once_write_one_review(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    said = at_once(*two_members(cast))
    assert sorted(type(word).__name__ for word in said) == ["Refused", "Review"], said
    with everything():
        review = Review.objects.get()
        assert Wording.objects.count() == 1
        assert (Listing.objects.get().rating_sum, Listing.objects.get().rating_count) == (review.stars, 1)


def test_control_without_the_lock_only_the_key_stops_the_second(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    with without_the_lock("_worded"):
        said = at_once(*two_members(cast))
    assert sorted(type(word).__name__ for word in said) == ["IntegrityError", "Review"], said


def reviewers(cast: world.Cast, count: int) -> list[Any]:
    found = []
    for number in range(count):
        person, org = buyer(f"Buyer {number}", cast.listing)
        actor = world.actor(person, org)
        found.append(inside(actor, services.write_review, listing_id=cast.listing.pk, said=GOOD, seen=0))
    return found


def test_of_many_reviews_at_once_every_star_is_counted(cast: world.Cast) -> None:
    said = at_once(*reviewers(cast, 8))
    assert all(isinstance(word, Review) for word in said), said
    listing = Listing.objects.get()
    assert (listing.rating_sum, listing.rating_count) == (40, 8)


def test_control_without_the_lock_stars_are_lost(cast: world.Cast) -> None:
    with without_the_lock("set_rating"):
        said = at_once(*reviewers(cast, 2))
    assert all(isinstance(word, Review) for word in said), said
    assert Listing.objects.get().rating_count < 2


def test_writing_while_it_is_hidden_leaves_the_right_sum(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    actor = world.actor(cast.ada, cast.bakery)
    review = write(actor, cast.listing)
    change = inside(actor, services.write_review, listing_id=cast.listing.pk, said=replace(GOOD, stars=1), seen=1)
    said = at_once(change, lambda: decide(cast.mia, review, "hidden"))
    assert not any(isinstance(word, Exception) for word in said), said
    assert Listing.objects.get().rating_count == 0


def test_a_provider_who_answers_twice_at_once_answers_once(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(world.actor(cast.ada, cast.bakery), cast.listing)
    actor = world.actor(cast.ben, cast.workshop)
    said = at_once(
        *(inside(actor, services.answer_review, review_id=review.pk, text=text) for text in ("Thanks.", "No."))
    )
    assert sorted(type(word).__name__ for word in said) == ["Answer", "Refused"], said
    with everything():
        assert Answer.objects.count() == 1


def test_many_clocks_invite_once(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    said = at_once(*[inviting.invite] * 4)
    assert not any(isinstance(word, Exception) for word in said), said
    assert sum(said) == 1
    with everything():
        assert Invitation.objects.count() == 1


def test_refused_is_what_the_second_is_told(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    refused = [word for word in at_once(*two_members(cast)) if isinstance(word, Refused)]
    assert str(refused[0]).startswith("A colleague has written")
