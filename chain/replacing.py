"""Dearer bytes for the same nonce where the last ones wait too long; committed first, then sent by `broadcast`.

Only what blocks: the lowest open nonce of an account, and what offers less than the base fee. The others wait behind
it, and a higher fee would not help them.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple, cast

import structlog
from django.db import transaction
from django.db.models import Exists, Min, OuterRef
from django.utils import timezone

from chain import budget, nonces
from chain.client import Client
from chain.failpoints import failpoint
from chain.models import Attempt, OutgoingTransaction, State
from chain.outbox import submit
from chain.preparing import attempt, frozen
from chain.quotes import Quotes, quote
from chain.rpc import NodeRefused
from chain.signing import Fees, Signer

log = structlog.get_logger(__name__)
AT_ONCE = 50
CAPPED = "The fee cap is reached; this waits until gas is cheaper."
WAITING = [State.SIGNED, State.SENT]


def bump(node: Client, account: Signer) -> None:
    """Replace what is stuck, also where no node took the last bytes: a fee below the base fee is refused at the door.

    Raises Raced and CannotSign, with nothing done.
    """
    late = timezone.now() - dt.timedelta(seconds=node.network.bump_seconds)
    recent = Attempt.objects.filter(transaction=OuterRef("pk"), created_at__gt=late)
    open_rows = OutgoingTransaction.objects.filter(chain=node.chain, sender=account.address, state__in=WAITING)
    with transaction.atomic():
        rows = list(
            open_rows.filter(~Exists(recent))
            .order_by("nonce")
            .select_for_update(skip_locked=True, no_key=True)[:AT_ONCE]
        )
        if not rows or frozen(node.chain):
            return
        lowest = open_rows.aggregate(lowest=Min("nonce"))["lowest"]
        quotes = quote(node, account, [])
        _fill_gaps(node.chain, account, quotes.used, lowest)
        _replace(node, account, _dearer(node, rows, quotes, lowest))
        failpoint("sender.after_bump_sign")
    failpoint("sender.after_bump_commit")


def _fill_gaps(chain: str, account: Signer, used: int, lowest: int) -> None:
    """Nothing above a nonce that nobody has can be mined: leave a transfer of nothing to ourselves, which takes it."""
    for nonce in nonces.gaps(chain, account.address, used, lowest)[:AT_ONCE]:
        key = f"gap {chain} {account.address} {nonce}"
        submit(key=key, to=account.address, data=b"", chain=chain, sender=account.address, urgent=True)
        log.error("chain.nonce_gap", chain=chain, address=account.address, nonce=nonce)


class Dearer(NamedTuple):
    row: OutgoingTransaction
    last: Attempt
    fees: Fees


def _dearer(node: Client, rows: Sequence[OutgoingTransaction], quotes: Quotes, lowest: int) -> list[Dearer]:
    """What blocks, with the fees that a node takes in place of the last ones; at the cap it waits and says so."""
    newest = {each.transaction_id: each for each in Attempt.objects.filter(transaction__in=rows).order_by("pk")}
    found = []
    for row in rows:
        last = newest[row.pk]
        if row.nonce != lowest and last.max_fee >= quotes.base_fee:
            continue
        old = Fees(int(last.max_fee), int(last.priority_fee))
        fees = old.bumped(quotes.fees, node.network.max_fee_cap)
        if fees.replaces(old):
            found.append(Dearer(row, last, fees))
        else:
            _say(row, CAPPED)
    return found


def _replace(node: Client, account: Signer, dearer: Sequence[Dearer]) -> None:
    """Sign anew, with as much gas as is estimated now, what the day's budget has room for."""
    if not dearer:
        return
    limits = quote(node, account, [each.row for each in dearer]).limits
    room, extra, corrections = budget.left(node.chain, urgent=True), 0, budget.Corrections(node.chain)
    today = budget.today()
    for (row, last, fees), limit in zip(dearer, limits, strict=True):
        gas = last.gas if isinstance(limit, NodeRefused) else max(last.gas, limit)
        is_todays = row.gas_day == today
        need = gas * fees.max_fee - (int(row.reserved) if is_todays else 0)
        if room is not None and extra + need > room:
            _say(row, budget.EXHAUSTED)
            continue
        attempt(row, account, nonce=cast(int, row.nonce), gas=gas, fees=fees).save()
        extra += need
        if not is_todays:
            corrections.released(row)
        changes = {"reserved": gas * fees.max_fee, "gas_day": today, "last_error": ""}
        OutgoingTransaction.objects.filter(pk=row.pk).update(**changes)
        log.warning("chain.bumped", key=row.key, nonce=row.nonce, max_fee=fees.max_fee)
    if extra:
        budget.reserve(node.chain, extra, day=today, urgent=True)
    corrections.write()


def _say(row: OutgoingTransaction, error: str) -> None:
    if row.last_error != error:
        OutgoingTransaction.objects.filter(pk=row.pk).update(last_error=error)
