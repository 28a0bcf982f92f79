"""What happens to an order stands in the audit chains of both its sides.

Always in the order of the organizations: each chain has a lock, and two transactions must take them in the same order.
"""

from collections.abc import Iterable

from marketplace.audit import services as audit
from marketplace.subscriptions.models import Order, Subscription
from marketplace.tenancy.actor import SYSTEM, Actor
from marketplace.tenancy.scope import as_system


def note_both(actor: Actor, verb: str, thing: Order | Subscription) -> None:
    """One entry in each side's chain of what a person did; the other side's is written as the system."""
    for org_id in sorted({thing.buyer_id, thing.provider_id}):
        if org_id == actor.org_id:
            audit.record(actor, verb, thing, org_id=org_id, order=str(thing.public_id))
        else:
            with as_system("both sides of an order are told what happens to it"):
                audit.record(actor, verb, thing, org_id=org_id, order=str(thing.public_id))


def tell_both(happened: Iterable[tuple[str, Order | Subscription, dict[str, object]]]) -> None:
    """Write what happened to orders, or to subscriptions without one, as the system, at the end of its transaction."""
    told = [(org_id, item) for item in happened for org_id in (item[1].buyer_id, item[1].provider_id)]
    for org_id, (verb, thing, facts) in sorted(told, key=lambda pair: pair[0]):
        audit.record(SYSTEM, verb, thing, org_id=org_id, order=str(thing.public_id), **facts)
