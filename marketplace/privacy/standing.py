"""What has to be settled before an organization or a person can be erased, and what an erasure would do, in figures."""

from dataclasses import dataclass

from marketplace.escrow.models import Escrow
from marketplace.organizations.models import Membership
from marketplace.privacy import fates, inventory
from marketplace.subscriptions.models import Order, Subscription
from marketplace.subscriptions.words import counted
from marketplace.tenancy.scope import as_system

OPEN_MONEY = (Escrow.State.HELD, Escrow.State.DISPUTED)
NAMES = {
    "audit.Entry": "entries of the record",
    "audit.Wording": "words of the record",
    "gateway.UpstreamSecret": "sealed keys to your services",
}
RUNNING = (Subscription.State.ACTIVE, Subscription.State.SUSPENDED)


def open_matters(org_id: int | None, user_id: int) -> list[str]:
    """What stands in the way, a sentence each; empty when nothing does. As the system, or in the owner's scope."""
    return _of_organization(org_id) if org_id else _of_person(user_id)


def _of_organization(org_id: int) -> list[str]:
    held = Escrow.objects.for_org(org_id).filter(state__in=OPEN_MONEY).count()
    running = Subscription.objects.for_org(org_id).filter(state__in=RUNNING).count()
    placed = Order.objects.for_org(org_id).filter(state=Order.State.PLACED).count()
    found = [
        (held, f"{counted(held, 'deposit')} still in escrow: stop or wait until all of it is paid out or returned."),
        (running, f"{counted(running, 'subscription')} still running: stop them or let them end."),
        (placed, f"{counted(placed, 'order')} still waiting for payment: pay or let them expire, within the hour."),
    ]
    return [sentence for number, sentence in found if number]


def _of_person(user_id: int) -> list[str]:
    owned = Membership.objects.of(user_id).filter(role=Membership.Role.OWNER)
    alone = [
        membership.org.name
        for membership in owned
        if not Membership.objects.for_org(membership.org_id)
        .filter(role=Membership.Role.OWNER)
        .exclude(user_id=user_id)
        .exists()
    ]
    return [f"You are the only owner of {name}: make somebody else an owner, or erase it first." for name in alone]


@dataclass(frozen=True, slots=True)
class Line:
    """How many rows of one table are deleted, blanked or kept, and why."""

    what: str
    count: int
    outcome: str
    reason: str


def consequences(org_id: int | None, user_id: int) -> list[Line]:
    """What an erasure would do to each table that holds something: counted by owner, also what other members see."""
    key = org_id or user_id
    kept = fates.OF_ORGANIZATIONS if org_id else fates.OF_PEOPLE
    lines = []
    for table in inventory.of_organizations() if org_id else inventory.of_people():
        with as_system("a count over all that the erasure would touch"):
            count = table.rows_of(key).count()
        name = NAMES.get(table.label, str(table.model._meta.verbose_name_plural))
        fate = kept.get(table.label)
        if fate is None or fate.is_deleted:
            lines.append(Line(name, count, "deleted", ""))
        else:
            lines.append(Line(name, count, "blanked" if fate.scrub else "kept", fate.reason))
    return [line for line in lines if line.count]
