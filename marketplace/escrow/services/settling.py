"""Settle: read the escrow's final events in order, and move deposits, ledger, credits, orders and rights by them."""

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from chain import status
from chain.client import NodeRefused, NodeUnreachable
from chain.failpoints import failpoint
from chain.models import Contract, Cursor, Log
from marketplace.catalog.currencies import TokenFacts
from marketplace.catalog.models import Currency
from marketplace.escrow.handlers import Impossible
from marketplace.escrow.models import Settlement
from marketplace.escrow.services.applying import Batch
from marketplace.escrow.tokens import token_facts
from marketplace.lifecycle import Refused
from marketplace.subscriptions.telling import tell_both
from marketplace.tenancy.scope import as_system

ESCROW = "MarketEscrow"
BATCH = 200
log = structlog.get_logger(__name__)


class Stopped(Exception):
    """The next event cannot be applied; the text says why. What came before it stays applied."""


class NotYet(Exception):
    """The next event needs a fact that the node did not give just now; the next round asks again."""


def settle() -> int:
    """Apply the final events of every escrow contract that are not applied yet; returns how many.

    Nothing while final events that were acted upon are gone from the chain: the next number may be another event.
    """
    if status.unresolved(settings.CHAIN_ID):
        return 0
    contracts = Contract.objects.filter(chain=settings.CHAIN_ID, name=ESCROW)
    return sum(settle_contract(contract) for contract in contracts.order_by("pk"))


def settle_contract(contract: Contract) -> int:
    """Apply what is final of one contract, a batch a transaction, until nothing is left or it stops."""
    done = 0
    while True:
        facts = _facts(contract)
        applied, stopped = _settle_batch(contract, facts)
        failpoint("escrow.settle.after_commit")
        done += applied
        if stopped or applied < BATCH:
            return done


def cursor_name(contract: Contract) -> str:
    """The name of the place up to which a contract's events are settled."""
    return f"escrow.settle:{contract.chain}:{contract.address}"


def _waiting(contract: Contract, cursor: Cursor) -> list[Log]:
    logs = Log.objects.of(contract).final().after(cursor).in_order()
    return list(logs.select_related("block")[:BATCH])


def _facts(contract: Contract) -> dict[str, TokenFacts | None]:
    """What tokens of the coming batch say of themselves: asked before the transaction, which never waits for a node."""
    cursor = Cursor.objects.filter(name=cursor_name(contract)).first() or Cursor(name=cursor_name(contract))
    facts: dict[str, TokenFacts | None] = {}
    for waiting in _waiting(contract, cursor):
        event = waiting.decoded
        if event is None or event.name != "TokenSet":
            continue
        address = event.args["token"]
        try:
            facts[address] = token_facts(contract.chain, address)
        except (NodeUnreachable, NodeRefused) as problem:
            log.warning("escrow.token_not_read", token=address, problem=str(problem))
    return facts


def _settle_batch(contract: Contract, facts: dict[str, TokenFacts | None]) -> tuple[int, bool]:
    with transaction.atomic(), as_system("settlement moves the money of every organization"):
        cursor = Cursor.objects.locked(cursor_name(contract))
        failpoint("escrow.settle.after_lock")
        settlement, _ = Settlement.objects.get_or_create(chain=contract.chain, contract=contract.address)
        batch, applied, reason = Batch(contract, facts), 0, ""
        for waiting in _waiting(contract, cursor):
            try:
                with transaction.atomic():
                    apply_event(batch, settlement, waiting)
            except NotYet:
                break
            except (Stopped, Impossible, Refused, IntegrityError, Currency.DoesNotExist) as problem:
                reason = str(problem).splitlines()[0]
                break
            cursor.advance(waiting)
            applied += 1
            failpoint("escrow.settle.after_event")
        _keep(settlement, reason, waiting if reason else None)
        tell_both(batch.happened)
        failpoint("escrow.settle.before_commit")
    return applied, bool(reason)


def apply_event(batch: Batch, settlement: Settlement, waiting: Log) -> None:
    """Apply the next event of a contract; what is applied already is passed by. Raises Stopped, NotYet, Impossible."""
    event = waiting.decoded
    if event is None:
        raise Stopped(f"Log {waiting.number}/{waiting.log_index} is no event that we know.")
    seq = event.args["seq"]
    if seq <= settlement.seq:
        return
    if seq != settlement.seq + 1:
        raise Stopped(f"Event {settlement.seq + 1} is missing: the next one is {seq}.")
    if event.name == "TokenSet" and not batch.knows(event.args["token"]):
        raise NotYet
    batch.apply(event, waiting)
    settlement.seq = seq


def _keep(settlement: Settlement, reason: str, waiting: Log | None) -> None:
    if reason and reason != settlement.stopped:
        log.error("escrow.stopped", contract=settlement.contract, seq=settlement.seq, reason=reason, log=str(waiting))
        settlement.stopped_at = timezone.now()
    if not reason:
        settlement.stopped_at = None
    settlement.stopped = reason[:300]
    settlement.save(update_fields=["seq", "stopped", "stopped_at"])


def stopped() -> list[str]:
    """A sentence for each contract whose settlement stands still; empty when all is well."""
    rows = Settlement.objects.filter(chain=settings.CHAIN_ID).exclude(stopped="")
    return [f"The escrow {row.contract} is settled to event {row.seq} and stands still. {row.stopped}" for row in rows]
