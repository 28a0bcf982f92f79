"""Compare our books with the contracts, to the unit, and keep what was found: a difference alarms and stops releases.

Three steps, none of which holds a transaction while a node is asked: our books in one snapshot, the contracts at the
block up to which these books are settled, the comparison. Runs only read; two at once do no harm.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from chain import alarms, questions
from chain.client import NodeRefused, NodeUnreachable, WrongChain, client
from chain.models import OutgoingTransaction, State
from marketplace.audit import services as audit
from marketplace.escrow.models import Reconciliation
from marketplace.escrow.services import comparing
from marketplace.escrow.services.books import Books, Unready, all_books
from marketplace.tenancy.actor import Actor

ALARM = "books"
KEPT = 200
TRIES, PAUSE = 5, 1
EVERY = timedelta(days=1)
AGAIN_AFTER_DIFFERENCE, AGAIN_AFTER_ERROR = timedelta(hours=1), timedelta(minutes=5)
PATIENCE = timedelta(hours=1)
log = structlog.get_logger(__name__)


@dataclass
class Comparison:
    """What one run found: sentences by contract, and those about what waits to be sent, which belong to none."""

    block: int = -1
    compared: int = 0
    by_contract: dict[str, list[str]] = field(default_factory=dict)
    sending: list[str] = field(default_factory=list)

    @property
    def differences(self) -> list[str]:
        return [sentence for found in [*self.by_contract.values(), self.sending] for sentence in found]

    @property
    def differing(self) -> list[str]:
        return [address for address, found in self.by_contract.items() if found]


def compare_all() -> Comparison:
    """Compare everything now, asking one provider. Raises what `reconcile` catches."""
    found = Comparison()
    for books in _settled_books():
        node, asked = client(books.contract.chain), comparing.questions(books)
        node.check_chain()
        sentences = list(comparing.compare(books, asked.answers(node, books.block)))
        theirs = questions.hash_of(node, books.block)
        if books.block_hash and books.block_hash != theirs:
            sentences.append(f"Block {books.block}, which we copied as final, is another one at the node.")
        found.by_contract[books.contract.address] = sentences
        found.compared += len(asked)
        found.block = books.block if found.block < 0 else min(found.block, books.block)
    found.sending = _stuck()
    return found


def _settled_books() -> list[Books]:
    for _ in range(TRIES - 1):
        try:
            return all_books()
        except Unready:
            time.sleep(PAUSE)
    return all_books()


def _stuck() -> list[str]:
    """A sentence for each transaction of ours whose end is not known an hour after it was asked for."""
    open_ones = [State.QUEUED, State.SIGNED, State.SENT, State.UNKNOWN]
    rows = OutgoingTransaction.objects.filter(chain=settings.CHAIN_ID, state__in=open_ones)
    old = rows.filter(created_at__lt=timezone.now() - PATIENCE).order_by("pk")
    return [f"Transaction {row.key} has been {row.state} for over an hour. {row.last_error}".strip() for row in old]


def reconcile(run: Reconciliation | None = None) -> Reconciliation:
    """Compare now and keep the result; `run` is the row that asked for it. Never raises for a silent node."""
    run = run or Reconciliation.objects.create(chain=settings.CHAIN_ID, began_at=timezone.now())
    try:
        found = compare_all()
    except (NodeUnreachable, NodeRefused, WrongChain, Unready) as problem:
        run.error = f"Nothing was compared. {problem}"
        alarms.sound(f"{ALARM} unread", run.error, chain=run.chain)
    else:
        _tell(run.chain, found)
        run.block, run.compared, run.found = found.block, found.compared, len(found.differences)
        run.differences, run.contracts = found.differences[:KEPT], found.differing
    run.ended_at = timezone.now()
    run.save()
    log.info("escrow.reconciled", block=run.block, compared=run.compared, found=run.found, error=run.error)
    return run


def _tell(chain: str, found: Comparison) -> None:
    """Alarms first, then the row: whoever dies in between has alarmed, and the next run ends it."""
    alarms.end(f"{ALARM} unread", chain=chain)
    for address, sentences in found.by_contract.items():
        if sentences:
            text = f"{len(sentences)} figures differ from the escrow {address} at block {found.block}. {sentences[0]}"
            alarms.sound(ALARM, f"{text} Its releases stand still.", subject=address, chain=chain)
        else:
            alarms.end(ALARM, subject=address, chain=chain)
    if found.sending:
        text = f"{len(found.sending)} transactions hang. {found.sending[0]}"
        alarms.sound(ALARM, text, subject="outbox", chain=chain)
    else:
        alarms.end(ALARM, subject="outbox", chain=chain)


def ask_reconciliation(actor: Actor) -> Reconciliation:
    """Leave a run for the worker; the one that waits already, if one does."""
    with transaction.atomic():
        waiting = Reconciliation.objects.of(settings.CHAIN_ID).waiting().first()
        if waiting:
            return waiting
        try:
            with transaction.atomic():
                run = Reconciliation.objects.create(chain=settings.CHAIN_ID, asked_by_id=actor.user_id)
        except IntegrityError:  # asked for by two at once
            return Reconciliation.objects.of(settings.CHAIN_ID).waiting().get()
        audit.record(actor, "reconciliation.asked", run)
    return run


def reconcile_due() -> Reconciliation | None:
    """Do the run that was asked for, or the one that is due: daily, hourly after a difference, sooner after silence."""
    now = timezone.now()
    runs = Reconciliation.objects.of(settings.CHAIN_ID)
    waiting = runs.waiting().first()
    if waiting is None:
        if not _is_due(runs.first(), now):
            return None
        return reconcile()
    taken = runs.waiting().filter(pk=waiting.pk).update(began_at=now)
    waiting.began_at = now
    return reconcile(waiting) if taken else None


def _is_due(last: Reconciliation | None, now: datetime) -> bool:
    if last is None or last.is_dead(now):
        return True
    if last.ended_at is None:
        return False
    wait = AGAIN_AFTER_ERROR if last.error else AGAIN_AFTER_DIFFERENCE if last.found else EVERY
    return last.ended_at < now - wait


def differing(chain: str) -> list[str]:
    """The contracts whose books differed when they were compared last: no new release of them is sent."""
    last = Reconciliation.objects.of(chain).concluded().first()
    return last.contracts if last else []
