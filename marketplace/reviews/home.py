"""What reviews add to an organization's Home: the tools that it may say something about."""

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.organizations.access import MAY_USE
from marketplace.organizations.home import Part, Step
from marketplace.organizations.models import Organization
from marketplace.reviews.standing import unreviewed

MOST = 2


def part(org: Organization, user_id: int, role: str) -> Part:
    """An invitation for each of the latest tools that were paid for and are not reviewed."""
    whole = Part()
    if role in MAY_USE:
        for listing in unreviewed(org.pk)[:MOST]:
            whole.steps.append(
                Step(
                    _("Say how %(tool)s works for you") % {"tool": listing.name},
                    _("You have paid for it and used it. Others decide by what you tell them."),
                    False,
                    reverse("reviews:write", args=[org.slug, listing.slug]),
                    _("Write a review"),
                )
            )
    return whole
