"""What subscriptions add to an organization's Home."""

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.organizations.access import MAY_DECIDE_SPENDING
from marketplace.organizations.home import Figure, Part
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import SpendingRequest, Subscription


def part(org: Organization, user_id: int, role: str) -> Part:
    """How many subscriptions run, on either side, and what waits for an owner."""
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
    return Part(figures=figures)
