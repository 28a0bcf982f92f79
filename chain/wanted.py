"""Which logs are asked for, and whether a node gave those."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from eth_utils.crypto import keccak

from chain.rpc import Call, Header, LogEntry

ADDRESSES = 100  # in one question: providers limit them, and a batch has room for several


class Wanted(NamedTuple):
    """The logs of one contract: all of them, or those whose first topic, the kind of event, is one of `topics`."""

    address: str
    topics: tuple[str, ...] = ()


def questions(wanted: Iterable[Wanted], **of: str) -> list[Call]:
    """The `eth_getLogs` calls that together ask for all that is wanted; contracts of the same topics share one."""
    kinds = groupby(sorted(wanted, key=attrgetter("topics", "address")), attrgetter("topics"))
    groups = [(topics, [each.address for each in group]) for topics, group in kinds]
    return [
        ("eth_getLogs", [{**of, "address": addresses[start : start + ADDRESSES], **_kinds(topics)}])
        for topics, addresses in groups
        for start in range(0, len(addresses), ADDRESSES)
    ]


def _kinds(topics: tuple[str, ...]) -> dict[str, list[list[str]]]:
    return {"topics": [list(topics)]} if topics else {}


def all_wanted(logs: Sequence[LogEntry], wanted: Sequence[Wanted]) -> bool:
    """Whether each log was asked for. Looks at whole columns, for this is passed by every log there is."""
    known = {each.address.lower(): each.topics for each in wanted}
    if {log.address.lower() for log in logs} - known.keys():
        return False
    if not any(known.values()):
        return True
    found = {(log.address.lower(), *log.topics[:1]) for log in logs}
    return all(not known[address] or set(kind) & set(known[address]) for address, *kind in found)


def may_hold(header: Header, wanted: Wanted) -> bool:
    """Whether the header's bloom filter admits such logs: no is certain, yes is not."""
    bloom = int(header.logs_bloom or "0x0", 16)
    return _admits(bloom, wanted.address) and (
        not wanted.topics or any(_admits(bloom, topic) for topic in wanted.topics)
    )


def _admits(bloom: int, text: str) -> bool:
    """The yellow paper's filter: three bits of 2,048, named by the first three pairs of bytes of the hash."""
    digest = keccak(bytes.fromhex(text.removeprefix("0x")))
    return all(bloom >> (int.from_bytes(digest[place : place + 2]) & 2047) & 1 for place in (0, 2, 4))
