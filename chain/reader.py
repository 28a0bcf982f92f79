"""Read blocks and logs from a node, without believing it: every answer is checked against a header."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from chain.client import Client
from chain.rpc import LONGEST, Call, Header, LogEntry, NodeRefused, Receipt, number, read
from chain.wanted import Wanted, all_wanted, may_hold, questions

WINDOW_STEP = 64
CHECKED = 200
HASH_LENGTH, DIGITS = 66, b"0123456789abcdefABCDEF"
LONGEST_RANGE = 2 << 20
HEX_AT_ONCE = 250  # logs: what is joined to be looked at is held twice


class NodeMoved(Exception):
    """The node's answers do not fit together: it changed branch or lags. Ask again later."""


@dataclass
class Fetched:
    """A stretch of the chain: `blocks` ascending, the last one its end; `logs` in chain order."""

    blocks: list[Header]
    logs: list[LogEntry] = field(default_factory=list)

    @property
    def end(self) -> Header:
        return self.blocks[-1]


@dataclass
class Look:
    """What the node knows now: its head, the block at our position, and the height of its tag if one is configured."""

    head: Header
    at_position: Header | None
    finalized: int | None
    at: float = field(default_factory=time.monotonic)

    def settled(self, checked: int, confirmations: int) -> int:
        """The height up to which blocks are deep enough, `checked` being the highest known: never beyond that one."""
        return checked - confirmations if self.finalized is None else min(self.finalized, checked)


def differs(stored_hash: str, header: Header | None) -> bool:
    """A different hash at the same height or as parent is a reorg; a missing block is only a lagging node."""
    return bool(stored_hash) and header is not None and header.hash != stored_hash


def look(client: Client, position: int) -> Look:
    """One request: chain id, head, and the block at `position`."""
    calls: list[Call] = [("eth_getBlockByNumber", ["latest", False])]
    calls.append(("eth_getBlockByNumber", [hex(max(position, 0)), False]))
    if client.network.tag:
        calls.append(("eth_getBlockByNumber", [client.network.tag, False]))
    head, at_position, *tag = ask(client, calls)
    found = read(head, Header | None)
    if found is None:
        raise NodeMoved("The node has no newest block.")
    client.saw_head(found.height)
    return Look(
        head=found,
        at_position=read(at_position, Header | None) if position >= 0 else None,
        finalized=_tagged(client, tag[0]) if tag else None,
    )


def _tagged(client: Client, answer: msgspec.Raw | NodeRefused) -> int | None:
    """The height of the tag: -1 where nothing is final, None where confirmations count instead."""
    client.node.health.lacks_tag = isinstance(answer, NodeRefused)
    if isinstance(answer, NodeRefused):
        return None if client.network.counts_without_tag else -1
    header = read(answer, Header | None)
    return header.height if header else -1


def ask(client: Client, calls: Sequence[Call], *, longest: int = LONGEST) -> list[msgspec.Raw | NodeRefused]:
    """One request's answers; raises WrongChain when the backend that gave them serves another chain.

    Each request asks for the chain id: behind one address stand many backends, and one of them may be misled.
    """
    chain_id, *answers = client.node.batch([("eth_chainId", []), *calls], longest=longest)
    client.serves(number(chain_id))
    return answers


def headers(client: Client, heights: Sequence[int]) -> list[Header | None]:
    """The headers at these heights; None where the node has none."""
    calls: list[Call] = [("eth_getBlockByNumber", [hex(height), False]) for height in heights]
    found: list[Header | None] = []
    while len(found) < len(calls):
        answers = ask(client, calls[len(found) : len(found) + client.node.at_once])
        found += [read(answer, Header | None) for answer in answers]
    if any(header and header.height != height for header, height in zip(found, heights, strict=True)):
        raise NodeMoved("The node answered with a block of another height.")
    return found


def fetch_range(client: Client, wanted: Sequence[Wanted], start: int, end: int, *, parent: str = "") -> Fetched:
    """Logs of [start, end], with the headers of the blocks that hold them and of the end.

    The end's header comes in the same batch, for a node that lags answers a range it does not have with no logs and no
    error; so does that of the block before, which is `parent` where we have one. The headers are asked by height: one
    that is not the log's block means that the branch changed meanwhile. Of a short range all headers are read, so that
    their bloom filters speak against hidden logs. Raises NodeRefused where it is too much to ask.
    """
    edges: list[Call] = [("eth_getBlockByNumber", [hex(height), False]) for height in (end, max(start - 1, 0))]
    logs = questions(wanted, fromBlock=hex(start), toBlock=hex(end))
    answers = ask(client, [*edges, *logs], longest=LONGEST_RANGE if end > start else LONGEST)
    last, before = (read(answer, Header | None) for answer in answers[:2])
    if last is None or last.height != end:
        raise NodeMoved(f"The node does not have block {end} yet.")
    if parent and (before is None or before.hash != parent):
        raise NodeMoved(f"Block {start} does not follow what we have.")
    found = [log for answer in answers[2:] for log in read(answer, list[LogEntry])]
    del answers
    return _with_headers(client, wanted, sane(found, wanted, start, end), start, last)


