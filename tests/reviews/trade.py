"""A trade whose money has settled, as the escrow's mirror has it after final logs."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.catalog.models import Listing
from marketplace.escrow.models import Escrow
from marketplace.organizations.models import Organization
from marketplace.reviews import services
from marketplace.reviews.models import Answer, Review
from marketplace.reviews.services import Said
from marketplace.subscriptions.models import Order, Subscription
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

PRICE = 30 * world.TUSD
GOOD = Said(stars=5, title="It does what it says", text="We use it **daily**.")


@world.written
def bought(org: Organization, listing: Listing, *, days: int = 40, released: int = PRICE, **escrow: Any) -> Order:
    """Two periods of 30 days, begun `days` ago, of which `released` base units have reached the provider."""
    plan, now = listing.plans.first(), timezone.now()
    both = {"buyer": org, "provider_id": listing.org_id}
    order = Order.objects.create(
        **both, listing=listing, plan=plan, state="funded", currency=plan.currency, price=PRICE, periods=2,
        period_seconds=30 * world.DAY, max_fee_bps=250, provider_address=world.BEN_ADDRESS, expires_at=now,
        order_ref="0x" + uuid.uuid4().hex * 2,
    )  # fmt: skip
    start, end = now - timedelta(days=days), now + timedelta(days=60 - days)
    Subscription.objects.create(**both, order=order, listing=listing, state="active", starts_at=start, ends_at=end)
    facts = {
        "chain": "eip155:31337", "contract": world.DOLLAR_ADDRESS, "escrow_id": order.order_ref, "total": 2 * PRICE,
        "buyer_address": world.ADA_ADDRESS, "provider_address": world.BEN_ADDRESS, "currency": plan.currency,
        "price": PRICE, "period_seconds": 30 * world.DAY, "periods": 2, "fee_bps": 250, "treasury": world.MIA_ADDRESS,
        "hold_seconds": world.DAY, "started_at": start, "ends_at": end, "funded_block": 1, "funded_tx": "0x",
        "next_due_at": start + timedelta(days=31), "released": released,
    }  # fmt: skip
    Escrow.objects.create(**both, order=order, **{**facts, **escrow})
    return order


def buyer(name: str, listing: Listing) -> tuple[User, Organization]:
    """One more organization that has paid and used the listing, and its owner."""
    person = world.person(name)
    org = world.organization(f"{name} Office", owner=person)
    bought(org, listing)
    return person, org


def write(actor: Actor, listing: Listing, said: Said = GOOD, seen: int = 0) -> Review:
    """What the page does: the service, in a transaction of the organization."""
    with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
        return services.write_review(actor, listing_id=listing.pk, said=said, seen=seen)


def answer(actor: Actor, review: Review, text: str = "Thank you.") -> Answer:
    with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
        return services.answer_review(actor, review_id=review.pk, text=text)


def decide(person: User, thing: Review | Answer, to: str, reason: str = "It names a person.") -> None:
    """As the console does."""
    actor = Actor(user_id=person.pk, role="moderator")
    with transaction.atomic(), as_system("the console"):
        (services.hide if to == "hidden" else services.show)(actor, thing=thing, reason=reason)
