"""Sign, commit, send, replace. Bytes are committed before anybody sees them, so that dying anywhere pays at most once.

All processes may run this at once: rows are taken with SKIP LOCKED, nonces under the account's row lock, and whoever
sends committed bytes again sends the same transaction.
"""

import datetime as dt
from collections.abc import Sequence
from typing import cast

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from chain import abi, confirm
from chain.client import Client, WrongChain, client, reference
from chain.failpoints import failpoint
from chain.models import Attempt, CopyPosition, OutgoingTransaction, SendingAccount, State
from chain.rpc import Call, Header, NodeRefused, NodeUnreachable, number, read
from chain.signing import Fees, Signer, signer

log = structlog.get_logger(__name__)
AT_ONCE, ROUNDS = 50, 8
GWEI = 10**9
KNOWN_ALREADY = ("already known", "already imported", "known transaction")
NONCE_USED = ("nonce too low", "nonce is too low")


class NodeBehind(Exception):
    """The node is behind what was copied already: its no would not be an answer."""


def send(chain: str | None = None) -> None:
    """One round: look for what was mined, replace what is stuck, sign what is queued, broadcast what is signed."""
    chain = chain or settings.CHAIN_ID
    node, account = client(chain), signer()
    try:
        confirm.check(node, account)
        bump(node, account)
        for _ in range(ROUNDS):
            signed = sign(node, account)
            broadcast(node, account)
            if not signed:
                return
    except (NodeUnreachable, NodeRefused, NodeBehind, WrongChain) as problem:
        log.warning("chain.send", chain=chain, problem=str(problem))


def sign(node: Client, account: Signer) -> int:
    """Give queued rows a nonce and signed bytes, in one commit; what a contract refuses ends here, without a nonce.

    Returns how many were signed.
    """
    with transaction.atomic():
        queued = OutgoingTransaction.objects.filter(chain=node.chain, state=State.QUEUED)
        rows = list(
            queued.order_by(F("checked_at").asc(nulls_first=True), "pk").select_for_update(skip_locked=True)[:AT_ONCE]
        )
        if not rows or _frozen(node.chain):
            return 0
        used, fees, gas = _quotes(node, account, rows)
        failpoint("sender.after_claim")
        ready = [(row, limit) for row, limit in zip(rows, gas, strict=True) if limit is not None]
        nonce = _take_nonces(node.chain, account.address, used, len(ready))
        failpoint("sender.after_nonce")
        for offset, (row, limit) in enumerate(ready):
            row.move(State.SIGNED, sender=account.address, nonce=nonce + offset, last_error="", checked_at=None)
            _attempt(row, account, limit, fees)
        failpoint("sender.after_sign")
    failpoint("sender.after_sign_commit")
    return len(ready)


def _frozen(chain: str) -> bool:
    return CopyPosition.objects.filter(chain=chain, frozen_at__isnull=False).exists()


def _market(node: Client, header: Header, tip: int) -> Fees:
    base = int(header.base_fee_per_gas, 16)
    return Fees(min(2 * base + tip, node.network.max_fee_cap), min(tip, node.network.max_fee_cap))


def _quotes(node: Client, account: Signer, rows: Sequence[OutgoingTransaction]) -> tuple[int, Fees, list[int | None]]:
    """The nonces the chain has used, today's fees, and a gas limit a row; None for a row that cannot be sent."""
    calls: list[Call] = [
        ("eth_chainId", []),
        ("eth_getBlockByNumber", ["latest", False]),
        ("eth_getTransactionCount", [account.address, "latest"]),
        ("eth_maxPriorityFeePerGas", []),
        ("eth_getBalance", [account.address, "latest"]),
        *(("eth_estimateGas", [_call_of(row, account.address)]) for row in rows),
    ]
    chain_id, head, used, tip, balance, *estimates = node.node.batch(calls)
    node.serves(number(chain_id))
    header = read(head, Header)
    position = CopyPosition.objects.filter(chain=node.chain).first()
    if position and header.height < position.copied_number:
        raise NodeBehind(f"The node is at {header.height}, {position.copied_number} is copied already.")
    fee = _market(node, header, GWEI if isinstance(tip, NodeRefused) else number(tip))
    limits = [_limit(row, answer) for row, answer in zip(rows, estimates, strict=True)]
    return number(used), fee, _affordable(account, rows, limits, fee, number(balance))


def _affordable(
    account: Signer, rows: Sequence[OutgoingTransaction], limits: list[int | None], fees: Fees, balance: int
) -> list[int | None]:
    """The limits, None where the account could not pay: a nonce for what no node accepts would hold up the rest."""
    flying = Attempt.objects.filter(
        transaction__chain=rows[0].chain,
        transaction__sender=account.address,
        transaction__state__in=[State.SIGNED, State.SENT],
    )
    balance -= sum(cost for (cost,) in flying.values_list(F("gas") * F("max_fee") + F("transaction__value")))
    found: list[int | None] = []
    for row, limit in zip(rows, limits, strict=True):
        cost = row.value + limit * fees.max_fee if limit is not None else 0
        if cost > balance:
            _leave(row, f"The sending account {account.address} has insufficient funds.")
        found.append(limit if cost <= balance else None)
        balance -= cost if cost <= balance else 0
    return found


def _leave(row: OutgoingTransaction, error: str) -> None:
    OutgoingTransaction.objects.filter(pk=row.pk).update(last_error=error, checked_at=timezone.now())
    log.error("chain.not_sendable", key=row.key, error=error)


