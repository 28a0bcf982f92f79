"""Who may do what: one table of permissions, from which the doors and the page about roles are made."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.lifecycle import Refused, Words
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.door import Member

Role = Membership.Role
EVERYBODY: Final = tuple(Role.values)


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that members with one of `roles` may do, said for people."""

    name: str
    may: Words
    roles: tuple[str, ...]


PERMISSIONS: Final = (
    Permission("see", gettext_lazy("See what the organization buys, sells and pays"), EVERYBODY),
    Permission("use", gettext_lazy("Use tools"), (Role.OWNER, Role.ADMIN, Role.BILLING, Role.DEVELOPER)),
    Permission(
        "save",
        gettext_lazy("Keep lists of tools for everybody here"),
        (Role.OWNER, Role.ADMIN, Role.BILLING, Role.DEVELOPER),
    ),
    Permission("keys", gettext_lazy("Make and revoke API keys"), (Role.OWNER, Role.ADMIN, Role.DEVELOPER)),
    Permission("pay", gettext_lazy("Subscribe, pay, and stop subscriptions"), (Role.OWNER, Role.ADMIN, Role.BILLING)),
    Permission(
        "sell", gettext_lazy("Offer tools and change what is offered"), (Role.OWNER, Role.ADMIN, Role.DEVELOPER)
    ),
    Permission(
        "manage",
        gettext_lazy("Change settings, invite and remove members, ask for verification"),
        (Role.OWNER, Role.ADMIN),
    ),
    Permission("approve", gettext_lazy("Set budgets, and approve orders above a limit"), (Role.OWNER,)),
    Permission(
        "agree",
        gettext_lazy("Agree to votes of its wallets that others ask for"),
        (Role.OWNER, Role.ADMIN),
    ),
    Permission(
        "own",
        gettext_lazy("Choose the wallet that is paid, make other owners, hand the organization over"),
        (Role.OWNER,),
    ),
)
ROLES_OF: Final = {permission.name: permission.roles for permission in PERMISSIONS}
MAY_USE: Final = ROLES_OF["use"]
MAY_SAVE: Final = ROLES_OF["save"]
MAY_HOLD_KEYS: Final = ROLES_OF["keys"]
MAY_PAY: Final = ROLES_OF["pay"]
MAY_SELL: Final = ROLES_OF["sell"]
MAY_MANAGE: Final = ROLES_OF["manage"]
MAY_DECIDE_SPENDING: Final = ROLES_OF["approve"]
MAY_AGREE: Final = ROLES_OF["agree"]
MAY_OWN: Final = ROLES_OF["own"]


def org_of(actor: Actor) -> int:
    """The organization that the actor acts for; raises Refused when there is none."""
    if actor.org_id is None:
        raise Refused(_("This is done for an organization. Open one of yours first."))
    return actor.org_id


def membership(user_id: int, slug: str) -> Member | None:
    """The organization called `slug` and the person's role in it; None for a stranger or when there is none."""
    found = Membership.objects.select_related("org").filter(user_id=user_id, org__slug=slug).first()
    return Member(found.org, found.role) if found else None


def paid_to(address: str) -> list[str]:
    """The names of the organizations whose coming earnings go to this wallet."""
    return list(Organization.objects.filter(payout_address=address).order_by("name").values_list("name", flat=True))
