"""Freeze a chain whose history is disputed, say what was replaced, and thaw it as an operator decides."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.utils import timezone

from chain import alarms, reader
from chain.client import Client, client
from chain.models import Block, Contract, CopyPosition, Cursor, Log, OutgoingTransaction, State
from chain.rpc import Receipt, read

log = structlog.get_logger(__name__)
FROZEN, GONE, THAWED = "frozen", "final log gone", "thawed"
AT_ONCE = 100
AFTER_ALL_LOGS = 2**31 - 1


class CannotThaw(Exception):
    """The text says why, for an operator."""


@dataclass(frozen=True)
class Replaced:
    """A block of ours that the node has otherwise, and how many of our logs hang on it."""

    number: int
    ours: str
    theirs: str
    is_final: bool
    logs: int


@dataclass(frozen=True)
class GoneLog:
    """A final log that is nowhere on the accepted branch: what it caused stands, and somebody has to look at it."""

    number: int
    tx_hash: str
    log_index: int
    what: str

    @property
    def sentence(self) -> str:
        return (
            f"{self.what} in block {self.number}, transaction {self.tx_hash}, was final and acted upon; on the branch "
            "that an operator accepted it did not happen."
        )


def freeze(chain: str, reason: str) -> None:
    """From now on nothing becomes final, nothing is signed or sent; the first reason stays."""
    frozen = CopyPosition.objects.filter(chain=chain, frozen_at__isnull=True)
    if frozen.update(frozen_at=timezone.now(), frozen_reason=reason):
        log.error("chain.frozen", chain=chain, reason=reason)


def replaced(chain: str, node: Client) -> list[Replaced]:
    """Our blocks that the node has otherwise, ascending: from the newest down, until a hundred in a row are its own."""
    found: list[Replaced] = []
    for rows in _downwards(chain):
        headers = reader.headers(node, [row.number for row in rows])
        odd = [(row, header) for row, header in zip(rows, headers, strict=True) if reader.differs(row.hash, header)]
        for row, header in odd:
            theirs = header.hash if header else ""
            found.append(Replaced(row.number, row.hash, theirs, row.is_final, row.logs.count()))
        if not odd:
            break
    return found[::-1]


def _downwards(chain: str) -> Iterator[list[Block]]:
    blocks, below = Block.objects.filter(chain=chain).order_by("-number"), 2**62
    while rows := list(blocks.filter(number__lt=below)[:AT_ONCE]):
        yield rows
        below = rows[-1].number


def gone(chain: str, first: int, node: Client) -> list[GoneLog]:
    """The final logs from height `first` on that the node has in no block, whatever their place."""
    names = dict(Contract.objects.filter(chain=chain).values_list("address", "name"))
    named = {address.lower(): name for address, name in names.items()}
    logs = list(Log.objects.filter(chain=chain, number__gte=first).final().in_order())
    hashes = sorted({each.tx_hash for each in logs})
    kept: set[tuple[str, str, tuple[str, ...], str]] = set()
    for start in range(0, len(hashes), AT_ONCE):
        for answer in node.node.batch([("eth_getTransactionReceipt", [tx]) for tx in hashes[start : start + AT_ONCE]]):
            receipt = read(answer, Receipt | None)
            for entry in receipt.logs if receipt else []:
                kept.add((entry.transaction_hash, entry.address.lower(), tuple(entry.topics), entry.data))
    missing = [
        each
        for each in logs
        if (each.tx_hash, each.address, tuple(each.topics), "0x" + bytes(each.data).hex()) not in kept
    ]
    return [
        GoneLog(each.number, each.tx_hash, each.log_index, f"{named.get(each.address, each.address)} {_event(each)}")
        for each in missing
    ]


def _event(entry: Log) -> str:
    event = entry.decoded
    return event.name if event else "log"


def keep_ours(chain: str, reason: str) -> None:
    """Thaw with our history, when the node has come back to it. What is not final is read again.

    Raises CannotThaw while the node still has other blocks in place of final ones.
    """
    if odd := [each for each in replaced(chain, client(chain)) if each.is_final]:
        raise CannotThaw(
            f"The node still has another block {odd[0].number} than the final one of ours. Configure one that has "
            "ours, or accept the node's."
        )
    with transaction.atomic():
        position = _frozen(chain)
        _drop(position, position.final_number + 1)
        _thaw(position, f"Our history was kept: {reason}")


def accept_node(chain: str, reason: str) -> list[GoneLog]:
    """Thaw with the node's history: our replaced blocks go, with all that is derived from them by cascade.

    What was settled is never rewound: for each final log that is gone an alarm stays until somebody has dealt with it,
    and money stands still meanwhile. Transactions of ours that were final are sent again, as the same bytes.
    """
    node = client(chain)
    odd = replaced(chain, node)
    first = odd[0].number if odd else None
    lost = gone(chain, first, node) if first is not None else []
    with transaction.atomic():
        position = _frozen(chain)
        first = position.final_number + 1 if first is None else min(first, position.final_number + 1)
        _drop(position, first)
        _send_again(chain, position.copied_number)
        for each in lost:
            alarms.sound(GONE, each.sentence, subject=f"{each.tx_hash}/{each.log_index}", chain=chain)
        _thaw(position, f"The node's history was accepted from block {first} on: {reason}")
    return lost


def _frozen(chain: str) -> CopyPosition:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"chain.watch {chain}"])
    position = CopyPosition.objects.select_for_update().filter(chain=chain, frozen_at__isnull=False).first()
    if position is None:
        raise CannotThaw(f"{chain} is not frozen.")
    return position


def _drop(position: CopyPosition, first: int) -> None:
    """Forget our copy from `first` on, and set readers back before it: what they meet again they know by its number."""
    chain = position.chain
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chain_block WHERE chain = %s AND number >= %s", [chain, first])
    last = Block.objects.filter(chain=chain).order_by("-number").first()
    position.copied_number, position.copied_hash = (last.number, last.hash) if last else (first - 1, "")
    position.final_number = min(position.final_number, position.copied_number)
    position.settled_number = min(position.settled_number, position.copied_number)
    Cursor.objects.filter(name__contains=f"{chain}:", number__gte=first).update(
        number=first - 1, log_index=AFTER_ALL_LOGS
    )


def _send_again(chain: str, known: int) -> None:
    """The only way out of `final`: its block is gone by an operator's decision. The same bytes pay at most once.

    Blocks without logs are not kept, so all above the last block that both have are doubted; `confirm` finds again
    what is still there.
    """
    rows = OutgoingTransaction.objects.filter(chain=chain, state=State.FINAL, mined_number__gt=known)
    for row in rows.select_for_update():
        row.attempts.update(broadcast_at=None)
        OutgoingTransaction.objects.filter(pk=row.pk).update(
            state=State.SENT, mined_tx_hash="", mined_number=None, mined_hash="", ended_at=None, checked_at=None
        )


def _thaw(position: CopyPosition, sentence: str) -> None:
    position.frozen_at, position.frozen_reason, position.witnessed_at = None, "", None
    position.save()
    alarms.sound(THAWED, sentence, chain=position.chain)
    alarms.end(THAWED, chain=position.chain)
    alarms.end(FROZEN, chain=position.chain)
    log.warning("chain.thawed", chain=position.chain, sentence=sentence)
