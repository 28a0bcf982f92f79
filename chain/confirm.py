"""What became of what was sent: mined, final, failed, orphaned again, or its nonce used by somebody else."""

import datetime as dt
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import cast

import msgspec
import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from chain import endings, nonces, reader
from chain.budget import Corrections
from chain.client import CallRefused, Client
from chain.failpoints import failpoint
from chain.models import IN_FLIGHT, Attempt, Block, CopyPosition, OutgoingTransaction, State
from chain.rpc import Call, Header, NodeRefused, NodeUnreachable, Receipt, number, read

log = structlog.get_logger(__name__)
AT_ONCE = 300
SURE_AFTER = dt.timedelta(seconds=60)
LOOK_AGAIN = dt.timedelta(seconds=10)
TAKEN_IN = dt.timedelta(seconds=2)  # by then a node counts what it was handed as pending


@dataclass
class View:
    """What the node and our copy say in this round: nonces used by account, at the head and at the final height.

    `places`: the hash of the block that the node has at the height where a row without a receipt was mined.
    `pending`: nonces used by account once the node's pool is mined; none where it does not say.
    """

    receipts: Mapping[int, Receipt]
    used: Mapping[str, int]
    pending: Mapping[str, int]
    used_finally: Mapping[str, int]
    final_number: int
    known: Mapping[int, str] = field(default_factory=dict)
    places: Mapping[int, str] = field(default_factory=dict)
    vouched: Set[int] | None = None

    def may_end(self, row: OutgoingTransaction) -> bool:
        """The witness says the same of it, where there is one."""
        return self.vouched is None or row.pk in self.vouched


def check(node: Client) -> None:
    """Look what became of open transactions, those first that were not looked at for longest.

    What is mined is looked at again when its block is final, and now and then in case it was orphaned.
    """
    with transaction.atomic():
        position = CopyPosition.objects.filter(chain=node.chain).first()
        final = position.final_number if position else -1
        due = Q(mined_number__lte=final) | Q(checked_at__isnull=True) | Q(checked_at__lt=timezone.now() - LOOK_AGAIN)
        rows = list(
            OutgoingTransaction.objects.filter(Q(state__in=IN_FLIGHT) | Q(due, state=State.MINED), chain=node.chain)
            .order_by(F("checked_at").asc(nulls_first=True), "pk")
            .select_for_update(skip_locked=True, no_key=True)[:AT_ONCE]
        )
        if not rows:
            return
        view = _look(node, rows, final)
        ending = [row for row in rows if _ends(row, view)]
        view.vouched = endings.vouched(node.chain, ending, view.receipts, view.final_number)
        failpoint("sender.after_receipts")
        _settle(node, rows, view)
        OutgoingTransaction.objects.filter(pk__in=[row.pk for row in rows]).update(checked_at=timezone.now())
        _catch_up(node, view)
    failpoint("sender.after_check_commit")


def _catch_up(node: Client, view: View) -> None:
    """A node that died has lost its pool, perhaps its last block too: have sent and looked at at once what it lacks."""
    here = OutgoingTransaction.objects.filter(chain=node.chain)
    lacking = Q(pk__in=[])
    for sender, pending in view.pending.items():
        lacking |= Q(sender=sender, nonce__gte=pending)
    before = timezone.now() - TAKEN_IN
    lost = here.filter(lacking, state=State.SENT)
    Attempt.objects.filter(transaction__in=lost, broadcast_at__lt=before).update(broadcast_at=None)
    here.filter(lacking, state=State.MINED).update(checked_at=None)


def _ask(node: Client, calls: list[Call]) -> list[msgspec.Raw | NodeRefused]:
    return [answer for start in range(0, len(calls), 200) for answer in reader.ask(node, calls[start : start + 200])]


def _look(node: Client, rows: list[OutgoingTransaction], final: int) -> View:
    """One cheap question first: only a row whose nonce is used can have a receipt."""
    senders = sorted({row.sender for row in rows})
    counts: list[Call] = [
        ("eth_getTransactionCount", [sender, at]) for at in ("latest", "pending") for sender in senders
    ]
    answers = _ask(node, counts)
    used = dict(zip(senders, map(number, answers), strict=False))
    told = zip(senders, answers[len(senders) :], strict=True)
    pending = {sender: number(answer) for sender, answer in told if not isinstance(answer, NodeRefused)}
    asked = [row for row in rows if row.state == State.MINED or used[row.sender] > cast(int, row.nonce)]
    if not asked:
        return View({}, used, pending, dict.fromkeys(senders, 0), final)
    attempts = list(
        Attempt.objects.filter(transaction__in=asked).order_by("pk").values_list("transaction_id", "tx_hash")
    )
    finals: list[Call] = [("eth_getTransactionCount", [sender, hex(max(final, 0))]) for sender in senders]
    receipts: list[Call] = [("eth_getTransactionReceipt", [tx_hash]) for _, tx_hash in attempts]
    answers = _ask(node, finals + receipts)
    found: dict[int, Receipt] = {}
    for (pk, _), answer in zip(attempts, answers[len(senders) :], strict=True):
        if receipt := read(answer, Receipt | None):
            found[pk] = receipt
    used_finally = {
        sender: 0 if final < 0 or isinstance(answer, NodeRefused) else number(answer)
        for sender, answer in zip(senders, answers, strict=False)
    }
    missing = {row.mined_number for row in asked if row.state == State.MINED and row.pk not in found}
    heights = {receipt.height for receipt in found.values()}
    blocks = Block.objects.filter(chain=node.chain, number__in=heights)
    known = dict(blocks.values_list("number", "hash"))
    return View(found, used, pending, used_finally, final, known, _places(node, missing))


