"""Copy new blocks and their logs; take orphaned ones back. A step is one transaction, and lives or dies as a whole."""

import time
from collections.abc import Sequence
from enum import Enum
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from chain import reader
from chain.client import Client, WrongChain, client
from chain.failpoints import failpoint
from chain.models import Block, Contract, CopyPosition
from chain.reader import Fetched, Look, NodeMoved
from chain.rpc import Header, NodeRefused, NodeUnreachable
from chain.storage import insert_blocks, insert_logs, make_final, prune_empty

log = structlog.get_logger(__name__)
AIM = 2_000
MAX_SPAN = 50_000


class Outcome(Enum):
    """What a step came to."""

    BUSY = "another watcher has the chain"
    FROZEN = "the chain is frozen"
    LEVEL = "nothing new"
    WAITING = "the node lags or changed branch; ask again later"
    COPIED = "blocks were copied"
    REORGED = "orphaned blocks were taken back"


class Overtaken(Exception):
    """The position is not where this step found it."""


def watch(chain: str | None = None, *, seconds: float = 5.0) -> Outcome:
    """Steps until level with the head, or for `seconds`; a node that does not answer is logged and left for later."""
    chain = chain or settings.CHAIN_ID
    until = time.monotonic() + seconds
    while True:
        try:
            outcome = step(chain)
        except (NodeMoved, NodeUnreachable, NodeRefused, WrongChain, Overtaken) as problem:
            log.warning("chain.watch", chain=chain, problem=str(problem))
            return Outcome.WAITING
        if outcome not in {Outcome.COPIED, Outcome.REORGED} or time.monotonic() > until:
            return outcome


def step(chain: str) -> Outcome:
    """Copy one stretch, or take one reorg back, in one transaction under the chain's lock."""
    with transaction.atomic():
        if not _locked(chain):
            return Outcome.BUSY
        CopyPosition.objects.get_or_create(chain=chain)
        position = CopyPosition.objects.select_for_update().get(chain=chain)
        failpoint("watcher.after_lock")
        if position.frozen_at:
            return Outcome.FROZEN
        outcome = _advance(client(chain), position)
        failpoint("watcher.before_commit")
    failpoint("watcher.after_commit")
    return outcome


