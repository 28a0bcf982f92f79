"""At the head: from a block with 20 logs to its committed rows, and how far behind the copy is at 50 logs a second."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

from benchmarks import Result
from benchmarks._emitter import Emitter
from settings.local import services

LOGS, TICKS = 20, 200
RATE, SECONDS = 50, 30


def run() -> Iterator[Result]:
    """With a node that mines at once, and a database that waits for its disk."""
    with services.running(careless=False) as servers:
        os.environ |= servers | {"DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], check=True)
        import django

        django.setup()
        from chain.registry import register

        node = Emitter(servers["CHAIN_RPC_URL"])
        register(chain="eip155:31337", name="Emitter", address=node.address, deployed_block=node.deployed)
        ticks = _ticks(node)
        yield Result("chain-head.tick-p50", _at(ticks, 50), "ms, 20 logs from block to committed rows", 15)
        yield Result("chain-head.tick-p95", _at(ticks, 95), "ms, 20 logs from block to committed rows", 50)
        lags = _lags(node)
        yield Result(
            "chain-head.lag-p50", _at(lags, 50), "ms from block to rows at 50 logs/s, one look a second", 1_500
        )
        yield Result(
            "chain-head.lag-p95", _at(lags, 95), "ms from block to rows at 50 logs/s, one look a second", 2_500
        )


def _at(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) * percent // 100] * 1000


def _mined(node: Emitter) -> int:
    """The height of a new block with the logs, as soon as the node has it."""
    sent = node.rpc("eth_sendTransaction", node.call(LOGS))
    while not (receipt := node.rpc("eth_getTransactionReceipt", sent)):
        time.sleep(0.001)
    return int(receipt["blockNumber"], 16)


def _ticks(node: Emitter) -> list[float]:
    from chain import watcher
    from chain.models import Log

    watcher.watch()
    times = []
    for _ in range(TICKS):
        height = _mined(node)
        began = time.perf_counter()
        watcher.step("eip155:31337")
        times.append(time.perf_counter() - began)
        if Log.objects.filter(number=height).count() != LOGS:
            raise RuntimeError(f"Block {height} was not copied in one step.")
    return times[TICKS // 10 :]


def _lags(node: Emitter) -> list[float]:
    """Blocks come by themselves; the watcher is called once a second, as the clock does it."""
    from chain import watcher
    from chain.models import CopyPosition

    mined: dict[int, float] = {}
    until = time.monotonic() + SECONDS

    def emit() -> None:
        while time.monotonic() < until:
            due = time.monotonic() + LOGS / RATE
            mined[_mined(node)] = time.monotonic()
            time.sleep(max(due - time.monotonic(), 0))

    emitting = threading.Thread(target=emit)
    emitting.start()
    lags: list[float] = []
    known = CopyPosition.objects.get().copied_number
    while emitting.is_alive():
        due = time.monotonic() + 1
        watcher.watch()
        now, copied = time.monotonic(), CopyPosition.objects.get().copied_number
        lags += [now - mined[height] for height in range(known + 1, copied + 1) if height in mined]
        known = copied
        time.sleep(max(due - time.monotonic(), 0))
    emitting.join()
    return lags
