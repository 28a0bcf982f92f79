"""What the shop adds to an organization's Home."""

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.audit.models import Entry
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.organizations.home import Figure, Part, Step
from marketplace.organizations.models import Membership, Organization


def part(org: Organization, user_id: int, role: str) -> Part:
    """Steps towards the first subscription and the first listing, and how many tools are in the shop."""
    whole = Part()
    if org.intention != Organization.Intention.SELL:
        people = Membership.objects.for_org(org.pk).values("user_id")
        ordered = Entry.objects.for_org(org.pk).filter(verb="order.placed", actor_user_id__in=people)
        whole.steps.append(
            Step(
                _("Find your first tool"),
                _("Look around, read what it costs and how you get your money back, and subscribe for one period."),
                ordered.exists(),
                reverse("catalog:browse"),
                _("Browse tools"),
            )
        )
    if org.wants_to_sell or Listing.objects.for_org(org.pk).exists():
        _selling(whole, org)
    return whole


def _selling(whole: Part, org: Organization) -> None:
    mine = Listing.objects.for_org(org.pk)
    drafts = ListingVersion.objects.for_org(org.pk)
    in_shop = mine.public().count()
    listings = reverse("catalog:manage", args=[org.slug])
    whole.steps.append(
        Step(
            _("Put a tool in the shop"),
            _("Describe what it does, say what goes in, name a price. A moderator reads it before anybody can buy."),
            in_shop > 0,
            listings if drafts.exists() else reverse("catalog:create", args=[org.slug]),
            _("Write a listing"),
            is_waiting=not in_shop and drafts.submitted().exists(),
        )
    )
    whole.figures.append(Figure(_("Tools in the shop"), in_shop, listings))
