"""A database, broker or node that is killed under load comes back by itself, and nothing that was done is lost.

The market is that of bin/up. Two people write through pages and the market pays, while its servers die in turn by
SIGKILL. Each has run for half a minute before it is killed again, as the supervisor waits longer for what dies at once.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.local.test_market import ROOT, environment, start

pytestmark = pytest.mark.slow

SERVERS = ("postgres", "valkey", "anvil")
BETWEEN = 10.5
LIMIT = 10.0
PORTS = 8_900


@dataclass
class Load:
    """What a load process said: (time, what, name), in order."""

    process: "subprocess.Popen[str]"
    said: Path

    def lines(self) -> list[dict[str, Any]]:
        whole = self.said.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def back_after(self, killed: float) -> float | None:
        """Seconds until a page said again that something was written and a payment left after the kill was made."""
        written, made, left = None, None, set()
        for line in self.lines():
            if line["at"] < killed:
                continue
            if line["what"] == "page":
                written = written or line["at"]
            elif line["what"] == "left":
                left.add(line["name"])
            elif line["what"] == "paid" and line["name"] in left:
                made = made or line["at"]
        return max(written, made) - killed if written and made else None

    def end(self) -> dict[str, Any]:
        """Stop the load; what it found in the end."""
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(150) == 0, self.said.read_text()[-2000:]
        found: dict[str, Any] = json.loads(self.lines()[-1]["name"])
        return found


@contextlib.contextmanager
def under_load(folder: Path) -> Iterator[Load]:
    """A market and its load, at ports that no other test's market finds free."""
    folder.mkdir(mode=0o700)
    ports = {part: PORTS + place for place, part in enumerate(("anvil", "web", "live", "tools", "postgres", "valkey"))}
    (folder / "ports.json").write_text(json.dumps(ports))
    market = start(folder)
    try:
        env = environment() | json.loads((folder / "up.json").read_text())["env"]
        said = folder.parent / "load.log"
        with said.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.local.load"],
                cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=output, stderr=output, text=True,
            )  # fmt: skip
        load = Load(process, said)
        try:
            _until(lambda: any(line["what"] == "paid" for line in load.lines()), 60, said)
            yield load
        finally:
            process.kill()
            process.wait()
    finally:
        market.send_signal(signal.SIGINT)
        market.wait(60)


def _until(holds: Any, seconds: float, said: Path) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, said.read_text()[-2000:]
        time.sleep(0.2)


def kill_in_turns(folder: Path, load: Load, rounds: int, servers: tuple[str, ...] = SERVERS) -> list[tuple[str, float]]:
    """SIGKILL to each server in each round; which one, and how many seconds people and payments had to wait."""
    waited = []
    for server in servers * rounds:
        began = time.monotonic()
        os.kill(json.loads((folder / "up.json").read_text())["pids"][server], signal.SIGKILL)
        _until(lambda began=began: load.back_after(began) is not None, 60, load.said)
        waited.append((server, load.back_after(began) or 0.0))
        time.sleep(max(0.0, began + BETWEEN - time.monotonic()))
    return waited


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.timeout(1_200)
def test_servers_killed_under_load_come_back_and_nothing_that_was_done_is_lost(
    tmp_path: Path, rounds: int, record_property: Any
) -> None:
    folder = tmp_path / "run"
    with under_load(folder) as load:
        waited = kill_in_turns(folder, load, rounds)
        found = load.end()
    record_property("waited", waited)
    record_property("found", found)
    said = [f"{found['written']} writes and {found['left']} payments; lost: {found['lost']}"]
    for server in SERVERS:
        times = sorted(seconds for name, seconds in waited if name == server)
        said.append(f"{server}: {len(times)} kills, back after {times[len(times) // 2]:.1f} s, at most {times[-1]:.1f}")
    sys.stdout.write("\n".join(["", *said, ""]))
    assert found["lost"] == []
    assert found["paid"] == {"7": found["left"]}
    assert found["written"] > 20 * rounds
    if rounds > 1:  # a single round runs beside other tests, where a time says nothing
        assert [each for each in waited if each[1] > LIMIT] == []


@pytest.mark.long
@pytest.mark.timeout(600)
def test_control_a_database_that_answers_before_it_has_written_loses_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c synchronous_commit=off")
    folder = tmp_path / "run"
    with under_load(folder) as load:
        kill_in_turns(folder, load, 6, ("postgres",))
        found = load.end()
    assert found["lost"]
