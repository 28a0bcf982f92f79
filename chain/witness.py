"""Nothing becomes final on one provider's word: a witness must have the same blocks, and the same logs in them.

What is copied is stored as *seen* and waits here. The witness is asked for a stretch as the watcher asks for one: its
logs of the stretch, with the headers of the blocks that hold them and of the stretch's end. Equal logs name equal
blocks by hash; what lies between is linked to the end by parent hash, or holds nothing. The witness's word counts
where the stretch is final for itself too, so that depth does not rest on one word either.
"""

import datetime as dt
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone

from chain import alarms, freezing, reader
from chain.client import Client, Network, WrongChain, client
from chain.client import witness as witness_of
from chain.failpoints import failpoint
from chain.models import Block, Contract, CopyPosition, Log
from chain.reader import NodeMoved
from chain.rpc import Header, LogEntry, NodeRefused, NodeUnreachable
from chain.storage import make_final, prune_empty
from chain.stretch import Stretch
from chain.wanted import Wanted

log = structlog.get_logger(__name__)
AT_ONCE = 500
WIDEST = 50_000
SILENT = "witness silent"
Key = tuple[int, str, int, str, str, tuple[str, ...], bytes]
spans: dict[str, int] = {}


class Due(NamedTuple):
    """What is to become final: blocks by height as (hash, time), and their logs, of the watched contracts."""

    start: int
    end: int
    blocks: dict[int, tuple[str, int]]
    logs: set[Key]
    wanted: Sequence[Wanted]


def final_at_once(position: CopyPosition, new: Stretch) -> int:
    """The height up to which a stretch is final when it is stored: all that is settled; nothing new with a witness."""
    return position.final_number if Network.of(position.chain).witness_url else new.settled


def vouch(new: Stretch) -> None:
    """Ask the witness about a stretch that is read *again*, for a contract registered late, before it is stored.

    Its blocks are final already, so that its logs would count at once. Raises NodeMoved where the witness does not say
    the same: nothing is stored, and the next step asks again.
    """
    place, fetched = new.place, new.fetched
    witness, start = witness_of(place.chain), fetched.blocks[0].height
    if place.number >= 0:
        start = place.number + 1
    final = CopyPosition.objects.filter(chain=place.chain, final_number__gte=start)
    if witness is None or not final.exists():
        return
    blocks = {header.height: (header.hash, header.time) for header in fetched.blocks}
    logs = {_key(entry) for entry in fetched.logs}
    height = _first_difference(witness, Due(start, fetched.end.height, blocks, logs, place.wanted))
    if height is not None:
        raise NodeMoved(f"The witness has block {height} otherwise; what is read again waits for its word.")


def confirm(chain: str, *, seconds: float = 5.0) -> None:
    """Make final what is due and what the witness confirms; freeze the chain where it contradicts."""
    witness, until = witness_of(chain), time.monotonic() + seconds
    while witness is not None:
        position = CopyPosition.objects.filter(chain=chain, frozen_at__isnull=True).first()
        if position is None:
            return
        try:
            done = _confirm_once(witness, position)
        except (NodeMoved, NodeUnreachable, NodeRefused, WrongChain) as problem:
            _waits(position, witness, str(problem))
            return
        if done:
            CopyPosition.objects.filter(chain=chain).update(witnessed_at=timezone.now())
            alarms.end(SILENT, chain=chain)
        if done or time.monotonic() > until:
            return


def _confirm_once(witness: Client, position: CopyPosition) -> bool:
    """One stretch; True when nothing is left that is due."""
    due = _due(position)
    if due is None:
        return True
    look = reader.look(witness, due.end)
    deep = look.settled(look.head.height, witness.network.confirmations)
    known = [height for height in due.blocks if height <= deep]
    if not known:
        raise NodeMoved(f"Its newest block is {look.head.height}; {due.end} is not final for it yet.")
    due = _cut(due, max(known))
    height = _first_difference(witness, due)
    failpoint("witness.after_answer")
    if height is None:
        _make_final(position.chain, due)
        failpoint("witness.after_final")
        return False
    reason = _contradiction(witness, due, height)
    if not reason:
        raise NodeMoved(f"It has block {height} otherwise, or did a moment ago.")
    freezing.freeze(position.chain, reason)
    return False


def _due(position: CopyPosition) -> Due | None:
    chain, wanted = position.chain, _watched(position.chain)
    waiting = Block.objects.filter(chain=chain, is_final=False, number__lte=position.settled_number).order_by("number")
    rows = list(waiting.values_list("number", "hash", "timestamp")[:AT_ONCE])
    if not rows:
        return None
    start = min(position.final_number + 1, rows[0][0])
    if position.final_number < 0:
        deployed = Contract.objects.watched(chain).order_by("deployed_block").first()
        start = min(deployed.deployed_block if deployed else rows[0][0], rows[0][0])
    reach = start + spans.get(chain, WIDEST) - 1
    blocks = {number: (known, when) for number, known, when in rows if number <= reach or number == rows[0][0]}
    end = max(blocks)
    return Due(start, end, blocks, _stored(chain, wanted, start, end), wanted)


def _cut(due: Due, end: int) -> Due:
    blocks = {number: block for number, block in due.blocks.items() if number <= end}
    return due._replace(end=end, blocks=blocks, logs={key for key in due.logs if key[0] <= end})


