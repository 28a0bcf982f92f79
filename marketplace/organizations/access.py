"""What the doors ask: is this person a member, and who may do what."""

from typing import Final

from marketplace.lifecycle import Refused
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.door import Member

Role = Membership.Role
EVERYBODY: Final = tuple(Role.values)
MAY_MANAGE: Final = (Role.OWNER, Role.ADMIN)
MAY_PAY: Final = (Role.OWNER, Role.ADMIN, Role.BILLING)
MAY_SELL: Final = (Role.OWNER, Role.ADMIN, Role.DEVELOPER)
MAY_USE: Final = (Role.OWNER, Role.ADMIN, Role.BILLING, Role.DEVELOPER)
MAY_HOLD_KEYS: Final = (Role.OWNER, Role.ADMIN, Role.DEVELOPER)


def org_of(actor: Actor) -> int:
    """The organization that the actor acts for; raises Refused when there is none."""
    if actor.org_id is None:
        raise Refused("This is done for an organization. Open one of yours first.")
    return actor.org_id


def membership(user_id: int, slug: str) -> Member | None:
    """The organization called `slug` and the person's role in it; None for a stranger or when there is none."""
    found = Membership.objects.select_related("org").filter(user_id=user_id, org__slug=slug).first()
    return Member(found.org, found.role) if found else None


def paid_to(address: str) -> list[str]:
    """The names of the organizations whose coming earnings go to this wallet."""
    return list(Organization.objects.filter(payout_address=address).order_by("name").values_list("name", flat=True))
