"""Leave the releases that are due to be sent: each period of a deposit once, many deposits in one transaction."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction

from chain import abi, outbox, status
from chain.failpoints import failpoint
from chain.models import OPEN_STATES, Contract, Cursor, Log, State
from marketplace.escrow.models import Escrow, Release, Settlement
from marketplace.escrow.services.reconciling import differing
from marketplace.escrow.services.settling import cursor_name
from marketplace.subscriptions.clock import block_time
from marketplace.tenancy.scope import as_system

BATCH = 50
ATTEMPTS = 5
UNDER_WAY = (State.QUEUED, *OPEN_STATES)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A deposit, the end of the last period that is to be paid, and which attempt at it this is."""

    escrow: Escrow
    through: datetime
    attempt: int

    @property
    def name(self) -> str:
        return f"{self.escrow.escrow_id}@{int(self.through.timestamp())}#{self.attempt}"


def release_matured() -> int:
    """Leave a transaction for the deposits of which a period is over and older than its hold; returns how many.

    Nothing due: nothing is sent. While a transaction of a deposit is under way no other is made for it. Nothing is
    released while the chain is frozen, or of a contract whose settlement stands still or whose books differ.
    """
    now = block_time()
    if now is None or status.lag().frozen:
        return 0
    with transaction.atomic(), as_system("releases are due to every organization"):
        still = Settlement.objects.filter(chain=settings.CHAIN_ID).exclude(stopped="").values("contract")
        escrows = Escrow.objects.due(now).filter(chain=settings.CHAIN_ID).exclude(contract__in=still)
        escrows = escrows.exclude(contract__in=differing(settings.CHAIN_ID))
        locked = list(escrows.select_for_update(of=("self",), skip_locked=True)[:BATCH])
        failpoint("escrow.release.after_lock")
        due = [found for escrow in locked if (found := _due(escrow, now))]
        for contract, batch in _batches(due):
            _submit(contract, batch)
        failpoint("escrow.release.after_submit")
    failpoint("escrow.release.after_commit")
    return len(due)


def _due(escrow: Escrow, now: datetime) -> Due | None:
    """What is to be sent for a deposit; None while the last transaction may still pay it, or gave up."""
    through = escrow.period_end(escrow.matured_periods(now))
    last = Release.objects.filter(escrow=escrow).select_related("transaction").order_by("-pk").first()
    if last is None or (last.through < through and last.transaction.state not in UNDER_WAY):
        return Due(escrow, through, 1)
    if last.transaction.state in UNDER_WAY or not _is_settled(escrow, last):
        return None
    if last.attempt >= ATTEMPTS:
        log.error("escrow.release_gave_up", escrow=escrow.escrow_id, refusal=last.transaction.refusal)
        return None
    return Due(escrow, through, last.attempt + 1)


def _is_settled(escrow: Escrow, last: Release) -> bool:
    """Whether all that the last transaction may have emitted is applied: else its release would be sent twice."""
    mined = last.transaction.mined_number
    if mined is None:
        return True
    contract = Contract.objects.get(chain=escrow.chain, address=escrow.contract)
    cursor = Cursor.objects.filter(name=cursor_name(contract)).first() or Cursor(name=cursor_name(contract))
    return status.lag().final >= mined and not Log.objects.of(contract).final().after(cursor).exists()


def _batches(due: list[Due]) -> list[tuple[str, list[Due]]]:
    """First attempts together, by contract; what failed before goes alone, so that it cannot fail the others."""
    together: dict[str, list[Due]] = defaultdict(list)
    alone: list[tuple[str, list[Due]]] = []
    for each in due:
        if each.attempt == 1:
            together[each.escrow.contract].append(each)
        else:
            alone.append((each.escrow.contract, [each]))
    return [*together.items(), *alone]


def _submit(contract: str, batch: list[Due]) -> None:
    names = sorted(due.name for due in batch)
    key = "release:" + hashlib.sha256(" ".join([contract, *names]).encode()).hexdigest()
    ids = sorted(due.escrow.escrow_id for due in batch)
    sent = outbox.submit(key=key, to=contract, data=abi.encode_call("MarketEscrow", "releaseMany", ids), urgent=True)
    Release.objects.bulk_create(
        Release(
            escrow=due.escrow,
            buyer_id=due.escrow.buyer_id,
            provider_id=due.escrow.provider_id,
            through=due.through,
            attempt=due.attempt,
            transaction=sent,
        )
        for due in batch
    )