def _with_headers(client: Client, wanted: Sequence[Wanted], logs: list[LogEntry], start: int, last: Header) -> Fetched:
    named = {(log.block_number, log.block_hash) for log in logs}
    holding = {int(height, 16) for height, _ in named}
    inner = range(start, last.height) if last.height - start < CHECKED else sorted(holding - {last.height})
    blocks = {header.height: header for header in [*headers(client, inner), last] if header}
    for height, block_hash in named:
        header = blocks.get(int(height, 16))
        if header is None or header.hash != block_hash:
            raise NodeMoved(f"Block {int(height, 16)} changed while it was read.")
    for empty in blocks.keys() - holding:
        _really_empty(client, wanted, blocks[empty])
    return Fetched([blocks[height] for height in sorted(holding | {last.height})], logs)


def fetch_window(client: Client, wanted: Sequence[Wanted], parent: str, start: int, head: Header) -> Fetched:
    """All blocks from `start` to `head`, linked by parent hash to `parent` and to each other, logs asked by block hash.

    A single block is the head itself, which a look has just seen. Short when the node does not have them all; raises
    NodeMoved when it has none or they do not link.
    """
    heights = range(start, min(head.height, start + WINDOW_STEP - 1) + 1)
    found = [head] if heights == range(head.height, head.height + 1) else headers(client, heights)
    blocks: list[Header] = []
    for header in found:
        if header is None:
            break
        if parent and header.parent_hash != parent:
            raise NodeMoved(f"Block {header.height} does not follow the one before.")
        blocks.append(header)
        parent = header.hash
    if not blocks:
        raise NodeMoved(f"The node does not have block {start}.")
    return Fetched(blocks, logs_by_hash(client, wanted, blocks))


def logs_by_hash(client: Client, wanted: Sequence[Wanted], blocks: Sequence[Header]) -> list[LogEntry]:
    """The logs of each block, asked by its hash; raises NodeMoved where the node has it not, or hides some."""
    if not wanted:
        return []
    per_block = len(questions(wanted))
    calls = [call for header in blocks for call in questions(wanted, blockHash=header.hash)]
    try:
        parts = client.node.all(calls, list[LogEntry])
    except NodeRefused as error:  # "unknown block": orphaned meanwhile, or a backend that lags
        raise NodeMoved(error.message) from error
    answers = [
        [log for part in parts[start : start + per_block] for log in part] for start in range(0, len(parts), per_block)
    ]
    logs: list[LogEntry] = []
    for header, answer in zip(blocks, answers, strict=True):
        if any(log.block_hash != header.hash for log in answer):
            raise NodeMoved(f"The node gave logs of another block than {header.height}.")
        if not answer:
            _really_empty(client, wanted, header)
        logs += sane(answer, wanted, header.height, header.height)
    return logs


def _really_empty(client: Client, wanted: Sequence[Wanted], header: Header) -> None:
    """Where the bloom filter speaks against a node that found no logs, ask it another way; raises NodeMoved."""
    if not any(may_hold(header, each) for each in wanted):
        return
    try:
        receipts = read(client.node.batch([("eth_getBlockReceipts", [header.hash])])[0], list[Receipt] | None)
    except NodeRefused:
        return  # a node without this method; the bloom filter alone proves nothing
    if receipts is None or any(all_wanted([log], wanted) for receipt in receipts for log in receipt.logs):
        raise NodeMoved(f"The node hides logs of block {header.height}.")


def sane(logs: list[LogEntry], wanted: Sequence[Wanted], start: int, end: int) -> list[LogEntry]:
    """In chain order, each once; raises NodeMoved for a log that was not asked for, or that is no log.

    Looks at whole columns, for this is passed by every log there is.
    """
    heights = {text: int(text, 16) for text in {log.block_number for log in logs}}
    inside = all(start <= height <= end for height in heights.values())
    if not inside or any(log.removed for log in logs) or not all_wanted(logs, wanted):
        raise NodeMoved("The node gave a log that was not asked for.")
    if not _is_hex(logs):
        raise NodeMoved("The node gave a log that is not hexadecimal.")
    places = [(heights[log.block_number], int(log.log_index, 16)) for log in logs]
    if all(before < after for before, after in pairwise(places)):
        return logs
    once: dict[tuple[int, int], LogEntry] = {}
    for place, log in zip(places, logs, strict=True):
        if once.setdefault(place, log) != log:
            raise NodeMoved("The node gave two different logs for one place.")
    return [once[place] for place in sorted(once)]


def _is_hex(logs: Sequence[LogEntry]) -> bool:
    """Whether topics, data and hashes are 0x-hex and no more: they are written as they came."""
    return all(_all_hex(logs[start : start + HEX_AT_ONCE]) for start in range(0, len(logs), HEX_AT_ONCE))


def _all_hex(logs: Sequence[LogEntry]) -> bool:
    words = [word for log in logs for word in log.topics]
    words += [log.transaction_hash for log in logs]
    data = [log.data for log in logs]
    if set(map(len, words)) - {HASH_LENGTH} or any(length % 2 for length in set(map(len, data))):
        return False
    words += data
    return "".join(words).encode().translate(None, DIGITS) == b"x" * len(words)
