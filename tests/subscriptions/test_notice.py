"""What somebody pays for does not change under their hands: they are told, and have a month to think."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.subscriptions import notice
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Subscription
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def running() -> Subscription:
    """Ada's bakery uses version 1 of a tool, for a long time yet."""
    cast = world.cast()
    return free(cast, starts_at=market_time() - timedelta(days=1), ends_at=market_time() + timedelta(days=400))


@world.written
def free(cast: world.Cast, **dates: Any) -> Subscription:
    return Subscription.objects.create(
        buyer=cast.bakery,
        provider=cast.workshop,
        listing=cast.listing,
        free_plan=cast.plan,
        version_number=1,
        state=Subscription.State.ACTIVE,
        **dates,
    )


@world.written
def approve(listing: Listing, **words: Any) -> None:
    """One more version is in the shop."""
    now = timezone.now()
    made = world.version(
        listing.org, listing=listing, state=ListingVersion.State.APPROVED, submitted_at=now, decided_at=now, **words
    )
    Listing.objects.filter(pk=listing.pk).update(version_number=made.number)


@world.written
def pass_by(subscription: Subscription, days: int) -> None:
    """As if the notice had been given so long ago."""
    there = Subscription.objects.get(pk=subscription.pk)
    assert there.notice_ends_at
    there.notice_ends_at -= timedelta(days=days)
    there.save()


def standing(subscription: Subscription) -> tuple[int | None, int | None]:
    with as_system("a test looks"):
        there = Subscription.objects.get(pk=subscription.pk)
    return there.version_number, there.announced_number


def clocks() -> None:
    notice.give_notice()
    notice.end_notices()


def test_a_new_version_is_announced_and_takes_over_after_a_month(running: Subscription) -> None:
    approve(running.listing, summary="Better words")
    clocks()
    assert standing(running) == (1, 2)
    pass_by(running, 29)
    clocks()
    assert standing(running) == (1, 2)
    pass_by(running, 1)
    clocks()
    assert standing(running) == (2, None)


def test_a_version_approved_on_the_last_day_of_a_notice_has_a_month_of_its_own(running: Subscription) -> None:
    approve(running.listing, summary="Better words")
    clocks()
    pass_by(running, 29)
    approve(running.listing, summary="Dearer words")
    clocks()
    assert standing(running) == (1, 2)
    pass_by(running, 1)
    clocks()
    assert standing(running) == (2, None)
    clocks()
    assert standing(running) == (2, 3)


def test_another_address_of_the_same_tool_needs_no_notice(running: Subscription) -> None:
    approve(running.listing, endpoint="http://127.0.0.1:9/elsewhere")
    clocks()
    assert standing(running) == (2, None)