def _watched(chain: str) -> list[Wanted]:
    contracts = Contract.objects.watched(chain).order_by("pk").values_list("address", "topics")
    return [Wanted(address, tuple(topics)) for address, topics in contracts]


def _stored(chain: str, wanted: Sequence[Wanted], start: int, end: int) -> set[Key]:
    rows = Log.objects.filter(
        chain=chain, number__gte=start, number__lte=end, address__in=[each.address.lower() for each in wanted]
    )
    names = ("number", "block_hash", "log_index", "tx_hash", "address", "topics", "data")
    return {
        (number, block, index, tx, address, tuple(topics), bytes(data))
        for number, block, index, tx, address, topics, data in rows.values_list(*names)
    }


def _key(entry: LogEntry) -> Key:
    place = (entry.height, entry.block_hash, entry.index, entry.transaction_hash)
    return (*place, entry.address.lower(), tuple(entry.topics), bytes.fromhex(entry.data[2:]))


def _first_difference(witness: Client, due: Due) -> int | None:
    """The lowest height at which the witness has another block or other logs; None where it says the same."""
    chain = witness.chain
    try:
        theirs = reader.fetch_range(witness, due.wanted, due.start, due.end)
    except NodeRefused as refused:  # too much at once for this witness
        spans[chain] = max((due.end - due.start + 1) // 2, 1)
        raise NodeMoved(refused.message) from refused
    spans[chain] = min(spans.get(chain, WIDEST) * 2, WIDEST)
    odd = {key[0] for key in due.logs ^ {_key(entry) for entry in theirs.logs}}
    odd |= {header.height for header in theirs.blocks if due.blocks.get(header.height) != (header.hash, header.time)}
    return min(odd) if odd else None


def _contradiction(witness: Client, due: Due, height: int) -> str:
    """Ask both again, one block: a sentence when they still differ, an empty text when it was a reorg in flight.

    Our own provider may have left the branch that is copied: that is the watcher's to repair. Raises NodeMoved when one
    of them does not have the block, or not its logs.
    """
    ours = client(witness.chain)
    mine, theirs = (_header(node, height) for node in (ours, witness))
    copied = due.blocks.get(height)
    if copied and mine.hash != copied[0]:
        return ""
    names = ours.node.health.name, witness.node.health.name
    if mine.hash != theirs.hash:
        return f"Of block {height} {names[0]} says that it is {mine.hash}, and {names[1]}, the witness, {theirs.hash}."
    if mine.time != theirs.time:
        return (
            f"The time of block {height} is {mine.time} for {names[0]} and {theirs.time} for {names[1]}, the witness."
        )
    said = [_logs(node, due.wanted, header) for node, header in ((ours, mine), (witness, theirs))]
    stored = {key for key in due.logs if key[0] == height}
    if said[0] == said[1] == stored and (copied is None or copied[1] == theirs.time):
        return ""
    counts = (
        f"{names[0]} gives {len(said[0])} logs, {names[1]}, the witness, {len(said[1])}, and {len(stored)} are copied"
    )
    return f"Block {height} is the same for both, what is in it is not: {counts}."


def _header(node: Client, height: int) -> Header:
    header = reader.headers(node, [height])[0]
    if header is None:
        raise NodeMoved(f"{node.node.health.name} does not have block {height}.")
    return header


def _logs(node: Client, wanted: Sequence[Wanted], header: Header) -> set[Key]:
    return {_key(entry) for entry in reader.logs_by_hash(node, wanted, [header])}


def _make_final(chain: str, due: Due) -> None:
    """In one transaction, and only if what was asked about is still what is stored."""
    with transaction.atomic():
        position = CopyPosition.objects.select_for_update().get(chain=chain)
        waiting = Block.objects.filter(chain=chain, is_final=False, number__lte=due.end)
        same = _places(waiting.values_list("number", "hash")) == _places(
            (number, known) for number, (known, _) in due.blocks.items()
        )
        same = same and _watched(chain) == list(due.wanted)
        same = same and _stored(chain, due.wanted, due.start, due.end) == due.logs
        if position.frozen_at or not same:
            raise NodeMoved("The copy was changed while the witness was asked.")
        make_final(chain, due.end)
        final = max(position.final_number, due.end)
        CopyPosition.objects.filter(chain=chain).update(final_number=final)
        prune_empty(chain, final - max(Network.of(chain).confirmations, reader.WINDOW_STEP))


def _places(rows: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    return set(rows)


def _waits(position: CopyPosition, witness: Client, why: str) -> None:
    """Nothing becomes final meanwhile. Sound an alarm when that lasts."""
    log.info("chain.witness_waits", chain=position.chain, why=why)
    since = position.witnessed_at
    if since is None:
        CopyPosition.objects.filter(chain=position.chain, witnessed_at=None).update(witnessed_at=timezone.now())
    elif timezone.now() - since > dt.timedelta(seconds=witness.network.witness_seconds):
        alarms.sound(
            SILENT,
            f"The witness {witness.node.health.name} has not confirmed what is due since {since:%d %b %H:%M:%S} UTC, "
            f"so nothing becomes final and no money moves: final up to {position.final_number}, due up to "
            f"{position.settled_number}. {why}",
            chain=position.chain,
        )