def _call_of(row: OutgoingTransaction, sender: str) -> dict[str, str]:
    return {"from": sender, "to": row.to, "data": "0x" + bytes(row.data).hex(), "value": hex(row.value)}


def _limit(row: OutgoingTransaction, answer: object) -> int | None:
    """A fifth more gas than estimated. A contract's no ends the row; a node's no leaves it queued."""
    if not isinstance(answer, NodeRefused):
        return number(answer) * 6 // 5 + 10_000  # type: ignore[arg-type]
    now = timezone.now()
    if answer.reverted:
        sentence = abi.decode_error(answer.data) or answer.message
        row.move(State.FAILED, refusal=sentence, checked_at=now, ended_at=now)
        log.info("chain.refused", key=row.key, refusal=sentence)
    else:
        _leave(row, answer.message)
    return None


def _take_nonces(chain: str, address: str, used: int, count: int) -> int:
    """The first of `count` nonces, under the account's lock. What others sent with the account is stepped over."""
    SendingAccount.objects.bulk_create(
        [SendingAccount(chain=chain, address=address, next_nonce=used)], ignore_conflicts=True
    )
    account = SendingAccount.objects.select_for_update().get(chain=chain, address=address)
    first = max(account.next_nonce, used)
    account.next_nonce = first + count
    account.save(update_fields=["next_nonce"])
    return first


def _attempt(row: OutgoingTransaction, account: Signer, gas: int, fees: Fees) -> None:
    signed = account.sign(
        chain_id=reference(row.chain),
        nonce=cast(int, row.nonce),
        to=row.to,
        data=bytes(row.data),
        value=row.value,
        gas=gas,
        fees=fees,
    )
    Attempt.objects.create(
        transaction=row,
        tx_hash=signed.tx_hash,
        raw=signed.raw,
        gas=gas,
        max_fee=fees.max_fee,
        priority_fee=fees.priority_fee,
    )


def broadcast(node: Client, account: Signer) -> None:
    """Hand committed bytes to the node: those it never had, and again those it may have lost."""
    stale = timezone.now() - dt.timedelta(seconds=node.network.rebroadcast_seconds)
    newer = Attempt.objects.filter(transaction=OuterRef("transaction"), pk__gt=OuterRef("pk"))
    attempts = list(
        Attempt.objects.filter(
            Q(broadcast_at__isnull=True) | Q(broadcast_at__lt=stale),
            ~Exists(newer),
            transaction__chain=node.chain,
            transaction__state__in=[State.SIGNED, State.SENT],
        )
        .select_related("transaction")
        .order_by("transaction__nonce")[:AT_ONCE]
    )
    if not attempts or _frozen(node.chain):
        return
    answers = node.node.batch([("eth_sendRawTransaction", ["0x" + bytes(each.raw).hex()]) for each in attempts])
    failpoint("sender.after_broadcast")
    with transaction.atomic():
        for each, answer in zip(attempts, answers, strict=True):
            _note_broadcast(each, answer)
    failpoint("sender.after_broadcast_commit")


def _note_broadcast(attempt: Attempt, answer: object) -> None:
    """A used nonce counts as sent: `confirm` looks for the receipts of all attempts and finds out by whom."""
    row = attempt.transaction
    text = answer.message.lower() if isinstance(answer, NodeRefused) else ""
    if text and not any(known in text for known in (*KNOWN_ALREADY, *NONCE_USED)):
        OutgoingTransaction.objects.filter(pk=row.pk).update(last_error=text)
        log.error("chain.broadcast", key=row.key, error=text)
        return
    Attempt.objects.filter(pk=attempt.pk).update(broadcast_at=timezone.now())
    if row.state == State.SIGNED:
        row.move(State.SENT, last_error="")


def bump(node: Client, account: Signer) -> None:
    """Sign dearer bytes for the same nonce where the last ones wait too long; committed now, sent by `broadcast`.

    Also where no node took the last ones: a fee below the block's base fee is refused at the door.
    """
    late = timezone.now() - dt.timedelta(seconds=node.network.bump_seconds)
    recent = Attempt.objects.filter(transaction=OuterRef("pk"), created_at__gt=late)
    with transaction.atomic():
        rows = list(
            OutgoingTransaction.objects.filter(~Exists(recent), chain=node.chain)
            .filter(sender=account.address, state__in=[State.SIGNED, State.SENT])
            .order_by("nonce")
            .select_for_update(skip_locked=True)[:AT_ONCE]
        )
        if not rows or _frozen(node.chain):
            return
        head, tip = node.node.batch([("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])])
        market = _market(node, read(head, Header), GWEI if isinstance(tip, NodeRefused) else number(tip))
        for row in rows:
            _bump_one(row, account, market, node.network.max_fee_cap)
        failpoint("sender.after_bump_sign")
    failpoint("sender.after_bump_commit")


def _bump_one(row: OutgoingTransaction, account: Signer, market: Fees, cap: int) -> None:
    last = row.attempts.latest("pk")
    old = Fees(last.max_fee, last.priority_fee)
    new = old.bumped(market, cap)
    if new.max_fee * 8 < old.max_fee * 9 or new.priority_fee * 8 < old.priority_fee * 9:
        OutgoingTransaction.objects.filter(pk=row.pk).update(last_error="The fee cap is reached; waiting.")
        return
    _attempt(row, account, last.gas, new)
    log.warning("chain.bumped", key=row.key, nonce=row.nonce, max_fee=new.max_fee)
