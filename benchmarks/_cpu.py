"""CPU time of process trees, which repeats where requests per second on shared cores do not."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def seconds(roots: list[int]) -> float:
    """User and system seconds that the trees of `roots` have used so far."""
    total = 0
    for root in roots:
        for pid in tree(root):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += sum(int(field) for field in fields[11:15])
    return total * TICK


@dataclass(frozen=True)
class Measured:
    """One page: CPU milliseconds a request (the least of the rounds), requests a second, latencies in ms."""

    cpu: float
    rps: float
    p50: float
    p99: float


def measure(fetch: Callable[[], None], roots: list[int], *, rounds: int = 5, requests: int = 200) -> Measured:
    """Call `fetch` in rounds and charge what the server trees used meanwhile."""
    for _ in range(requests // 2):
        fetch()
    best, speeds, times = float("inf"), [], []
    for _ in range(rounds):
        before, began = seconds(roots), time.perf_counter()
        for _ in range(requests):
            start = time.perf_counter()
            fetch()
            times.append((time.perf_counter() - start) * 1000)
        speeds.append(requests / (time.perf_counter() - began))
        best = min(best, (seconds(roots) - before) * 1000 / requests)
    times.sort()
    return Measured(best, max(speeds), times[len(times) // 2], times[len(times) * 99 // 100])
