"""Open a dispute: what is said is written down and hashed before the wallet is asked; the final log alone opens it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.disputes import hashing
from marketplace.disputes.figures import if_disputed
from marketplace.disputes.models import Dispute
from marketplace.disputes.papers import Piece
from marketplace.disputes.services.saying import Part, Side, keep, locked
from marketplace.escrow import terms
from marketplace.escrow.models import Escrow
from marketplace.escrow.services.following import PATIENCE, Life, deposit_log, refused_on_chain
from marketplace.escrow.services.funding import checked_hash
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor

State, Category = Dispute.State, Dispute.Category


def disputable(escrow: Escrow, at: datetime) -> str:
    """Why a deposit cannot be disputed at a moment, as a sentence; an empty text when it can."""
    if escrow.state != Escrow.State.HELD:
        return _("There is nothing to dispute: this deposit is closed, or disputed already.")
    if not if_disputed(escrow, at).contested:
        return _("Nothing of it is earned and still unpaid. Stop the order instead: the rest comes back at once.")
    return ""


def prepare(actor: Actor, *, escrow_id: int, category: str, text: str, pieces: Sequence[Piece] = ()) -> Dispute:
    """Write down what the buyer says, and what its hash is; the same sent twice is written once.

    Raises Refused for a deposit that cannot be disputed, and while a colleague's words wait for a wallet.
    """
    text = text.strip()
    if not text or category not in Category.values or category == Category.UNSAID:
        raise Refused(_("Say what is wrong, and what kind of thing it is."))
    with transaction.atomic():
        bought = Escrow.objects.filter(buyer_id=org_of(actor)).select_related("order")
        escrow = bought.select_for_update(of=("self",)).filter(pk=escrow_id).first()
        if escrow is None:
            raise Refused(_("There is no such deposit."))
        if before := Dispute.objects.standing().filter(escrow=escrow).first():
            return _same(before, category, text, pieces)
        if reason := disputable(escrow, market_time()):
            raise Refused(reason)
        salt = hashing.new_salt()
        words = hashing.statement(escrow_id=escrow.escrow_id, category=category, text=text, files=pieces, salt=salt)
        dispute = Dispute.objects.create(
            order=escrow.order,
            escrow=escrow,
            buyer_id=escrow.buyer_id,
            category=category,
            salt=salt,
            evidence_hash=hashing.bytes32(words),
            prepared_by_id=person_of(actor),
        )
        keep(dispute, part=Part.STATEMENT, side=Side.BUYER, text=text, pieces=pieces, user_id=person_of(actor))
        facts: dict[str, Any] = {"order": str(escrow.order.public_id), "dispute": str(dispute.public_id)}
        record(actor, "dispute.prepared", escrow.order, evidence_hash=dispute.evidence_hash, **facts)
    return dispute


def _same(before: Dispute, category: str, text: str, pieces: Sequence[Piece]) -> Dispute:
    said = before.evidence.filter(part=Part.STATEMENT).first()
    shown = list(said.files.values_list("sha256", flat=True)) if said else []
    if said and (before.category, said.text) == (category, text) and shown == [piece.sha256 for piece in pieces]:
        return before
    raise Refused(_("A dispute over this deposit is begun already. Open it to go on with it."))


def dispute_call(actor: Actor, *, dispute_id: int, address: str) -> dict[str, Any]:
    """The transaction that opens a prepared dispute; raises Refused for another wallet, or when it would be refused."""
    with transaction.atomic():
        dispute = locked(actor, dispute_id)
        escrow = dispute.escrow
        if dispute.state != State.PREPARED:
            raise Refused(_("This dispute is opened already, or was given up."))
        if address != escrow.buyer_address:
            raise Refused(
                _("Only the wallet %(wallet)s can do this. Change to it in your wallet.")
                % {"wallet": f"{escrow.buyer_address[:6]}…{escrow.buyer_address[-4:]}"}
            )
        if reason := disputable(escrow, market_time()):
            raise Refused(reason)
        return terms.call(escrow.contract, escrow.chain, "dispute", escrow.escrow_id, dispute.evidence_hash)


def note_filed(actor: Actor, *, dispute_id: int, tx_hash: str) -> None:
    """Keep the hash that the wallet gave, to be looked for; the chain alone says whether the dispute is open."""
    with transaction.atomic():
        dispute = locked(actor, dispute_id)
        if dispute.buyer_id != actor.org_id or dispute.tx_hash == (sent := checked_hash(tx_hash)):
            return
        dispute.tx_hash, dispute.sent_at = sent, timezone.now()
        dispute.save(update_fields=["tx_hash", "sent_at"])
        record(actor, "dispute.sent", dispute.order, dispute=str(dispute.public_id), tx_hash=sent)


def drop(actor: Actor, *, dispute_id: int) -> None:
    """The buyer does not open it after all. Refused while the wallet's transaction may still arrive."""
    with transaction.atomic():
        dispute = locked(actor, dispute_id)
        if dispute.state == State.DROPPED:
            return
        life = opening_life(dispute)
        if life and (life.step == "seen" or (dispute.tx_hash and not life.failed)):
            raise Refused(_("Your wallet has sent it already. It shows here when it is in a block."))
        dispute.move(State.DROPPED)
        record(actor, "dispute.dropped", dispute.order, dispute=str(dispute.public_id))


def opening_life(dispute: Dispute) -> Life | None:
    """How far the opening has come; None once the final log has opened it, or it was given up."""
    if dispute.state != State.PREPARED:
        return None
    escrow = dispute.escrow
    if seen := deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event="Disputed"):
        sentence = _("Your dispute is in a block. It is open when a few more blocks stand on it.")
        return Life("seen", sentence, seen.tx_hash, seen.number)
    if not dispute.tx_hash:
        return Life("sign", _("It is written down and hashed. Your wallet opens it: one transaction."))
    if refused_on_chain(escrow.chain, dispute.tx_hash):
        sentence = _("The contract did not accept your transaction. Nothing is frozen; you can send it again.")
        return Life("sent", sentence, dispute.tx_hash, failed=True)
    if dispute.sent_at and timezone.now() - dispute.sent_at > PATIENCE:
        sentence = _("We have not seen your transaction in a block yet. We keep looking; you may also send it again.")
        return Life("sent", sentence, dispute.tx_hash, unknown=True)
    return Life("sent", _("Your transaction is sent and waits for its block."), dispute.tx_hash)
