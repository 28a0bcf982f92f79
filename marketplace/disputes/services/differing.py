"""Rulings that the contract has and nobody here decided: an arbiter calls it past the market, or with another split.

The contract decides, so the books follow it. What people see says both, and an alarm sounds until a moderator has
noted it.
"""

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from chain import alarms
from marketplace.audit.services import record
from marketplace.disputes.models import Dispute, Ruling
from marketplace.disputes.services.deciding import facts_of, locked_for
from marketplace.lifecycle import Refused
from marketplace.subscriptions.words import percent
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

ALARM: Final = "rulings"
REASON: Final = "rulings of every contract are compared with those that were decided here"


@dataclass(frozen=True, slots=True)
class PastUs:
    """What the contract says, in 1/10,000, by whose wallet; and what was decided here, if anything was sent."""

    provider_bps: int
    arbiter: str
    decided_bps: int | None


def past_us(dispute: Dispute) -> PastUs | None:
    """How the ruling that ended a dispute differs from what was decided here; None when it does not."""
    escrow = dispute.escrow
    if dispute.outcome != Dispute.Outcome.RULED or not escrow.arbiter:
        return None
    rulings = Ruling.objects.filter(dispute=dispute)
    if rulings.filter(state=Ruling.State.DONE).exists():
        return None
    sent = rulings.exclude(provider=None).order_by("-pk").first()
    return PastUs(int(escrow.provider_bps or 0), escrow.arbiter, sent.provider_bps if sent else None)


def compare() -> None:
    """Sound the alarm for each ruling that differs and was not noted, and end it for those that were."""
    with transaction.atomic(), as_system(REASON):
        loud = [(each.public_id, each.escrow, past_us(each)) for each in _differing().filter(looked_into_at=None)]
    for public_id, escrow, found in loud:
        if found:
            alarms.sound(ALARM, _sentence(found), subject=str(public_id), chain=escrow.chain)


def _sentence(found: PastUs) -> str:
    said = f"The contract gives the provider {percent(found.provider_bps)} % by a ruling of {found.arbiter}"
    if found.decided_bps is None:
        return f"{said}; nobody decided so here."
    return f"{said}; decided here was {percent(found.decided_bps)} %."


def _differing() -> QuerySet[Dispute]:
    done = Ruling.objects.filter(dispute=OuterRef("pk"), state=Ruling.State.DONE)
    ruled = Dispute.objects.filter(state=Dispute.State.RESOLVED, outcome=Dispute.Outcome.RULED)
    return ruled.exclude(Exists(done)).select_related("escrow").order_by("pk")


def note_difference(actor: Actor, *, dispute_id: int) -> None:
    """A moderator has looked into it: the alarm ends. What both sides see stays."""
    with transaction.atomic():
        dispute = locked_for(actor, dispute_id)
        if past_us(dispute) is None:
            raise Refused(_("The contract has what was decided here. There is nothing to note."))
        if dispute.looked_into_at:
            return
        dispute.looked_into_at = timezone.now()
        dispute.save(update_fields=["looked_into_at"])
        record(actor, "ruling.difference_noted", dispute.order, **facts_of(dispute))
        alarms.end(ALARM, subject=str(dispute.public_id), chain=dispute.escrow.chain)
