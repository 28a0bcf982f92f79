"""What subscriptions add to an organization's Home."""

from django.urls import reverse

from marketplace.organizations.home import Figure, Part
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import Subscription


def part(org: Organization, user_id: int, role: str) -> Part:
    """How many subscriptions run, on either side."""
    active = Subscription.objects.for_org(org.pk).filter(state=Subscription.State.ACTIVE)
    sides = list(active.values_list("buyer_id", flat=True))
    figures = []
    if bought := sides.count(org.pk):
        figures.append(Figure("Running subscriptions", bought, reverse("subscriptions:list", args=[org.slug])))
    if sold := len(sides) - bought:
        figures.append(Figure("Subscribed to your tools", sold, reverse("subscriptions:sales", args=[org.slug])))
    return Part(figures=figures)
