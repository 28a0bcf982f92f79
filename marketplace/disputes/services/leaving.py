"""Ways out of a dispute without an arbiter: give the money back, give in, or end it when nobody ruled in time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.disputes.figures import ALL_BPS, Split, split
from marketplace.disputes.models import Dispute, Ruling
from marketplace.disputes.services.carrying import wallet_life
from marketplace.escrow import terms
from marketplace.escrow.models import Escrow, WalletTransaction
from marketplace.escrow.services import note_sent
from marketplace.escrow.services.following import PATIENCE, Life, deposit_log, refused_on_chain
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor

Purpose = WalletTransaction.Purpose
OURS = (Purpose.CANCEL, Purpose.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Way:
    """What a side can do by itself: `name` stop or timeout, what it moves to whom, and the one wallet that can."""

    name: str
    split: Split
    wallet: str = ""


def ways_out(dispute: Dispute, *, is_buyer: bool, at: datetime) -> list[Way]:
    """What one side can do at a moment; nothing once the deposit is closed."""
    escrow = dispute.escrow
    if escrow.state != Escrow.State.DISPUTED:
        return []
    whole = split(escrow, ALL_BPS, at)
    stop = Way("stop", whole if is_buyer else split(escrow, 0, at), _wallet(escrow, is_buyer))
    is_over = escrow.ruling_due_at is not None and escrow.ruling_due_at <= at
    return [stop, *([Way("timeout", whole)] if is_over else [])]


def _wallet(escrow: Escrow, is_buyer: bool) -> str:
    return escrow.buyer_address if is_buyer else escrow.provider_address


def stop_call(actor: Actor, *, dispute: Dispute, address: str) -> dict[str, Any]:
    """The transaction by which a side ends the dispute to the other's advantage; for that side's wallet alone."""
    escrow = _disputed(dispute)
    side = _wallet(escrow, dispute.buyer_id == actor.org_id)
    if address != side:
        raise Refused(
            _("Only the wallet %(wallet)s can do this. Change to it in your wallet.")
            % {"wallet": f"{side[:6]}…{side[-4:]}"}
        )
    return terms.call(escrow.contract, escrow.chain, "cancel", escrow.escrow_id)


def timeout_call(actor: Actor, *, dispute: Dispute) -> dict[str, Any]:
    """The transaction that ends a dispute on which nobody ruled in time; any wallet may send it."""
    escrow = _disputed(dispute)
    if escrow.ruling_due_at is None or escrow.ruling_due_at > market_time():
        raise Refused(_("The arbiter still has time to rule."))
    return terms.call(escrow.contract, escrow.chain, "resolveTimeout", escrow.escrow_id)


def _disputed(dispute: Dispute) -> Escrow:
    if dispute.escrow.state != Escrow.State.DISPUTED:
        raise Refused(_("This dispute has ended already."))
    return dispute.escrow


def note_way_out(actor: Actor, *, dispute: Dispute, purpose: str, address: str, tx_hash: str) -> None:
    """Keep the hash of what the wallet sent, to be looked for."""
    note_sent(actor, purpose=purpose, subject=dispute.escrow.escrow_id, address=address, tx_hash=tx_hash)


def sent_ruling(dispute: Dispute) -> Ruling | None:
    """The ruling that was handed to the contract and is not carried out yet."""
    sent = Ruling.objects.filter(dispute=dispute, state=Ruling.State.SENT)
    return sent.select_related("sending", "dispute__escrow").first()


def under_way(dispute: Dispute) -> Life | None:
    """How far what would end the dispute has come; None when nothing is known to be under way."""
    escrow = dispute.escrow
    if dispute.state not in Dispute.UNDECIDED:
        return None
    for event in ("Resolved", "Cancelled"):
        if seen := deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event=event):
            sentence = _("The end of this dispute is in a block. It counts when a few more stand on it.")
            return Life("seen", sentence, seen.tx_hash, seen.number)
    if ruling := sent_ruling(dispute):
        if ruling.sending is None:
            return wallet_life(ruling)
        sentence = _("An arbiter has decided. The market hands the ruling to the contract now.")
        return Life("sent", sentence, ruling.sending.tx_hash or "")
    sent = WalletTransaction.objects.filter(purpose__in=OURS, subject=escrow.escrow_id).order_by("-pk").first()
    if sent is None or sent.sent_at < timezone.now() - PATIENCE or refused_on_chain(escrow.chain, sent.tx_hash):
        return None
    return Life("sent", _("Your transaction is sent and waits for its block."), sent.tx_hash)
