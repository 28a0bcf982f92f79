"""What every step of a ruling looks at first, under the lock of the dispute's row."""

from typing import Any

from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.disputes.models import Dispute, Ruling
from marketplace.escrow.models import Escrow
from marketplace.lifecycle import Refused
from marketplace.organizations.models import Membership
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor


def locked_for(actor: Actor, dispute_id: int) -> Dispute:
    """The dispute, for a moderator of neither side."""
    if actor.role != "moderator":
        raise Refused(_("Only moderators decide about cases."))
    disputes = Dispute.objects.select_related("order", "escrow__currency").select_for_update(of=("self",))
    dispute = disputes.get(pk=dispute_id)
    sides = [dispute.buyer_id, dispute.provider_id]
    if Membership.objects.filter(org_id__in=sides, user_id=person_of(actor)).exists():
        raise Refused(_("You belong to one of the two sides. Somebody else has to decide this."))
    return dispute


def standing_on(dispute: Dispute) -> Ruling | None:
    """The ruling on a dispute that was not taken back and has not failed, locked."""
    standing = Ruling.objects.filter(dispute=dispute, state__in=Ruling.STANDING).select_related("dispute__escrow")
    return standing.select_for_update(of=("self",)).first()


def rulable(dispute: Dispute) -> None:
    """Raise Refused unless the contract would take a ruling now, and the provider had its time."""
    now, escrow = market_time(), dispute.escrow
    if dispute.state not in Dispute.UNDECIDED or escrow.state != Escrow.State.DISPUTED:
        raise Refused(_("This dispute has ended. There is nothing left to decide."))
    if escrow.ruling_due_at is None or escrow.ruling_due_at <= now:
        raise Refused(_("The time for a ruling is over. Anybody can end the dispute now, as the contract says."))
    if not dispute.may_be_ruled(now):
        raise Refused(_("The provider still has time to answer. Rule when they have, or when their time is over."))


def facts_of(dispute: Dispute) -> dict[str, Any]:
    """What an entry about a ruling names."""
    return {"order": str(dispute.order.public_id), "dispute": str(dispute.public_id)}
