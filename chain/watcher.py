"""Copy new blocks and their logs; take orphaned ones back. Ask first; then one short transaction stores it all."""

import time
from collections.abc import Sequence
from enum import Enum
from typing import Any

import structlog
from django.conf import settings
from django.db import DataError, connection, transaction
from django.utils import timezone

from chain import freezing, reader, reports, stretch, witness
from chain.client import Client, WrongChain, client
from chain.failpoints import failpoint
from chain.models import Block, Contract, CopyPosition
from chain.reader import Look, NodeMoved
from chain.rpc import Header, NodeRefused, NodeUnreachable
from chain.storage import insert_blocks, insert_logs, make_final, prune_empty
from chain.stretch import Ahead, Place, Stretch
from chain.turns import turn
from chain.wanted import Wanted

log = structlog.get_logger(__name__)


class Outcome(Enum):
    """What a step came to."""

    BUSY = "another watcher has the chain"
    FROZEN = "the chain is frozen"
    LEVEL = "nothing new"
    WAITING = "the node lags or changed branch; ask again later"
    COPIED = "blocks were copied"
    REORGED = "orphaned blocks were taken back"


class Overtaken(Exception):
    """The position, the contracts or the freedom to go on are not what they were when the fetch began."""


def watch(chain: str | None = None, *, seconds: float = 5.0) -> Outcome:
    """Steps until level with the head, or for `seconds`; a node that does not answer is logged and left for later."""
    chain = chain or settings.CHAIN_ID
    until = time.monotonic() + seconds
    with Ahead() as ahead:
        while True:
            try:
                outcome = step(chain, ahead)
            except (NodeMoved, NodeUnreachable, NodeRefused, WrongChain, Overtaken, DataError) as problem:
                log.warning("chain.watch", chain=chain, problem=str(problem))
                outcome = Outcome.WAITING
            if outcome is not Outcome.BUSY:
                witness.confirm(chain)
            if outcome not in {Outcome.COPIED, Outcome.REORGED} or time.monotonic() > until:
                reports.report(chain)
                return outcome


def step(chain: str, ahead: Ahead | None = None) -> Outcome:
    """Copy one stretch, or take one reorg back. Requests are made outside of the transaction that stores."""
    with turn(f"chain.watch {chain}") as ours:
        if not ours:
            return Outcome.BUSY
        failpoint("watcher.after_lock")
        position, _ = CopyPosition.objects.get_or_create(chain=chain)
        if position.frozen_at:
            return Outcome.FROZEN
        outcome = _advance(client(chain), _place(position), position.span, ahead)
    failpoint("watcher.after_commit")
    return outcome


def _place(position: CopyPosition) -> Place:
    contracts = list(Contract.objects.watched(position.chain).values_list("address", "topics", "deployed_block"))
    return Place(
        chain=position.chain,
        number=position.copied_number,
        hash=position.copied_hash,
        wanted=tuple(sorted(Wanted(address, tuple(topics)) for address, topics, _ in contracts)),
        first=min((block for *_, block in contracts), default=None),
    )


def _hold(place: Place) -> CopyPosition:
    """Lock the position until the transaction ends; raises Overtaken when the place is not what it was.

    The contracts belong to it: one registered since the fetch began is not in what was fetched, and `register()` takes
    the same lock.
    """
    position = CopyPosition.objects.select_for_update().get(chain=place.chain)
    if position.frozen_at or _place(position) != place:
        raise Overtaken(f"The position of {place.chain} or its contracts changed while it was read.")
    return position


def _advance(node: Client, place: Place, span: int, ahead: Ahead | None) -> Outcome:
    fetched = ahead.take(place) if ahead else None
    if fetched is None:
        view = reader.look(node, place.number)
        if _left_our_branch(place, view):
            return _take_back(node, place)
        if view.head.height < place.start(view, node.network.confirmations):
            level = {"caught_up_at": timezone.now()} if view.head.height >= place.number else {}
            _note(place.chain, view, **level)
            return Outcome.LEVEL
        try:
            fetched = stretch.fetch(node, place, view, span)
        except NodeMoved as moved:
            log.info("chain.node_moved", chain=place.chain, why=str(moved))
            _note(place.chain, view)
            return Outcome.WAITING
    if ahead:
        ahead.begin(node, fetched)
    failpoint("watcher.after_fetch")
    if _store(fetched):
        return Outcome.COPIED
    return _take_back(node, place)


