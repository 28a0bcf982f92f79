"""Read blocks and logs from a node, without believing it: every answer is checked against a header."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from eth_utils.crypto import keccak

from chain.client import Client
from chain.rpc import BATCH, Call, Header, LogEntry, NodeRefused, Receipt, number, read

WINDOW_STEP = 64
CHECKED = 200


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


def ask(client: Client, calls: Sequence[Call]) -> list[msgspec.Raw | NodeRefused]:
    """One request's answers; raises WrongChain when the backend that gave them serves another chain.

    Each request asks for the chain id: behind one address stand many backends, and one of them may be misled.
    """
    chain_id, *answers = client.node.batch([("eth_chainId", []), *calls])
    client.serves(number(chain_id))
    return answers


def headers(client: Client, heights: Sequence[int]) -> list[Header | None]:
    """The headers at these heights; None where the node has none."""
    calls: list[Call] = [("eth_getBlockByNumber", [hex(height), False]) for height in heights]
    answers = [answer for start in range(0, len(calls), BATCH) for answer in ask(client, calls[start : start + BATCH])]
    found: list[Header | None] = [read(answer, Header | None) for answer in answers]
    if any(header and header.height != height for header, height in zip(found, heights, strict=True)):
        raise NodeMoved("The node answered with a block of another height.")
    return found


def fetch_range(client: Client, addresses: Sequence[str], start: int, end: int) -> Fetched:
    """Logs of [start, end], with the headers of the blocks that hold them and of the end.

    The end's header comes in the same batch, for a node that lags answers a range it does not have with no logs and no
    error. The headers are asked by height: one that is not the log's block means that the branch changed meanwhile.
    Of a short range all headers are read, for their bloom filters to speak against hidden logs. A long one would cost a
    request for every hundred blocks, most of them empty.
    """
    question = {"fromBlock": hex(start), "toBlock": hex(end), "address": list(addresses)}
    calls: list[Call] = [("eth_getBlockByNumber", [hex(end), False])]
    if addresses:
        calls.append(("eth_getLogs", [question]))
    last, *answers = ask(client, calls)
    end_header = read(last, Header | None)
    if end_header is None or end_header.height != end:
        raise NodeMoved(f"The node does not have block {end} yet.")
    logs = _sane(read(answers[0], list[LogEntry]), addresses, start, end) if answers else []
    holding = {log.height for log in logs}
    inner = range(start, end) if end - start < CHECKED else sorted(holding - {end})
    blocks = {header.height: header for header in [*headers(client, inner), end_header] if header}
    for log in logs:
        header = blocks.get(log.height)
        if header is None or header.hash != log.block_hash:
            raise NodeMoved(f"Block {log.height} changed while it was read.")
    for height in blocks.keys() - holding:
        _really_empty(client, addresses, blocks[height])
    return Fetched([blocks[height] for height in sorted(holding | {end})], logs)


def fetch_window(client: Client, addresses: Sequence[str], parent: str, start: int, end: int) -> Fetched:
    """All blocks of [start, end], linked by parent hash to `parent` and to each other, logs asked by block hash.

    Short when the node does not have them all; raises NodeMoved when it has none or they do not link.
    """
    found = headers(client, range(start, min(end, start + WINDOW_STEP - 1) + 1))
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
    return Fetched(blocks, logs_by_hash(client, addresses, blocks))


def logs_by_hash(client: Client, addresses: Sequence[str], blocks: Sequence[Header]) -> list[LogEntry]:
    if not addresses:
        return []
    calls = [("eth_getLogs", [{"blockHash": header.hash, "address": list(addresses)}]) for header in blocks]
    try:
        answers = client.node.all(calls, list[LogEntry])
    except NodeRefused as error:  # "unknown block": orphaned meanwhile, or a backend that lags
        raise NodeMoved(error.message) from error
    logs: list[LogEntry] = []
    for header, answer in zip(blocks, answers, strict=True):
        if any(log.block_hash != header.hash for log in answer):
            raise NodeMoved(f"The node gave logs of another block than {header.height}.")
        if not answer:
            _really_empty(client, addresses, header)
        logs += _sane(answer, addresses, header.height, header.height)
    return logs


def may_hold(header: Header, address: str) -> bool:
    """Whether the header's bloom filter admits logs of the address: no is certain, yes is not."""
    digest = keccak(bytes.fromhex(address.removeprefix("0x")))
    bloom = int(header.logs_bloom or "0x0", 16)
    return all(bloom >> (int.from_bytes(digest[place : place + 2]) & 2047) & 1 for place in (0, 2, 4))


def _really_empty(client: Client, addresses: Sequence[str], header: Header) -> None:
    """Where the bloom filter speaks against a node that found no logs, ask it another way; raises NodeMoved."""
    if not any(may_hold(header, address) for address in addresses):
        return
    known = {address.lower() for address in addresses}
    try:
        receipts = read(client.node.batch([("eth_getBlockReceipts", [header.hash])])[0], list[Receipt] | None)
    except NodeRefused:
        return  # a node without this method; the bloom filter alone proves nothing
    if receipts is None or any(log.address.lower() in known for receipt in receipts for log in receipt.logs):
        raise NodeMoved(f"The node hides logs of block {header.height}.")


def _sane(logs: list[LogEntry], addresses: Sequence[str], start: int, end: int) -> list[LogEntry]:
    """In chain order, each once; raises NodeMoved for a log that was not asked for."""
    known = {address.lower() for address in addresses}
    once: dict[tuple[str, int], LogEntry] = {}
    for log in logs:
        if log.removed or not start <= log.height <= end or log.address.lower() not in known:
            raise NodeMoved("The node gave a log that was not asked for.")
        if once.setdefault((log.block_hash, log.index), log) != log:
            raise NodeMoved("The node gave two different logs for one place.")
    return sorted(once.values(), key=lambda log: (log.height, log.index))
