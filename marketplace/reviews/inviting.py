"""Ask each organization, once, how a tool works for it, when its first money has settled."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from marketplace.audit.services import record
from marketplace.catalog.models import Listing
from marketplace.reviews.models import Invitation, Review
from marketplace.reviews.standing import settled, settled_calls
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

RECENT: Final = timedelta(days=400)  # the longest period is a year; what began before has been asked
BATCH: Final = 200


def invite() -> int:
    """Note who may review now, has not, and was not asked; returns how many."""
    same = {"org": OuterRef("buyer"), "listing": OuterRef("order__listing")}
    with transaction.atomic(), as_system("buyers of every provider are asked"):
        asked, told = Exists(Invitation.objects.filter(**same)), Exists(Review.objects.filter(**same))
        since, shown = market_time() - RECENT, {"order__listing__state": Listing.State.PUBLIC}
        done = 0
        for ready in (
            settled().filter(started_at__gt=since, **shown),
            settled_calls().filter(channel__at__gt=since, **shown),
        ):
            fresh = ready.exclude(asked).exclude(told).select_related("order__listing").order_by("buyer_id", "pk")
            done += sum(_ask(deposit.buyer_id, deposit.order) for deposit in fresh[:BATCH])
        return done


def _ask(org_id: int, order: Order) -> bool:
    _, is_new = Invitation.objects.get_or_create(org_id=org_id, listing_id=order.listing_id, defaults={"order": order})
    if is_new:
        record(SYSTEM, "review.invited", order.listing, org_id=org_id, order=str(order.public_id))
    return is_new
