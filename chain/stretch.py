"""What is fetched next, and from where. Asks the node and never the database, so that it may run beside a write."""

import ctypes
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import structlog

from chain import reader
from chain.client import Client
from chain.reader import Fetched, Look, NodeMoved
from chain.rpc import AnswerTooLong, NodeRefused, NodeUnreachable
from chain.storage import Rows, rows
from chain.wanted import Wanted

log = structlog.get_logger(__name__)
AIM = 1_300_000  # bytes of an answer: 2,000 logs of the usual kind
LOG_BYTES = 570  # of a log in JSON, without its data
MAX_SPAN = 50_000
FAR_TOO_LONG = 8  # by how much less to ask for when we have stopped reading: the node has worked for nothing
FRESH_SECONDS = 5.0
M_ARENA_MAX = -8  # malloc.h


@dataclass(frozen=True)
class Place:
    """Where the copy stands: what was fetched from here is stored only while all of this is still so.

    `first` is the earliest height that a contract needs; None without contracts.
    """

    chain: str
    number: int
    hash: str
    wanted: tuple[Wanted, ...]
    first: int | None

    def start(self, view: Look, confirmations: int) -> int:
        """The first height not copied; of a chain never copied, the earliest that a contract needs, else the window."""
        if self.number >= 0:
            return self.number + 1
        return max(view.head.height - confirmations, 0) if self.first is None else self.first


@dataclass(frozen=True)
class Stretch:
    """A stretch that was fetched from `place`; final up to `settled`. `span` is how many blocks to ask for next.

    `rows` are the logs as they will be written.
    """

    place: Place
    view: Look
    fetched: Fetched
    settled: int
    span: int
    rows: Rows

    @property
    def after(self) -> Place:
        """The place once this is stored."""
        return replace(self.place, number=self.fetched.end.height, hash=self.fetched.end.hash)


def fetch(node: Client, place: Place, view: Look, span: int) -> Stretch:
    """The stretch that begins at `place`; raises NodeMoved when the node's answers do not fit together."""
    start = place.start(view, node.network.confirmations)
    deep = view.head.height - node.network.confirmations
    if start > deep:
        fetched = reader.fetch_window(node, place.wanted, place.hash, start, view.head)
    else:
        fetched, span = _fetch_range(node, place, start, deep, span)
    settled = view.settled(fetched.end.height, node.network.confirmations)
    return Stretch(place, view, fetched, settled, span, rows(node.chain, fetched.logs))


def _fetch_range(node: Client, place: Place, start: int, deep: int, span: int) -> tuple[Fetched, int]:
    """As many blocks as the node will give, and the span to try next; raises NodeRefused when it refuses even one."""
    refused = False
    while True:
        try:
            end = min(start + span - 1, deep)
            fetched = reader.fetch_range(node, place.wanted, start, end, parent=place.hash)
            break
        except NodeRefused as error:  # too many logs or blocks for this node; each says it in its own words
            if span == 1:
                raise
            log.info("chain.range_refused", chain=node.chain, span=span, why=error.message)
            part = FAR_TOO_LONG if isinstance(error, AnswerTooLong) else 2
            span, refused = max(min(span, deep - start + 1) // part, 1), True
    size = sum(LOG_BYTES + len(entry.data) for entry in fetched.logs)
    wanted = span * AIM // max(size, 1)
    return fetched, max(1, min(wanted, span if refused else span * 4, MAX_SPAN))


@cache
def _share_one_arena() -> None:
    """glibc gives each thread a heap that stays as large as its largest moment; other libraries have no such call."""
    if hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, 1)


class Ahead:
    """Fetches the next stretch in a thread while this one is written. Only a guess: it counts where we then stand."""

    def __init__(self) -> None:
        _share_one_arena()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="chain-ahead")
        self._coming: Future[Stretch] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, node: Client, done: Stretch) -> None:
        """Fetch what follows `done`, unless that is all, or what we know of the node's head is old."""
        if done.after.number < done.view.head.height and time.monotonic() - done.view.at < FRESH_SECONDS:
            self._coming = self._pool.submit(fetch, node, done.after, done.view, done.span)

    def take(self, place: Place) -> Stretch | None:
        """The stretch from `place`, if that is what was fetched and it went well."""
        coming, self._coming = self._coming, None
        try:
            found = coming.result() if coming else None
        except (NodeMoved, NodeRefused, NodeUnreachable) as problem:
            log.info("chain.ahead", chain=place.chain, problem=str(problem))
            return None
        return found if found and found.place == place else None
