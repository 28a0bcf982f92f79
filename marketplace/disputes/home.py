"""What disputes add to an organization's Home: those that wait for something from it."""

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.disputes.models import Dispute
from marketplace.disputes.services import MAY_SPEAK
from marketplace.organizations.home import Part, Step
from marketplace.organizations.models import Organization
from marketplace.subscriptions.words import day

MOST = 3


def part(org: Organization, user_id: int, role: str) -> Part:
    """A step for each dispute to answer as the provider."""
    whole = Part()
    if role in MAY_SPEAK:
        waiting = Dispute.objects.filter(provider_id=org.pk, state=Dispute.State.OPEN)
        for dispute in waiting.select_related("order__listing", "buyer").order_by("answer_due_at")[:MOST]:
            assert dispute.answer_due_at  # noqa: S101  (what is open has its dates)
            words = {"buyer": dispute.buyer, "date": day(dispute.answer_due_at)}
            whole.steps.append(
                Step(
                    _("Answer the dispute about %(tool)s") % {"tool": dispute.order.listing.name},
                    _("%(buyer)s says that something is wrong. The arbiter waits for you until %(date)s.") % words,
                    False,
                    reverse("disputes:detail", args=[org.slug, dispute.public_id]),
                    _("Read and answer"),
                )
            )
    return whole
