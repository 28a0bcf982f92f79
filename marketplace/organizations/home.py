"""What an organization's Home shows: next steps and figures. Apps above add their own part when they start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.accounts.models import Wallet
from marketplace.organizations.access import MAY_MANAGE, Role
from marketplace.organizations.models import BusinessDetails, Organization


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do once; `text` says why, `url` where."""

    title: str
    text: str
    is_done: bool
    url: str
    action: str
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A number worth knowing, and the page that explains it."""

    label: str
    value: Any
    url: str


@dataclass(slots=True)
class Part:
    """What one app contributes."""

    steps: list[Step] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)


Maker = Callable[[Organization, int, str], Part]
MAKERS: list[Maker] = []


def contribute(maker: Maker) -> Maker:
    """Let `maker(org, user_id, role)` add to every Home; for the `ready()` of an app above this one."""
    if maker not in MAKERS:
        MAKERS.append(maker)
    return maker


def parts(org: Organization, user_id: int, role: str) -> Part:
    """All steps, in the order in which they help, and all figures."""
    whole = _own(org, user_id, role)
    for maker in MAKERS:
        part = maker(org, user_id, role)
        whole.steps += part.steps
        whole.figures += part.figures
    return whole


def _own(org: Organization, user_id: int, role: str) -> Part:
    settings = reverse("organizations:settings", args=[org.slug])
    steps = [
        *_unfinished(org, role),
        Step(
            _("Link a wallet"),
            _("A wallet holds the money you pay with, or receive. Linking shows that it is yours; it costs nothing."),
            Wallet.objects.filter(user_id=user_id).exists(),
            reverse("accounts:wallets"),
            _("Link a wallet"),
        ),
    ]
    if org.wants_to_sell and role == Role.OWNER:
        steps += [
            Step(
                _("Say where you are paid"),
                _("Choose which of your wallets receives what you earn."),
                bool(org.payout_address),
                f"{settings}#payouts",
                _("Choose a wallet"),
            ),
            Step(
                _("Get verified"),
                _("A moderator checks who you are, so that buyers can rely on it. You need it to sell, not to buy."),
                org.is_verified,
                reverse("organizations:verification", args=[org.slug]),
                _("Ask for verification"),
                is_waiting=org.state == Organization.State.SUBMITTED,
            ),
        ]
    return Part(steps)


def _unfinished(org: Organization, role: str) -> list[Step]:
    """Where onboarding was left, on whatever device."""
    details = BusinessDetails.objects.for_org(org.pk).first()
    if details is None or details.step == BusinessDetails.Step.DONE or role not in MAY_MANAGE:
        return []
    place = BusinessDetails.Step.values.index(details.step) + 2
    where = reverse(f"organizations:onboard_{details.step}", args=[org.slug])
    text = _("Step %(place)s of 4 comes next. You can skip what you do not need.") % {"place": place}
    return [Step(_("Finish setting up"), text, False, where, _("Continue"))]
