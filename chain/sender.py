"""Sign, commit, send, replace. Bytes are committed before anybody sees them, so that dying anywhere pays at most once.

All processes may run this at once: rows are taken with SKIP LOCKED, nonces under the account's row lock, and whoever
sends committed bytes again sends the same transaction.
"""

import datetime as dt
import time
from collections.abc import Callable, Sequence

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from chain import confirm, nonces, oversight, reader
from chain.budget import Raced
from chain.client import Client, WrongChain, client
from chain.failpoints import failpoint
from chain.models import Attempt, OutgoingTransaction, State
from chain.preparing import AT_ONCE, frozen, sign
from chain.quotes import NodeBehind
from chain.replacing import bump
from chain.rpc import NodeRefused, NodeUnreachable
from chain.signing import CannotSign, Signer, signers

__all__ = ["broadcast", "bump", "send", "sign"]
log = structlog.get_logger(__name__)
SECONDS = 0.9
IN_A_REQUEST = 100
KNOWN_ALREADY = ("already known", "already imported", "known transaction")
NONCE_USED = ("nonce too low", "nonce is too low")


def send(chain: str | None = None, seconds: float = SECONDS) -> None:
    """One round: look for what was mined, replace what is stuck, then sign and broadcast until nothing is left to do
    or the time is over; in the end, what an operator must see."""
    chain = chain or settings.CHAIN_ID
    node, accounts, silent = client(chain), signers(), dict[str, str]()
    until = time.monotonic() + seconds
    try:
        confirm.check(node)
        for account in accounts:
            _asking(account, silent, lambda each=account: bump(node, each))  # type: ignore[misc]
        while True:
            signed = _sign_all(node, accounts, silent)
            while broadcast(node) == IN_A_REQUEST:
                pass
            if not signed or time.monotonic() > until:
                break
            if any(nonces.in_flight(chain, each.address) >= node.network.max_in_flight for each in accounts):
                confirm.check(node)  # what is mined makes room
        oversight.look(node, accounts, silent)
    except (NodeUnreachable, NodeRefused, NodeBehind, WrongChain) as problem:
        log.warning("chain.send", chain=chain, problem=str(problem))


def _asking(account: Signer, silent: dict[str, str], work: Callable[[], int | None]) -> int:
    """What the work returns; 0 when the signer does not answer, which is noted, or another sender was faster."""
    try:
        return work() or 0
    except CannotSign as problem:
        silent[account.address] = str(problem)
    except Raced as problem:
        log.info("chain.send", problem=str(problem))
    return 0


def _sign_all(node: Client, accounts: Sequence[Signer], silent: dict[str, str]) -> int:
    """An even share of the queue for each account, the idlest first: a stuck one does not hold the others up."""
    idlest = sorted(accounts, key=lambda account: nonces.in_flight(node.chain, account.address))
    share = AT_ONCE
    if len(accounts) > 1:
        queued = OutgoingTransaction.objects.filter(chain=node.chain, state=State.QUEUED)
        waiting = queued.values("pk")[: AT_ONCE * len(accounts)].count()
        share = max(1, -(-waiting // len(accounts)))
    return sum(_asking(each, silent, lambda each=each: sign(node, each, share)) for each in idlest)  # type: ignore[misc]


def broadcast(node: Client) -> int:
    """Hand committed bytes to the node: those it never had, and again those it may have lost. Returns how many."""
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
        .order_by("transaction__nonce")[:IN_A_REQUEST]
    )
    if not attempts or frozen(node.chain):
        return 0
    answers = reader.ask(node, [("eth_sendRawTransaction", ["0x" + bytes(each.raw).hex()]) for each in attempts])
    failpoint("sender.after_broadcast")
    refused = [
        (each.transaction, text) for each, answer in zip(attempts, answers, strict=True) if (text := _no(answer))
    ]
    rows = {row.pk for row, _ in refused}
    taken = [each.transaction_id for each in attempts if each.transaction_id not in rows]
    with transaction.atomic():
        Attempt.objects.filter(pk__in=[each.pk for each in attempts]).update(broadcast_at=timezone.now())
        OutgoingTransaction.objects.filter(pk__in=taken, state=State.SIGNED).update(state=State.SENT, last_error="")
        for row, text in refused:
            OutgoingTransaction.objects.filter(pk=row.pk, state__in=[State.SIGNED, State.SENT]).update(last_error=text)
            log.error("chain.broadcast", key=row.key, error=text)
    failpoint("sender.after_broadcast_commit")
    return len(attempts)


def _no(answer: object) -> str:
    """The node's no. A used nonce is none: `confirm` looks for the receipts of all attempts and finds out by whom."""
    text = answer.message.lower() if isinstance(answer, NodeRefused) else ""
    return "" if any(known in text for known in (*KNOWN_ALREADY, *NONCE_USED)) else text
