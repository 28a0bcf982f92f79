"""What became of what was sent: mined, final, failed, orphaned again, or its nonce used by somebody else."""

import datetime as dt
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import cast

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chain import endings, reader
from chain.client import CallRefused, Client
from chain.failpoints import failpoint
from chain.models import OPEN_STATES, Attempt, Block, CopyPosition, OutgoingTransaction, State
from chain.rpc import NodeRefused, NodeUnreachable, Receipt, number, read
from chain.signing import Signer

log = structlog.get_logger(__name__)
AT_ONCE = 300
SURE_AFTER = dt.timedelta(seconds=60)


@dataclass
class View:
    """What the node and our copy say in this round: nonces used by account, at the head and at the final height."""

    receipts: Mapping[int, Receipt]
    used: Mapping[str, int]
    used_finally: Mapping[str, int]
    final_number: int
    vouched: Set[int] | None = None

    def may_end(self, row: OutgoingTransaction) -> bool:
        """The witness says the same of it, where there is one."""
        return self.vouched is None or row.pk in self.vouched


def check(node: Client, account: Signer) -> None:
    """Look for the receipts of all attempts of open transactions, those first that were not looked at for longest."""
    with transaction.atomic():
        open_rows = OutgoingTransaction.objects.filter(chain=node.chain, state__in=OPEN_STATES)
        rows = list(
            open_rows.order_by(F("checked_at").asc(nulls_first=True), "pk").select_for_update(skip_locked=True)[
                :AT_ONCE
            ]
        )
        if not rows:
            return
        view = _look(node, rows)
        ending = [row for row in rows if _ends(row, view)]
        view.vouched = endings.vouched(node.chain, ending, view.receipts, view.final_number)
        failpoint("sender.after_receipts")
        for row in rows:
            _settle(node, row, view)
        OutgoingTransaction.objects.filter(pk__in=[row.pk for row in rows]).update(checked_at=timezone.now())
    failpoint("sender.after_check_commit")


def _look(node: Client, rows: list[OutgoingTransaction]) -> View:
    position = CopyPosition.objects.filter(chain=node.chain).first()
    final = position.final_number if position else -1
    senders = sorted({row.sender for row in rows})
    attempts = list(Attempt.objects.filter(transaction__in=rows).order_by("pk"))
    calls = [("eth_getTransactionCount", [sender, "latest"]) for sender in senders]
    calls += [("eth_getTransactionCount", [sender, hex(max(final, 0))]) for sender in senders]
    calls += [("eth_getTransactionReceipt", [attempt.tx_hash]) for attempt in attempts]
    answers = [answer for start in range(0, len(calls), 200) for answer in reader.ask(node, calls[start : start + 200])]
    counts = [number(answer) for answer in answers[: len(senders)]]
    final_counts = answers[len(senders) : 2 * len(senders)]
    found: dict[int, Receipt] = {}
    for attempt, answer in zip(attempts, answers[2 * len(senders) :], strict=True):
        if receipt := read(answer, Receipt | None):
            found[attempt.transaction_id] = receipt
    return View(
        receipts=found,
        used=dict(zip(senders, counts, strict=True)),
        used_finally={
            sender: 0 if final < 0 or isinstance(answer, NodeRefused) else number(answer)
            for sender, answer in zip(senders, final_counts, strict=True)
        },
        final_number=final,
    )


def _settle(node: Client, row: OutgoingTransaction, view: View) -> None:
    receipt = view.receipts.get(row.pk)
    if receipt is None:
        _settle_without_receipt(row, view)
    elif row.state != State.MINED:
        row.move(State.MINED, **_place(receipt))
    elif row.mined_hash != receipt.block_hash:
        OutgoingTransaction.objects.filter(pk=row.pk).update(**_place(receipt))
    elif _ends(row, view) and view.may_end(row):
        _end(node, row)


def _ends(row: OutgoingTransaction, view: View) -> bool:
    """Whether it would end for good now: in a final block, or its nonce finally used by something else."""
    receipt = view.receipts.get(row.pk)
    if receipt is None:
        nonce = cast(int, row.nonce)
        return row.state == State.UNKNOWN and view.used_finally[row.sender] > nonce and _old(row)
    is_mined = row.state == State.MINED and row.mined_hash == receipt.block_hash
    return is_mined and receipt.height <= view.final_number and _in_our_copy(row.chain, receipt)


def _place(receipt: Receipt) -> dict[str, object]:
    return {
        "mined_tx_hash": receipt.transaction_hash,
        "mined_number": receipt.height,
        "mined_hash": receipt.block_hash,
        "reverted": not receipt.succeeded,
        "last_error": "",
    }


def _in_our_copy(chain: str, receipt: Receipt) -> bool:
    """Our copy has the receipt's block, or no other one, at its height."""
    known = Block.objects.filter(chain=chain, number=receipt.height).values_list("hash", flat=True).first()
    return known in {None, receipt.block_hash}


def _end(node: Client, row: OutgoingTransaction) -> None:
    if not row.reverted:
        row.move(State.FINAL, ended_at=timezone.now())
        return
    row.move(State.FAILED, refusal=_why_reverted(node, row), ended_at=timezone.now())
    log.error("chain.reverted", key=row.key, refusal=row.refusal)


def _why_reverted(node: Client, row: OutgoingTransaction) -> str:
    """Ask the contract again, on the state before and after the block; that within the block is not to be had."""
    mined = cast(int, row.mined_number)
    for block in (mined - 1, mined):
        try:
            node.call(row.to, bytes(row.data), block=block, sender=row.sender)
        except CallRefused as refused:
            return str(refused)
        except NodeUnreachable:
            break
    return "The contract refused it when it was mined, and does not say why."


def _settle_without_receipt(row: OutgoingTransaction, view: View) -> None:
    nonce = cast(int, row.nonce)
    if row.state == State.MINED:  # its block was orphaned, or this node lags: the same bytes again, either way
        row.move(State.SENT, mined_tx_hash="", mined_number=None, mined_hash="", reverted=False)
        row.attempts.update(broadcast_at=None)
        log.warning("chain.unmined", key=row.key)
    elif view.used[row.sender] <= nonce:
        if row.state == State.UNKNOWN:
            row.move(State.SENT)
    elif row.state != State.UNKNOWN:
        row.move(State.UNKNOWN)
        log.error("chain.unknown", key=row.key, nonce=nonce)
    elif _ends(row, view) and view.may_end(row):
        row.move(
            State.REPLACED,
            refusal="Another transaction of the same account took its place; this one was not carried out.",
            ended_at=timezone.now(),
        )


def _old(row: OutgoingTransaction) -> bool:
    return row.attempts.latest("pk").created_at < timezone.now() - SURE_AFTER
