"""Who may review what: an organization whose money for a listing has settled.

Settled is what final logs say has left the escrow for good. A whole period's price paid out is enough, and so is the
first day of a period that was stopped early: who leaves after three bad weeks has as much to say as who stays. Less
than a day is not, or a smear would cost nothing: pay, stop a block later, and write. Money that an arbiter split counts
whatever the provider got of it. Of a deposit for calls, twenty paid calls are enough, or all of a smaller one.
"""

from datetime import datetime
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Least
from django.db.models.lookups import GreaterThanOrEqual

from marketplace.catalog.models import Listing
from marketplace.escrow.models import CallDeposit, Escrow
from marketplace.reviews.models import Review
from marketplace.subscriptions.models import Order

DAY: Final = 86_400
ENOUGH_CALLS: Final = 20


def settled() -> QuerySet[Escrow]:
    """The deposits that entitle their buyer to a review."""
    paid = F("released") * F("period_seconds")
    least = F("price") * Least(F("period_seconds"), Value(DAY))
    enough = Q(GreaterThanOrEqual(paid, least)) | Q(state=Escrow.State.RESOLVED)
    return Escrow.objects.filter(enough, is_late=False)


def settled_calls() -> QuerySet[CallDeposit]:
    """The deposits for calls that do."""
    least = Least(F("order__price") * Value(ENOUGH_CALLS), F("channel__deposit"))
    return CallDeposit.objects.filter(GreaterThanOrEqual(F("channel__claimed"), least), is_late=False)


def settled_order(org_id: int, listing_id: int) -> Order | None:
    """The first order of an organization for a listing whose money has settled."""
    found = settled().filter(buyer_id=org_id, order__listing_id=listing_id)
    first = found.select_related("order").order_by("started_at", "pk").first()
    if first:
        return first.order
    used = settled_calls().filter(buyer_id=org_id, order__listing_id=listing_id).select_related("order")
    deposit = used.order_by("pk").first()
    return deposit.order if deposit else None


def settles_at(org_id: int, listing_id: int) -> datetime | None:
    """When the first period of a deposit that is held now will be paid out; None when nothing is held."""
    held = Escrow.objects.held().filter(buyer_id=org_id, order__listing_id=listing_id, is_late=False)
    return held.order_by("next_due_at").values_list("next_due_at", flat=True).first()


def has_ordered(org_id: int, listing_id: int) -> bool:
    """Whether an organization has ever ordered a listing, paid or not."""
    return Order.objects.bought_by(org_id).filter(listing_id=listing_id).exists()


def unreviewed(org_id: int) -> QuerySet[Listing]:
    """The public listings that an organization may review and has not."""
    mine = Review.objects.for_org(org_id).filter(listing=OuterRef("pk"))
    bought = settled().filter(buyer_id=org_id, order__listing=OuterRef("pk"))
    used = settled_calls().filter(buyer_id=org_id, order__listing=OuterRef("pk"))
    return Listing.objects.public().filter(Exists(bought) | Exists(used), ~Exists(mine)).order_by("-pk")
