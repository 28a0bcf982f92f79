"""Note that a subscription ends soon, or runs on its grace, once for each end, so that its buyer is told in time."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import BigIntegerField, CharField, DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Extract, Floor
from django.utils import timezone

from marketplace.audit import services as audit
from marketplace.audit.models import Entry
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order, Subscription
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

SOON: Final = timedelta(days=3)
DAY: Final = timedelta(days=1)
LAST_PART: Final = 5  # of what was bought: a subscription of an hour is not ending from its beginning
BATCH: Final = 200
WHOLE: Final = BigIntegerField()


def note_ending() -> int:
    """Note each subscription that is in its last days, and in its last fifth; returns how many were new."""
    now = market_time()
    remaining = ExpressionWrapper(F("ends_at") - now, output_field=DurationField())
    bought = ExpressionWrapper(F("ends_at") - F("starts_at"), output_field=DurationField())
    with transaction.atomic(), as_system("subscriptions of every organization end"):
        ending = Subscription.objects.running(now).filter(order__isnull=False, ends_at__lte=now + SOON)
        ending = ending.annotate(remaining=remaining, bought=bought).filter(bought__gte=F("remaining") * LAST_PART)
        return _note("subscription.ending", ending)


def note_grace() -> int:
    """Note each subscription whose paid time is over while calls still pass, with until when; returns how many."""
    with transaction.atomic(), as_system("subscriptions of every organization run on their grace"):
        return _note("subscription.in_grace", Subscription.objects.in_grace(market_time()))


def note_replaced() -> int:
    """Note each subscription that still runs, and costs, while another plan runs in its place; once a day."""
    with transaction.atomic(), as_system("subscriptions of every organization are to be stopped"):
        found = Subscription.objects.replaced(market_time())
        return _note("subscription.replaced", found, again_after=DAY)


def _note(verb: str, found: QuerySet[Subscription], *, again_after: timedelta | None = None) -> int:
    """Write an entry for the buyer of each that has none of this verb about this end of its paid time, or lately."""
    about = {"subject_type": Order._meta.label_lower, "subject_id": Cast(OuterRef("order_id"), CharField())}
    noted = Entry.objects.filter(verb=verb, **about)
    if again_after is not None:
        noted = noted.filter(at__gt=timezone.now() - again_after)
    else:
        ends = Cast(Floor(Extract("ends_at", "epoch")), WHOLE)
        found = found.alias(ends=ends)
        noted = noted.alias(ends=Cast(KeyTextTransform("ends", "facts"), WHOLE)).filter(ends=OuterRef("ends"))
    fresh = found.exclude(Exists(noted)).select_related("order").order_by("buyer_id", "pk")
    locked = list(fresh.select_for_update(of=("self",), skip_locked=True)[:BATCH])
    for subscription in locked:
        order, until = subscription.order, subscription.grace_ends_at or subscription.ends_at
        assert order is not None and until and subscription.ends_at  # noqa: S101  (filtered by the callers)
        facts = {"ends": int(subscription.ends_at.timestamp()), "until": until.isoformat(timespec="seconds")}
        audit.record(SYSTEM, verb, order, org_id=order.buyer_id, order=str(order.public_id), **facts)
    return len(locked)
