"""A buyer learns once, and in time, that a subscription ends."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.subscriptions.models import Subscription
from marketplace.subscriptions.reminding import note_ending
from marketplace.tenancy.scope import as_system
from tests import world
from tests.isolation.conftest import trade

pytestmark = pytest.mark.django_db


@world.written
def running(started: timedelta, left: timedelta) -> Subscription:
    made = trade("North").subscription
    now = timezone.now()
    made.starts_at, made.ends_at = now - started, now + left
    made.save()
    return made


def noted() -> list[int]:
    with transaction.atomic(), as_system("the test looks"):
        return list(Entry.objects.filter(verb="subscription.ending").values_list("org_id", flat=True))


def test_it_is_noted_once_for_the_buyer() -> None:
    subscription = running(timedelta(days=28), timedelta(days=2))
    assert note_ending() == 1
    assert note_ending() == 0
    assert noted() == [subscription.buyer_id]


@pytest.mark.parametrize(
    ("started", "left"),
    [
        (timedelta(days=20), timedelta(days=4)),
        (timedelta(minutes=1), timedelta(minutes=59)),
        (timedelta(days=30), timedelta(minutes=-1)),
    ],
    ids=["not yet", "short, and just begun", "over"],
)
def test_it_is_noted_neither_too_early_nor_too_late(started: timedelta, left: timedelta) -> None:
    running(started, left)
    assert note_ending() == 0
    assert noted() == []
