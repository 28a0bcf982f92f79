"""A new head is copied at once where a WebSocket tells it; a lost line costs speed and nothing else."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chain import wake
from tests.chain.local_chain import LocalChain
from tests.chain.other_chain import free_port, other_chain


@contextmanager
def following(url: str) -> Iterator[list[float]]:
    woken: list[float] = []
    stop = threading.Event()
    line = url.replace("http", "ws", 1)
    thread = threading.Thread(target=wake.follow, args=(line, lambda: woken.append(time.monotonic()), stop))
    thread.start()
    try:
        yield woken
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def within(seconds: float, happened: Callable[[], bool], act: Callable[[], None] = lambda: None) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        act()
        if happened():
            return True
        time.sleep(0.05)
    return False


def test_a_new_head_wakes_the_watcher_before_its_next_second(node: LocalChain) -> None:
    with following(node.url) as woken:
        assert within(5, lambda: bool(woken), node.mine)
        time.sleep(wake.APART * 2)
        woken.clear()
        before = time.monotonic()
        node.mine()
        assert within(1, lambda: bool(woken)) and woken[0] - before < 0.5


def test_a_storm_of_heads_wakes_it_a_few_times_a_second(node: LocalChain) -> None:
    with following(node.url) as woken:
        assert within(5, lambda: bool(woken), node.mine)
        woken.clear()
        before = time.monotonic()
        for _ in range(60):
            node.mine()
        assert len(woken) <= (time.monotonic() - before) / wake.APART + 2


def test_a_lost_line_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "LONGEST_PAUSE", 0.5)
    port = free_port()
    with following(f"http://127.0.0.1:{port}") as woken:
        for _ in range(2):
            with other_chain(port=port) as chain:
                assert within(10, lambda: bool(woken), chain.mine)
            woken.clear()
