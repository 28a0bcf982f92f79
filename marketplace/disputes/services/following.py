"""Follow the final logs: disputes open and end only by them. A clock that comes by; run twice, it does nothing more.

The settlement has read the logs into the deposits. What is not bound yet is bound, what has closed is ended.
"""

from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils.translation import gettext_noop as noop

from chain.models import State as Sending
from marketplace.audit.services import record
from marketplace.disputes.figures import answer_due, split
from marketplace.disputes.models import Dispute, Evidence, EvidenceFile, Ruling
from marketplace.disputes.models.kinds import Outcome
from marketplace.disputes.services.appealing import follow_appeal, pending_appeals
from marketplace.disputes.services.differing import compare
from marketplace.disputes.services.publishing import publish, unpublished
from marketplace.escrow.models import Escrow, LedgerEntry
from marketplace.escrow.services.following import deposit_log
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.telling import tell_both
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

REASON: Final = "disputes of every organization follow the contract"
BATCH: Final = 100
OTHERWISE: Final = noop("The dispute ended otherwise first.")
State = Ruling.State
AS_DECIDED: Final = {
    "ruling_hash": F("dispute__escrow__ruling_hash"),
    "provider_bps": F("dispute__escrow__provider_bps"),
}
CLOSED: Final = (Escrow.State.RESOLVED, Escrow.State.REFUNDED, Escrow.State.RELEASED)
Account = LedgerEntry.Account


def follow() -> int:
    """Open, end and close what final logs have decided; returns how many rows that changed."""
    steps = [(_frozen, _open), (_ended, _end), (_sent, _follow_ruling)]
    steps += [(unpublished, publish), (pending_appeals, follow_appeal)]
    done = sum(_each(*work) for work in steps)
    compare()
    return done


def _each(find: Any, do: Any) -> int:
    """Each in a transaction of its own, so that one that fails holds up no other for long."""
    with transaction.atomic(), as_system(REASON):
        keys = list(find().values_list("pk", flat=True)[:BATCH])
    done = 0
    for key in keys:
        with transaction.atomic(), as_system(REASON):
            done += do(key)
    return done


def _frozen() -> Any:
    known = Dispute.objects.filter(escrow=OuterRef("pk"), provider__isnull=False)
    return Escrow.objects.filter(frozen_at__isnull=False).exclude(Exists(known)).order_by("pk")


def _open(escrow_key: int) -> bool:
    """Bind what was prepared to the log by the hash; a log without words of ours becomes a dispute without a text."""
    escrow = Escrow.objects.select_related("order").select_for_update(of=("self",)).get(pk=escrow_key)
    rows = list(Dispute.objects.filter(escrow=escrow).select_for_update().order_by("-pk"))
    if any(row.provider_id for row in rows):
        return False
    said = next((row for row in rows if row.evidence_hash == escrow.evidence_hash), None)
    for row in rows:
        if row is not said and row.state == Dispute.State.PREPARED:
            row.move(Dispute.State.DROPPED)
    assert escrow.frozen_at and escrow.ruling_due_at  # noqa: S101  (a constraint says so)
    opened: dict[str, Any] = {
        "provider_id": escrow.provider_id,
        "opened_at": escrow.frozen_at,
        "answer_due_at": answer_due(escrow.frozen_at, escrow.ruling_due_at),
        "contested": split(escrow, 0, escrow.frozen_at).contested if escrow.state == Escrow.State.DISPUTED else None,
    }
    if said is None:
        said = Dispute.objects.create(
            order=escrow.order,
            escrow=escrow,
            buyer_id=escrow.buyer_id,
            state=Dispute.State.OPEN,
            category=Dispute.Category.UNSAID,
            evidence_hash=escrow.evidence_hash,
            **opened,
        )
    else:
        said.move(Dispute.State.OPEN, **opened)
        for model in (Evidence.objects.filter(dispute=said), EvidenceFile.objects.filter(evidence__dispute=said)):
            model.update(provider_id=escrow.provider_id)
    facts: dict[str, object] = {
        "dispute": str(said.public_id),
        "evidence_hash": said.evidence_hash,
        "amount": str(said.contested or 0),
    }
    tell_both([("dispute.opened", escrow.order, facts)])
    return True


def _ended() -> Any:
    return Dispute.objects.undecided().filter(escrow__state__in=CLOSED)


