"""What subscriptions add to an organization's Home."""

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.organizations.access import MAY_DECIDE_SPENDING, MAY_PAY
from marketplace.organizations.home import Figure, Part, Step
from marketplace.organizations.models import Organization
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import SpendingRequest, Subscription


def part(org: Organization, user_id: int, role: str) -> Part:
    """How many subscriptions run, on either side, what waits for an owner, and old plans that are to be stopped."""
    active = Subscription.objects.for_org(org.pk).filter(state=Subscription.State.ACTIVE)
    sides = list(active.values_list("buyer_id", flat=True))
    figures = []
    if bought := sides.count(org.pk):
        figures.append(Figure(_("Running subscriptions"), bought, reverse("subscriptions:list", args=[org.slug])))
    if sold := len(sides) - bought:
        figures.append(Figure(_("Subscribed to your tools"), sold, reverse("subscriptions:sales", args=[org.slug])))
    if role in MAY_DECIDE_SPENDING and (waiting := SpendingRequest.objects.for_org(org.pk).waiting().count()):
        figures.append(
            Figure(_("Requests waiting for you"), waiting, reverse("subscriptions:spending", args=[org.slug]))
        )
    return Part(_to_be_stopped(org) if role in MAY_PAY else [], figures)


def _to_be_stopped(org: Organization) -> list[Step]:
    """A step for each plan that still costs while another one runs in its place."""
    found = Subscription.objects.filter(buyer_id=org.pk).replaced(market_time()).select_related("order", "listing")
    return [
        Step(
            _("Stop your old plan of %(tool)s") % {"tool": one.listing},
            _("Another plan runs in its place. Until you stop the old one, both cost; the rest of it comes back."),
            False,
            reverse("escrow:money", args=[org.slug, one.page_id]),
            _("Stop it"),
        )
        for one in found.order_by("pk")
    ]
