"""A new head wakes the watcher before its clock does. Losing the line costs speed, and nothing else.

What a head says is not even read: the watcher asks for itself, as ever.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator

import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from chain import nodes

log = structlog.get_logger(__name__)
SUBSCRIBE = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
CONNECT_SECONDS, SILENT_SECONDS, LONGEST_PAUSE, APART = 3.0, 120.0, 60.0, 0.2
MAX_BYTES = 1024 * 1024


class NoHeads(Exception):
    """The provider does not tell heads."""


def follow(url: str, wake: Callable[[], None], stop: threading.Event) -> None:
    """Call `wake` at each new head until `stop`, at most five times a second; connects again whenever it must."""
    pause = 1.0
    while not stop.is_set():
        try:
            for _ in _listen(url, wake, stop):
                pause = 1.0
        except (OSError, TimeoutError, WebSocketException, NoHeads, ValueError) as problem:
            log.warning("chain.wake_lost", node=nodes.name(url), problem=str(problem) or type(problem).__name__)
        stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  (spreads load)
        pause = min(pause * 2, LONGEST_PAUSE)


def _listen(url: str, wake: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """One connection; yields once a head."""
    with connect(url, open_timeout=CONNECT_SECONDS, close_timeout=1, max_size=MAX_BYTES, proxy=None) as line:
        line.send(SUBSCRIBE)
        answer = json.loads(line.recv(timeout=CONNECT_SECONDS))
        if "error" in answer:
            raise NoHeads(answer["error"].get("message", "no reason given"))
        log.info("chain.wake_listens", node=nodes.name(url))
        woken, heard = 0.0, time.monotonic()
        while not stop.is_set():
            try:
                line.recv(timeout=1.0)
            except TimeoutError:
                if time.monotonic() - heard > SILENT_SECONDS:
                    raise
                continue
            heard = time.monotonic()
            if heard - woken > APART:
                wake()
                woken = heard
            yield