def _note(chain: str, view: Look, **changes: Any) -> None:
    """What the node claims, for people to look at."""
    changes |= {"head_number": view.head.height, "checked_at": timezone.now()}
    CopyPosition.objects.filter(pk=chain).update(**changes)


def _left_our_branch(place: Place, view: Look) -> bool:
    if reader.differs(place.hash, view.at_position):
        return True
    return view.head.height < place.number and _contradicts_stored(place.chain, [view.head])


def _contradicts_stored(chain: str, headers: Sequence[Header]) -> bool:
    by_height = {header.height: header for header in headers}
    stored = Block.objects.filter(chain=chain, number__in=by_height).values_list("number", "hash")
    return any(reader.differs(known, by_height[height]) for height, known in stored)


def _store(new: Stretch) -> bool:
    """Blocks, logs, position and finality in one transaction; False, and nothing stored, where they contradict ours."""
    chain, fetched = new.place.chain, new.fetched
    witness.vouch(new)
    with transaction.atomic():
        position = _hold(new.place)
        final = witness.final_at_once(position, new)
        if _contradicts_stored(chain, fetched.blocks):
            return False
        blocks = insert_blocks(chain, fetched.blocks, new.rows.keys(), final)
        failpoint("watcher.after_blocks")
        insert_logs(new.rows, blocks)
        failpoint("watcher.after_logs")
        _move(position, fetched.end.height, fetched.end.hash, **_told(position, new, final))
        failpoint("watcher.after_position")
        make_final(chain, final)
        prune_empty(chain, final - max(client(chain).network.confirmations, reader.WINDOW_STEP))
        failpoint("watcher.before_commit")
    return True


def _move(position: CopyPosition, number: int, block_hash: str, **changes: Any) -> None:
    """Compare and set; raises Overtaken when the position is not where it was."""
    moved = CopyPosition.objects.filter(
        pk=position.pk, copied_number=position.copied_number, copied_hash=position.copied_hash
    ).update(copied_number=number, copied_hash=block_hash, **changes)
    if not moved:
        raise Overtaken(f"The position of {position.chain} was moved by somebody else.")


def _told(position: CopyPosition, new: Stretch, final: int) -> dict[str, Any]:
    """What else the position says once the stretch is stored."""
    now = timezone.now()
    level = {"caught_up_at": now} if new.fetched.end.height >= new.view.head.height else {}
    return level | {
        "span": new.span,
        "head_number": new.view.head.height,
        "checked_at": now,
        "settled_number": max(position.settled_number, new.settled),
        "final_number": max(position.final_number, final),
    }


def _take_back(node: Client, place: Place) -> Outcome:
    """Delete blocks that the node has replaced, and all that hangs on them; freeze when a final one is among them."""
    stored = Block.objects.filter(chain=place.chain)
    final = stored.filter(is_final=True).order_by("-number").first()
    doubtful = [*stored.filter(is_final=False).order_by("number"), *([final] if final else [])]
    known = reader.headers(node, [block.number for block in doubtful])
    orphaned = [block for block, header in zip(doubtful, known, strict=True) if reader.differs(block.hash, header)]
    if not orphaned:
        return Outcome.WAITING
    first = min(block.number for block in orphaned)
    with transaction.atomic():
        position = _hold(place)
        if stored.filter(number__gte=first, is_final=True).exists():
            return _freeze(position, first)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM chain_block WHERE chain = %s AND number >= %s", [place.chain, first])
        failpoint("watcher.after_orphans")
        if position.copied_number >= first:
            last = stored.filter(number__lt=first).order_by("-number").first()
            _move(position, last.number if last else first - 1, last.hash if last else "")
    log.warning("chain.reorg", chain=place.chain, first=first, depth=place.number - first + 1)
    return Outcome.REORGED


def _freeze(position: CopyPosition, first: int) -> Outcome:
    reason = f"Block {first}, which was final, has been replaced: the chain was rewritten deeper than finality."
    freezing.freeze(position.chain, reason)
    return Outcome.FROZEN
