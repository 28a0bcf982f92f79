"""`bin/up --check`: is the market that runs here well?"""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from settings.local import market, node, rpc, valkey
from settings.local.rundir import RunDir

FRESH = 10.0


def check(run: RunDir) -> int:
    """Probe every part of the running market, a line each; 1 if one is ill or nothing runs."""
    state = run.read("up.json")
    if run.lock() or not state:
        market.say("Nothing runs here: start it with bin/up.")
        return 1
    ill = 0
    for name, probe in _probes(run, state):
        began = time.monotonic()
        try:
            problem = probe()
        except Exception as error:  # whatever a dead server raises is the answer here
            problem = f"{type(error).__name__}: {error}"
        ill += bool(problem)
        market.say(
            f"  {'ill' if problem else 'ok ':<3}  {name:<22} {problem or f'{1000 * (time.monotonic() - began):.0f} ms'}"
        )
    market.say(f"{ill} ill" if ill else f"Guildhall is well at {state['env']['BASE_URL']}.")
    return 1 if ill else 0


def _probes(run: RunDir, state: dict[str, Any]) -> list[tuple[str, Callable[[], str]]]:
    env = state["env"]
    probes: list[tuple[str, Callable[[], str]]] = [
        (f"process {name}", partial(_alive, pid)) for name, pid in sorted(state["pids"].items())
    ]
    for who, url in (("web", env["BASE_URL"]), ("live", env["LIVE_URL"])):
        for page in ("healthz", "readyz"):
            probes.append((f"{who} /{page}", partial(_page, f"{url}/{page}")))
    return [
        *probes,
        ("demo tools", lambda: _page(f"{env['DEMO_TOOLS_URL']}/healthz")),
        ("valkey", lambda: "" if valkey.ask(env["REDIS_URL"], "PING") == "+PONG" else "no answer to PING"),
        ("chain", lambda: "" if node.answers(env["CHAIN_RPC_URL"]) else "another chain answers"),
        ("chain makes blocks", lambda: _moves(env["CHAIN_RPC_URL"])),
        ("worker", lambda: _worker(env["REDIS_URL"])),
        ("clock", lambda: _ticks(run.path / "beat" / "tick")),
    ]


def _alive(pid: int) -> str:
    """A process that was replaced just now is in the next reading of the state file."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "is gone"
    return ""


def _page(url: str) -> str:
    try:
        return "" if market.answers(url, timeout=5) else f"{url} does not answer well"
    except HTTPError as refusal:  # /readyz says which part is ill
        return f"{refusal.code}: {refusal.read(300).decode(errors='replace')}"


def _moves(url: str) -> str:
    before = int(rpc.call(url, "eth_blockNumber"), 16)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if int(rpc.call(url, "eth_blockNumber"), 16) > before:
            return ""
        time.sleep(0.1)
    return f"no block after {before} in 5 s"


def _worker(url: str) -> str:
    from celery import Celery

    app = Celery(broker=url)
    return "" if app.control.ping(timeout=3, limit=1) else "no answer to a ping"


def _ticks(tick: Path) -> str:
    age = time.time() - tick.stat().st_mtime
    return "" if age < FRESH else f"last tick {age:.0f} s ago"