def _end(dispute_key: int) -> bool:
    """The deposit is closed: keep how, and the figures that the books have of it."""
    disputes = Dispute.objects.select_related("order", "escrow").select_for_update(of=("self",))
    dispute = disputes.get(pk=dispute_key)
    if dispute.state not in Dispute.UNDECIDED:
        return False
    figures, outcome = _moved(dispute.escrow), _outcome(dispute.escrow)
    dispute.move(Dispute.State.RESOLVED, outcome=outcome, resolved_at=market_time(), **figures)
    for ruling in Ruling.objects.filter(dispute=dispute, state=Ruling.State.PROPOSED).select_for_update():
        ruling.move(Ruling.State.WITHDRAWN)
    kept = {name: str(amount) for name, amount in figures.items()}
    facts: dict[str, object] = {"dispute": str(dispute.public_id), "outcome": str(outcome), **kept}
    tell_both([("dispute.resolved", dispute.order, facts)])
    return True


def _outcome(escrow: Escrow) -> Outcome:
    if escrow.state == Escrow.State.RESOLVED:
        return Dispute.Outcome.RULED if escrow.arbiter else Dispute.Outcome.TIMED_OUT
    stopped = deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event="Cancelled")
    by = stopped.decoded.args["by"] if stopped and stopped.decoded else escrow.provider_address
    return Dispute.Outcome.GIVEN_IN if by == escrow.buyer_address else Dispute.Outcome.GIVEN_BACK


def _moved(escrow: Escrow) -> dict[str, int]:
    """What the books have moved to whom since the dispute began."""
    began = deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event="Disputed")
    seq = began.decoded.args["seq"] if began and began.decoded else 0
    lines = LedgerEntry.objects.filter(escrow=escrow, seq__gt=seq).order_by().values_list("account")
    sums = dict(lines.annotate(sum=Sum("amount")))
    accounts = {"net": Account.PROVIDER, "fee": Account.FEES, "refund": Account.BUYER}
    return {name: int(sums.get(account, 0)) for name, account in accounts.items()}


def _sent() -> Any:
    """Rulings of which something is to be said: the dispute is over, their transaction failed, their hash came late."""
    over = Q(dispute__state=Dispute.State.RESOLVED)
    waiting = Q(state__in=[State.SENT, State.DECIDED])
    late = Q(state__in=[State.WITHDRAWN, State.FAILED], confirmed_at__isnull=False, **AS_DECIDED)
    failed = Q(state=State.SENT, sending__state__in=[Sending.FAILED, Sending.REPLACED])
    return Ruling.objects.filter(over & (waiting | late) | failed).order_by("pk")


def _follow_ruling(ruling_key: int) -> bool:
    """Carried out when the final log names its hash and share; failed when its transaction did, or another was first.

    The market's own transaction may have failed because an arbiter's wallet was faster with the same ruling.
    """
    rulings = Ruling.objects.select_related("dispute__order", "dispute__escrow", "sending")
    ruling = rulings.select_for_update(of=("self",)).get(pk=ruling_key)
    if ruling.state in (State.PROPOSED, State.DONE):
        return False
    if _is_in(ruling.dispute.escrow, ruling):
        return _done(ruling)
    if ruling.state in (State.WITHDRAWN, State.FAILED):
        return False
    _fail(ruling)
    return True


def _is_in(escrow: Escrow, ruling: Ruling) -> bool:
    """Whether the contract has this very ruling: the hash alone does not say the share."""
    return (escrow.ruling_hash, escrow.provider_bps) == (ruling.ruling_hash, ruling.provider_bps)


def _done(ruling: Ruling) -> bool:
    dispute, escrow = ruling.dispute, ruling.dispute.escrow
    for other in Ruling.objects.filter(dispute=dispute, state__in=[State.SENT, State.DECIDED]).exclude(pk=ruling.pk):
        _fail(other)
    also: dict[str, Any] = {"buyer_id": dispute.buyer_id, "provider_id": dispute.provider_id, "failure": ""}
    if ruling.sending_id is None or ruling.state == State.FAILED:
        log = deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event="Resolved")
        also["tx_hash"] = log.tx_hash if log else ruling.tx_hash
    ruling.move(State.DONE, **also)
    return True


def _fail(ruling: Ruling) -> None:
    failure = ruling.sending.refusal if ruling.sending else ""
    if ruling.dispute.state == Dispute.State.RESOLVED:
        failure = OTHERWISE
    ruling.move(State.FAILED, failure=failure[:300])
    record(SYSTEM, "ruling.failed", ruling.dispute.order, dispute=str(ruling.dispute.public_id), ruling=ruling.pk)