def _locked(chain: str) -> bool:
    """One watcher a chain; the lock ends with the transaction, so that death frees it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"chain.watch {chain}"])
        return bool(cursor.fetchone()[0])


def _advance(node: Client, position: CopyPosition) -> Outcome:
    view = reader.look(node, position.copied_number)
    _note(position, head_number=view.head.height, checked_at=timezone.now())
    if _left_our_branch(position, view):
        return _take_back(node, position)
    start = _start(position, view, node)
    if view.head.height < start:
        if view.head.height >= position.copied_number:
            _note(position, caught_up_at=timezone.now())
        return Outcome.LEVEL
    try:
        fetched = _fetch(node, position, view, start)
    except NodeMoved as moved:
        log.info("chain.node_moved", chain=position.chain, why=str(moved))
        return Outcome.WAITING
    failpoint("watcher.after_fetch")
    if _contradicts_stored(position.chain, fetched.blocks):
        return _take_back(node, position)
    _store(node, position, view, fetched)
    return Outcome.COPIED


def _note(position: CopyPosition, **changes: Any) -> None:
    CopyPosition.objects.filter(pk=position.pk).update(**changes)


def _left_our_branch(position: CopyPosition, view: Look) -> bool:
    if reader.differs(position.copied_hash, view.at_position):
        return True
    return view.head.height < position.copied_number and _contradicts_stored(position.chain, [view.head])


def _contradicts_stored(chain: str, headers: Sequence[Header]) -> bool:
    by_height = {header.height: header for header in headers}
    stored = Block.objects.filter(chain=chain, number__in=by_height).values_list("number", "hash")
    return any(reader.differs(known, by_height[height]) for height, known in stored)


def _start(position: CopyPosition, view: Look, node: Client) -> int:
    """The first height not copied; of a chain never copied, the earliest that a contract needs, else the window."""
    if position.copied_number >= 0:
        return position.copied_number + 1
    deployed = Contract.objects.watched(position.chain).order_by("deployed_block").first()
    return deployed.deployed_block if deployed else max(view.head.height - node.network.confirmations, 0)


def _fetch(node: Client, position: CopyPosition, view: Look, start: int) -> Fetched:
    addresses = list(Contract.objects.watched(position.chain).values_list("address", flat=True))
    settled = view.head.height - node.network.confirmations
    if start > settled:
        return reader.fetch_window(node, addresses, position.copied_hash, start, view.head.height)
    end = min(start + position.span - 1, settled)
    try:
        fetched = reader.fetch_range(node, addresses, start, end)
    except NodeRefused as refused:  # too many logs or blocks for this node
        _note(position, span=max((end - start + 1) // 2, 1))
        raise NodeMoved(refused.message) from refused
    wanted = int(position.span * AIM / max(len(fetched.logs), 1))
    _note(position, span=max(1, min(wanted, position.span * 4, MAX_SPAN)))
    return fetched


def _store(node: Client, position: CopyPosition, view: Look, fetched: Fetched) -> None:
    """Blocks, logs, position and finality of one stretch."""
    chain, end = position.chain, fetched.end
    settled = _settled(node, view, end.height)
    ids = insert_blocks(chain, fetched.blocks, {entry.block_hash for entry in fetched.logs}, settled)
    failpoint("watcher.after_blocks")
    insert_logs(chain, fetched.logs, ids)
    failpoint("watcher.after_logs")
    _move(position, end.height, end.hash)
    failpoint("watcher.after_position")
    make_final(chain, settled)
    _note(position, final_number=max(position.final_number, settled))
    prune_empty(chain, settled - max(node.network.confirmations, reader.WINDOW_STEP))
    if end.height >= view.head.height:
        _note(position, caught_up_at=timezone.now())


def _settled(node: Client, view: Look, copied: int) -> int:
    """The height up to which blocks are final: counted from what was copied and checked, not from a claimed head."""
    if view.finalized is not None:
        return min(view.finalized, copied)
    return copied - node.network.confirmations


def _move(position: CopyPosition, number: int, block_hash: str) -> None:
    """Compare and set; raises Overtaken when the position is not where it was."""
    moved = CopyPosition.objects.filter(
        pk=position.pk, copied_number=position.copied_number, copied_hash=position.copied_hash
    ).update(copied_number=number, copied_hash=block_hash)
    if not moved:
        raise Overtaken(f"The position of {position.chain} was moved by somebody else.")


def _take_back(node: Client, position: CopyPosition) -> Outcome:
    """Delete blocks that the node has replaced, and all that hangs on them; freeze when a final one is among them."""
    stored = Block.objects.filter(chain=position.chain)
    final = stored.filter(is_final=True).order_by("-number").first()
    doubtful = [*stored.filter(is_final=False).order_by("number"), *([final] if final else [])]
    known = reader.headers(node, [block.number for block in doubtful])
    orphaned = [block for block, header in zip(doubtful, known, strict=True) if reader.differs(block.hash, header)]
    if any(block.is_final for block in orphaned):
        return _freeze(position, min(block.number for block in orphaned))
    if not orphaned:
        return Outcome.WAITING
    first = min(block.number for block in orphaned)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chain_block WHERE chain = %s AND number >= %s", [position.chain, first])
    failpoint("watcher.after_orphans")
    if position.copied_number >= first:
        last = stored.filter(number__lt=first).order_by("-number").first()
        _move(position, last.number if last else first - 1, last.hash if last else "")
    log.warning("chain.reorg", chain=position.chain, first=first, depth=position.copied_number - first + 1)
    return Outcome.REORGED


def _freeze(position: CopyPosition, first: int) -> Outcome:
    reason = f"Block {first}, which was final, has been replaced: the chain was rewritten deeper than finality."
    _note(position, frozen_at=timezone.now(), frozen_reason=reason)
    log.error("chain.frozen", chain=position.chain, reason=reason)
    return Outcome.FROZEN
