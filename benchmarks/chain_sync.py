"""Copying a chain's past: 200,000 logs in 2,000 blocks, beside the ways there are; then memory, and a sparse one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks import Result, _ponder
from benchmarks._emitter import Emitter
from settings.local import services

BLOCKS, LOGS = 2_000, 100
SPARSE_BLOCKS, SPARSE_LOGS = 3_000, 2
SLICE = 200  # blocks for web3.py, which is far too slow for all
ROUNDS, TURNS = 5, 4
PONDER_LIMIT = 240.0
CONFIRMATIONS = 2


def run() -> Iterator[Result]:
    """All on one machine, one after the other. The limits are also read from a node that answers from memory."""
    with services.running(careless=False) as servers:
        env = {**os.environ, **servers, "DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], env=env, check=True)
        node = Emitter(env["CHAIN_RPC_URL"])
        first, last = _filled(node, BLOCKS, LOGS)
        yield from _cold(env, node, first, last)
        yield from _memory(env, node, first, last)
    with services.running(careless=False) as servers:
        env = {**os.environ, **servers, "DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], env=env, check=True)
        node = Emitter(env["CHAIN_RPC_URL"])
        sparse = _best(env, "ours", node, *_filled(node, SPARSE_BLOCKS, SPARSE_LOGS))
        yield Result("chain-sync.sparse", sparse["seconds"], "s for 3,000 blocks with 2 logs each", 0.5)
        yield Result("chain-sync.sparse-requests", sparse["requests"], "requests", 10)


def _filled(node: Emitter, blocks: int, logs: int) -> tuple[int, int]:
    """The first and the last of the blocks with logs; what follows makes all of them deep."""
    first = node.deployed + 1
    node.fill(blocks, logs)
    node.rpc("anvil_mine", hex(CONFIRMATIONS))
    return first, first + blocks - 1


def _cold(env: dict[str, str], node: Emitter, first: int, last: int) -> Iterator[Result]:
    with _replayed(env) as quick:
        for way, figures in _in_turns(("parse", "read", "copy", "ours"), quick, node, first, last).items():
            _rate(f"{way}, from memory", figures)
    best = _in_turns(("parse", "copy", "ours"), env, node, first, last)
    rates = {way: _rate(way, figures) for way, figures in best.items()}
    web3 = _rate("web3.py events + bulk_create", _best(env, "web3", node, first, first + SLICE - 1, rounds=1))
    ponder = _ponder.rate(env, node.address, first, last, limit=PONDER_LIMIT)
    _say("ponder", ponder)
    for name, beside, what, target in (
        ("to-ponder", ponder, "ponder", 10),
        ("to-web3", web3, "web3.py events + bulk_create", 20),
        ("of-parsing", rates["parse"], "fetch and parse", 0.25),
        ("of-copying", rates["copy"], "fetch, decode, COPY", 0.5),
    ):
        yield Result(f"chain-sync.{name}", rates["ours"] / beside, f"x {what}", target, at_most=False)


def _in_turns(ways: Sequence[str], env: dict[str, str], *place: Any) -> dict[str, dict[str, Any]]:
    """The best round of each way; they take turns, so that what else the machine does meets all of them alike."""
    rounds = [{way: _copied(env, way, *place)[-1] for way in ways} for _ in range(TURNS)]
    return {way: min((each[way] for each in rounds), key=lambda figures: figures["seconds"]) for way in ways}


def _memory(env: dict[str, str], node: Emitter, first: int, last: int) -> Iterator[Result]:
    """A quarter of the chain, all of it, and all of it five times over: a chain of a million logs, for the process."""
    quarter = _copied(env, "ours", node, first + (last - first) * 3 // 4, last)[-1]
    rounds = _copied(env, "ours", node, first, last, rounds=ROUNDS)
    _say("memory after 50,000, 200,000 and 1,000,000 logs", quarter["peak"], rounds[0]["peak"], rounds[-1]["peak"])
    if quarter["web3"] or rounds[-1]["web3"]:
        raise RuntimeError("The copying worker has loaded web3.")
    yield Result("chain-sync.memory", rounds[-1]["peak"], "MB after a million logs", 110)
    yield Result("chain-sync.growth", rounds[-1]["peak"] / rounds[0]["peak"], "x its memory after 200,000 logs", 1.1)


@contextmanager
def _replayed(env: dict[str, str]) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "benchmarks._replay", env["CHAIN_RPC_URL"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            yield env | {"CHAIN_RPC_URL": f"http://127.0.0.1:{port}"}
        finally:
            server.terminate()


def _copied(env: dict[str, str], way: str, *place: Any, rounds: int = 1) -> list[dict[str, Any]]:
    """Each round's figures; `place`: the emitter, the first and the last block."""
    node, first, last = place
    command = [sys.executable, "-m", "benchmarks._copying", way, node.address, str(first), str(last), str(rounds)]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _best(env: dict[str, str], way: str, *place: Any, rounds: int = 3) -> dict[str, Any]:
    return min(_copied(env, way, *place, rounds=rounds), key=lambda each: each["seconds"])


def _rate(name: str, figures: dict[str, Any]) -> float:
    found: float = figures["logs"] / figures["seconds"]
    _say(name, found)
    return found


def _say(name: str, *values: float) -> None:
    print(f"  {name}: {', '.join(f'{value:,.0f}' for value in values)}", file=sys.stderr, flush=True)
