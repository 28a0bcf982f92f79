"""Note that a subscription ends soon, once for each, so that its buyer can be told in time."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import CharField, DurationField, Exists, ExpressionWrapper, F, OuterRef
from django.db.models.functions import Cast

from marketplace.audit import services as audit
from marketplace.audit.models import Entry
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order, Subscription
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

SOON: Final = timedelta(days=3)
LAST_PART: Final = 5  # of what was bought: a subscription of an hour is not ending from its beginning
BATCH: Final = 200
VERB: Final = "subscription.ending"


def note_ending() -> int:
    """Note each subscription that is in its last days, and in its last fifth; returns how many were new."""
    now = market_time()
    remaining = ExpressionWrapper(F("ends_at") - now, output_field=DurationField())
    bought = ExpressionWrapper(F("ends_at") - F("starts_at"), output_field=DurationField())
    noted = Entry.objects.filter(
        subject_type=Order._meta.label_lower, subject_id=Cast(OuterRef("order_id"), CharField()), verb=VERB
    )
    with transaction.atomic(), as_system("subscriptions of every organization end"):
        ending = Subscription.objects.running(now).filter(order__isnull=False, ends_at__lte=now + SOON)
        ending = ending.annotate(remaining=remaining, bought=bought).filter(bought__gte=F("remaining") * LAST_PART)
        fresh = ending.exclude(Exists(noted)).select_related("order").order_by("buyer_id", "pk")
        found = list(fresh.select_for_update(of=("self",), skip_locked=True)[:BATCH])
        for subscription in found:
            order = subscription.order
            assert order is not None  # noqa: S101  (filtered above)
            audit.record(SYSTEM, "subscription.ending", order, org_id=order.buyer_id, order=str(order.public_id))
    return len(found)