def _places(node: Client, heights: set[int | None]) -> dict[int, str]:
    """The block that the node has now at each height; none where it is not that far."""
    known = sorted(height for height in heights if height is not None)
    answers = _ask(node, [("eth_getBlockByNumber", [hex(height), False]) for height in known])
    headers = [(height, read(answer, Header | None)) for height, answer in zip(known, answers, strict=True)]
    return {height: header.hash for height, header in headers if header}


def _settle(node: Client, rows: list[OutgoingTransaction], view: View) -> None:
    """Each row by what is known of it; the common ways in one statement each."""
    corrections = Corrections(node.chain)
    mined, moved, over = [], [], []
    for row in rows:
        receipt = view.receipts.get(row.pk)
        if receipt is None:
            _settle_without_receipt(node, row, view, corrections)
        elif row.state != State.MINED:
            mined.append(row)
        elif row.mined_hash != receipt.block_hash:
            moved.append(row)
        elif _ends(row, view) and view.may_end(row):
            over.append(row)
    _note_mined(mined, view, corrections)
    for row in moved:
        place = {name: values[0] for name, values in _place([row], view, corrections).items()}
        OutgoingTransaction.objects.filter(pk=row.pk).update(**place)
    OutgoingTransaction.move_all([row for row in over if not row.reverted], State.FINAL, ended_at=timezone.now())
    for row in over:
        if row.reverted:
            row.move(State.FAILED, refusal=_why_reverted(node, row, view.receipts[row.pk]), ended_at=timezone.now())
            log.error("chain.reverted", key=row.key, refusal=row.refusal)
    corrections.write()


def _ends(row: OutgoingTransaction, view: View) -> bool:
    """Whether it would end for good now: in a final block that our copy has, or its nonce finally used by another."""
    receipt = view.receipts.get(row.pk)
    if receipt is None:
        nonce = cast(int, row.nonce)
        return row.state == State.UNKNOWN and view.used_finally[row.sender] > nonce and _old(row)
    is_mined = row.state == State.MINED and row.mined_hash == receipt.block_hash
    in_our_copy = view.known.get(receipt.height) in {None, receipt.block_hash}  # or no other one at its height
    return is_mined and receipt.height <= view.final_number and in_our_copy


def _note_mined(rows: list[OutgoingTransaction], view: View, corrections: Corrections) -> None:
    OutgoingTransaction.move_all(rows, State.MINED, last_error="", **_place(rows, view, corrections))


def _place(rows: list[OutgoingTransaction], view: View, corrections: Corrections) -> dict[str, list[object]]:
    receipts = [view.receipts[row.pk] for row in rows]
    return {
        "mined_tx_hash": [receipt.transaction_hash for receipt in receipts],
        "mined_number": [receipt.height for receipt in receipts],
        "mined_hash": [receipt.block_hash for receipt in receipts],
        "reverted": [not receipt.succeeded for receipt in receipts],
        "gas_spent": [corrections.mined(row, receipt) for row, receipt in zip(rows, receipts, strict=True)],
    }


def _why_reverted(node: Client, row: OutgoingTransaction, receipt: Receipt) -> str:
    """Ask the contract again, on the state before and after the block; that within the block is not to be had."""
    mined = cast(int, row.mined_number)
    for block in (mined - 1, mined):
        try:
            node.call(row.to, bytes(row.data), block=block, sender=row.sender)
        except CallRefused as refused:
            return str(refused)
        except NodeUnreachable:
            break
    if int(receipt.gas_used, 16) >= row.attempts.get(tx_hash=row.mined_tx_hash).gas:
        return noop("It needed more gas than was estimated for it. It can be tried again.")
    return noop("The contract refused it when it was mined, and does not say why.")


def _settle_without_receipt(node: Client, row: OutgoingTransaction, view: View, corrections: Corrections) -> None:
    """By proof only: another block in its place, a nonce not used, or the transaction that used it."""
    nonce = cast(int, row.nonce)
    if row.state == State.MINED:
        if (
            view.places.get(cast(int, row.mined_number), row.mined_hash) != row.mined_hash
        ):  # orphaned: the same bytes again
            corrections.unmined(row)
            row.move(State.SENT, mined_tx_hash="", mined_number=None, mined_hash="", reverted=False, gas_spent=None)
            row.attempts.update(broadcast_at=None)
            log.warning("chain.unmined", key=row.key)
    elif view.used[row.sender] <= nonce:
        if row.state == State.UNKNOWN:
            row.move(State.SENT)
    elif row.state != State.UNKNOWN:
        row.move(State.UNKNOWN)
        log.error("chain.unknown", key=row.key, nonce=nonce)
    elif _ends(row, view) and view.may_end(row):
        _settle_lost(node, row, view, corrections)


def _settle_lost(node: Client, row: OutgoingTransaction, view: View, corrections: Corrections) -> None:
    """The nonce is used at our final height. Replaced only when the transaction that used it is found, and not ours."""
    thief = nonces.used_by(node, row.sender, cast(int, row.nonce), view.final_number)
    if thief is None or row.attempts.filter(tx_hash=thief).exists():
        return
    corrections.released(row)
    row.move(
        State.REPLACED,
        refusal=noop("Another transaction of the same account took its place; this one was not carried out."),
        last_error=f"{thief} used nonce {row.nonce}.",
        ended_at=timezone.now(),
    )
    nonces.alarm_foreign(row.chain, row.sender, f"{thief}, with nonce {row.nonce},")


def _old(row: OutgoingTransaction) -> bool:
    return row.attempts.latest("pk").created_at < timezone.now() - SURE_AFTER
