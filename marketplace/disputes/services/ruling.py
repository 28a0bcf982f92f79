"""Rule on a dispute: proposed with reasons, above a limit confirmed by somebody else, then carried out.

All that happens to the ruling of a dispute happens under the lock of the dispute's row.
"""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.disputes import hashing
from marketplace.disputes.figures import ALL_BPS, split
from marketplace.disputes.models import Dispute, Ruling
from marketplace.disputes.services.carrying import arbiter_address, arbiter_wallets, decide, refuse_while_asked
from marketplace.disputes.services.deciding import facts_of, locked_for, rulable, standing_on
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor

State = Ruling.State


def propose(actor: Actor, *, dispute_id: int, provider_bps: int, reasons: str, by_wallet: bool = False) -> Ruling:
    """Propose how to split what is contested; up to the limit it is decided, and goes to the contract at once.

    `by_wallet`: not by the market's key, an arbiter's own wallet is to send it. The same proposal sent twice is made
    once. Raises Refused for who is no moderator or belongs to a side, before the provider had its time, after the
    arbiter's, and while another ruling stands.
    """
    reasons = reasons.strip()
    if not 0 <= provider_bps <= ALL_BPS or not reasons:
        raise Refused(_("Say which share the provider gets, and give your reasons. Both sides read them."))
    with transaction.atomic():
        dispute = locked_for(actor, dispute_id)
        if before := standing_on(dispute):
            if (before.proposed_by_id, before.provider_bps, before.reasons) == (actor.user_id, provider_bps, reasons):
                return before
            raise Refused(_("A ruling on this dispute stands already. Open the case again to see it."))
        _rulable_by_somebody(dispute)
        escrow, salt = dispute.escrow, hashing.new_salt()
        contested = split(escrow, provider_bps, market_time()).contested
        words = hashing.reasoning(escrow_id=escrow.escrow_id, provider_bps=provider_bps, reasons=reasons, salt=salt)
        ruling = Ruling.objects.create(
            dispute=dispute,
            provider_bps=provider_bps,
            reasons=reasons,
            salt=salt,
            ruling_hash=hashing.bytes32(words),
            contested=contested,
            needs_second=contested > settings.DISPUTE_ALONE_UP_TO * 10**escrow.currency.decimals,
            proposed_by_id=person_of(actor),
        )
        if dispute.state != Dispute.State.ESCALATED:
            dispute.move(Dispute.State.ESCALATED)
        facts = {"ruling": ruling.pk, **facts_of(dispute)}
        record(actor, "ruling.proposed" if ruling.needs_second else "ruling.decided", dispute.order, **facts)
        if not ruling.needs_second:
            decide(actor, dispute, ruling, by_wallet=by_wallet)
    return ruling


def confirm(actor: Actor, *, dispute_id: int, by_wallet: bool = False) -> Ruling:
    """The second pair of eyes: what a colleague has proposed is decided. Confirmed twice, it is sent once."""
    with transaction.atomic():
        dispute = locked_for(actor, dispute_id)
        ruling = standing_on(dispute)
        if ruling is None:
            raise Refused(_("There is no proposal to confirm any more."))
        if ruling.state != State.PROPOSED:
            return ruling
        if ruling.proposed_by_id == person_of(actor):
            raise Refused(_("You have proposed this yourself. Another moderator has to confirm it."))
        _rulable_by_somebody(dispute)
        decide(actor, dispute, ruling, by_wallet=by_wallet)
    return ruling


def withdraw(actor: Actor, *, dispute_id: int) -> None:
    """Take back what is proposed, or decided and not sent, so that another ruling can be made; any moderator may.

    A wallet that was given the transaction before can still send it: then the contract has it, and it counts.
    """
    with transaction.atomic():
        dispute = locked_for(actor, dispute_id)
        ruling = standing_on(dispute)
        if ruling is None or ruling.state not in (State.PROPOSED, State.DECIDED):
            raise Refused(_("There is no proposal to take back any more."))
        refuse_while_asked(ruling)
        ruling.move(State.WITHDRAWN)
        record(actor, "ruling.withdrawn", dispute.order, ruling=ruling.pk, **facts_of(dispute))


def _rulable_by_somebody(dispute: Dispute) -> None:
    rulable(dispute)
    if not arbiter_address(dispute.escrow) and not arbiter_wallets(dispute.escrow):
        raise Refused(_("The market's arbiter account is not set up, or no vote has made it an arbiter."))
