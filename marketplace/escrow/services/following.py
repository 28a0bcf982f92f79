"""Where a payment stands: preparing, sent, seen, final, failed, or not known; by our rows and the copied chain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from chain.client import NodeRefused, NodeUnreachable, client
from chain.models import Log, State
from marketplace.escrow.models import Escrow, Payment
from marketplace.escrow.services import calls

PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Life:
    """A transaction's place on its way, with the block and hash it is known by, and a sentence for the person."""

    step: str
    sentence: str
    tx_hash: str = ""
    block: int | None = None
    failed: bool = False
    unknown: bool = False

    @property
    def moves(self) -> bool:
        """Whether it may change by itself, so that the page should ask again."""
        return self.step != "final" and not self.failed


def payment_of(payments: QuerySet[Payment]) -> Payment | None:
    """Of the ways of paying one bill, the one that stands; one given up counts again when the chain shows it."""
    for payment in payments.select_related("relayed", "renews", "tops_up__channel", "order__currency").order_by(
        "given_up", "-pk"
    ):
        if not payment.given_up or _shown(payment):
            return payment
    return None


def _shown(payment: Payment) -> Log | None:
    """The log of what it paid, seen or final."""
    chain = payment.order.currency.chain
    if payment.order.is_per_call:
        return calls.shown(payment, logs_of(payment.contract, chain, payment.escrow_id))
    if payment.renews is None:
        return deposit_log(payment.contract, chain, payment.escrow_id, event="Funded")
    known = payment.renews.periods
    logs = logs_of(payment.contract, chain, payment.escrow_id, event="Renewed")
    return next((log for log in logs if log.decoded and log.decoded.args["periods"] > known), None)


def deposit_log(contract: str, chain: str, escrow_id: str, *, event: str) -> Log | None:
    """The newest log of a deposit's event in the copied chain, seen or final."""
    return next(logs_of(contract, chain, escrow_id, event=event), None)


def logs_of(contract: str, chain: str, escrow_id: str, *, event: str = "") -> Iterator[Log]:
    """All of them, newest first; of every event when none is named."""
    logs = Log.objects.of(contract, chain).filter(topics__1=escrow_id).select_related("block")
    read = (log for log in logs.order_by("-number", "-log_index") if log.decoded)
    return (log for log in read if not event or (log.decoded and log.decoded.name == event))


def refused_on_chain(chain: str, tx_hash: str) -> bool:
    """Whether a transaction is in a block and did nothing. A node that does not answer has not said so."""
    try:
        receipt = client(chain).rpc("eth_getTransactionReceipt", tx_hash)
    except (NodeUnreachable, NodeRefused):
        return False
    return bool(receipt) and int(receipt["status"], 16) == 0


def followed(payment: Payment) -> Life:
    """Where a payment stands. Asks the node only for a wallet's own transaction that no block has shown yet."""
    settled = _settled(payment)
    if settled:
        return settled
    seen = _shown(payment)
    if seen:
        return Life(
            "seen",
            _("Your payment is in a block. It counts when a few more blocks stand on it."),
            seen.tx_hash,
            seen.number,
        )
    return _relayed(payment) if payment.relayed_id else _own(payment)


def _settled(payment: Payment) -> Life | None:
    """A payment that is final, and in the books."""
    if payment.order.is_per_call:
        if (said := calls.settled(payment)) is None:
            return None
        sentence, tx_hash, block = said
        return Life("final", sentence, tx_hash, block)
    return _renewed(payment) if payment.renews else _funded(payment)


def _renewed(payment: Payment) -> Life | None:
    escrow, before = payment.renews, payment.before
    assert escrow is not None and before is not None  # noqa: S101  (a constraint says so)
    if escrow.periods <= before:
        return None
    line = escrow.ledger.filter(event="renewed").order_by("seq").last()
    tx_hash, block = (line.tx_hash, line.block_number) if line else ("", None)
    return Life("final", _("Paid. Your subscription runs longer now."), tx_hash, block)


def _funded(payment: Payment) -> Life | None:
    escrow = Escrow.objects.filter(contract=payment.contract, escrow_id=payment.escrow_id).first()
    if escrow:
        sentence = _("Paid. Your money is in the escrow and your subscription runs.")
        if escrow.is_late:
            sentence = _("Your payment came after the order had ended. Nobody can spend it; you can take it back.")
        return Life("final", sentence, escrow.funded_tx, escrow.funded_block)
    return None


def _relayed(payment: Payment) -> Life:
    sending = payment.relayed
    assert sending is not None  # noqa: S101  (the caller has looked)
    tx_hash = sending.tx_hash or ""
    if sending.state == State.FAILED:
        return Life(
            "sent",
            _("The payment was not accepted: %(reason)s Nothing was taken.") % {"reason": _(sending.refusal)},
            tx_hash,
            failed=True,
        )
    if sending.state in (State.UNKNOWN, State.REPLACED):
        return Life(
            "sent",
            _("We do not know yet whether your payment went through. We keep looking; please do not pay again."),
            tx_hash,
            unknown=True,
        )
    if sending.state in (State.QUEUED, State.SIGNED):
        return Life("signed", _("You have signed. We are handing your payment in; this takes a few seconds."))
    if sending.state in (State.MINED, State.FINAL):
        return Life("seen", _("Your payment is in a block. We are reading it."), tx_hash, sending.mined_number)
    return Life("sent", _("Your payment is sent and waits for its block."), tx_hash)


def _own(payment: Payment) -> Life:
    waited = timezone.now() - payment.started_at
    if not payment.tx_hash:
        return Life(
            "sign",
            _("Your wallet was asked to pay. If you agreed there, the payment shows here in a few seconds."),
            unknown=waited > PATIENCE,
        )
    if refused_on_chain(payment.order.currency.chain, payment.tx_hash):
        sentence = _("The contract did not accept your transaction. Nothing was taken except the network's fee.")
        return Life("sent", sentence, payment.tx_hash, failed=True)
    if waited > PATIENCE:
        sentence = _("We have not seen your transaction in a block yet. We keep looking; please do not pay again.")
        return Life("sent", sentence, payment.tx_hash, unknown=True)
    return Life("sent", _("Your transaction is sent and waits for its block."), payment.tx_hash)
