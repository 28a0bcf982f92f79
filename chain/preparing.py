"""Give queued transactions an account, a nonce and signed bytes: in one commit, before anybody sees the bytes."""

from collections.abc import Sequence
from typing import NamedTuple

import structlog
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from chain import abi, budget, nonces
from chain.client import Client, reference
from chain.failpoints import failpoint
from chain.models import Attempt, CopyPosition, OutgoingTransaction, State
from chain.quotes import Quotes, leave, quote
from chain.rpc import NodeRefused
from chain.signing import Fees, Signer, only_for

log = structlog.get_logger(__name__)
AT_ONCE = 64
TOO_DEAR = "Gas costs more than the fee cap allows; this waits until it is cheaper."


class Ready(NamedTuple):
    row: OutgoingTransaction
    gas: int


def frozen(chain: str) -> bool:
    """Whether the chain's copy is frozen: nothing is signed or sent."""
    return CopyPosition.objects.filter(chain=chain, frozen_at__isnull=False).exists()


def sign(node: Client, account: Signer, at_most: int = AT_ONCE) -> int:
    """Sign what an account may; what a contract refuses ends here, without a nonce. Returns how many were signed.

    Raises Raced and CannotSign, with nothing done.
    """
    with transaction.atomic():
        rows = _claim(node, account, at_most)
        if not rows or frozen(node.chain):
            return 0
        quotes = quote(node, account, rows)
        failpoint("sender.after_claim")
        ready = _ready(node, account, rows, quotes)
        free = nonces.take(
            node.chain, account.address, used=quotes.used, count=len(ready), cap=node.network.max_in_flight
        )
        failpoint("sender.after_nonce")
        del ready[len(free) :]
        _sign(account, ready, free, quotes.fees)
        failpoint("sender.after_sign")
    failpoint("sender.after_sign_commit")
    return len(ready)


def _claim(node: Client, account: Signer, at_most: int) -> list[OutgoingTransaction]:
    """Queued rows that the account may sign, as many as it has room for; `take` counts again under the lock."""
    room = min(node.network.max_in_flight - nonces.in_flight(node.chain, account.address), at_most)
    if room <= 0:
        return []
    roles = only_for(account)
    rows = OutgoingTransaction.objects.filter(
        chain=node.chain, state=State.QUEUED, only_by__in=[account.address, *(roles or [""])]
    ).order_by(F("urgent").desc(), F("checked_at").asc(nulls_first=True), "pk")
    return list(rows.select_for_update(skip_locked=True, no_key=True)[:room])


def _ready(node: Client, account: Signer, rows: Sequence[OutgoingTransaction], quotes: Quotes) -> list[Ready]:
    """Those that contract, account and budget allow; the others end, or wait with a sentence."""
    if quotes.base_fee > node.network.max_fee_cap:
        leave(rows, TOO_DEAR)
        return []
    possible = []
    for row, limit in zip(rows, quotes.limits, strict=True):
        if isinstance(limit, NodeRefused):
            _turn_away(row, limit)
        else:
            possible.append(Ready(row, limit))
    paid, poor = _affordable(node.chain, account, possible, quotes)
    leave(poor, f"The sending account {account.address} has insufficient funds.")
    fits = budget.fitting(node.chain, [(each.row, each.gas * quotes.fees.max_fee) for each in paid])
    leave([each.row for each, fit in zip(paid, fits, strict=True) if not fit], budget.EXHAUSTED)
    return [each for each, fit in zip(paid, fits, strict=True) if fit]


def _turn_away(row: OutgoingTransaction, no: NodeRefused) -> None:
    """A contract's no ends the row; a node's no leaves it queued."""
    if not no.reverted:
        leave([row], no.message)
        return
    now = timezone.now()
    sentence = abi.decode_error(no.data) or no.message
    row.move(State.FAILED, refusal=sentence, checked_at=now, ended_at=now)
    log.info("chain.refused", key=row.key, refusal=sentence)


def _affordable(
    chain: str, account: Signer, possible: Sequence[Ready], quotes: Quotes
) -> tuple[list[Ready], list[OutgoingTransaction]]:
    """A nonce for what the account cannot pay would hold up the rest: no node accepts it."""
    flying = OutgoingTransaction.objects.filter(
        chain=chain, sender=account.address, state__in=[State.SIGNED, State.SENT]
    ).aggregate(cost=Sum(F("reserved") + F("value")))["cost"]
    balance = quotes.balance - int(flying or 0)
    paid, poor = [], []
    for each in possible:
        cost = each.row.value + each.gas * quotes.fees.max_fee
        if cost <= balance:
            paid.append(each)
            balance -= cost
        else:
            poor.append(each.row)
    return paid, poor


def _sign(account: Signer, ready: Sequence[Ready], free: Sequence[int], fees: Fees) -> None:
    if not ready:
        return
    attempts = [
        attempt(row, account, nonce=nonce, gas=gas, fees=fees) for (row, gas), nonce in zip(ready, free, strict=True)
    ]
    rows, costs, today = [each.row for each in ready], [each.cost for each in attempts], budget.today()
    OutgoingTransaction.move_all(
        rows,
        State.SIGNED,
        sender=account.address,
        nonce=list(free),
        reserved=costs,
        gas_day=today,
        last_error="",
        checked_at=None,
    )
    Attempt.objects.bulk_create(attempts)
    budget.reserve(rows[0].chain, sum(costs), day=today, urgent=all(row.urgent for row in rows))


def attempt(row: OutgoingTransaction, account: Signer, *, nonce: int, gas: int, fees: Fees) -> Attempt:
    """Signed bytes for a row, not saved yet."""
    signed = account.sign(
        chain_id=reference(row.chain),
        nonce=nonce,
        to=row.to,
        data=bytes(row.data),
        value=int(row.value),
        gas=gas,
        fees=fees,
    )
    return Attempt(
        transaction=row,
        tx_hash=signed.tx_hash,
        raw=signed.raw,
        gas=gas,
        max_fee=fees.max_fee,
        priority_fee=fees.priority_fee,
    )
