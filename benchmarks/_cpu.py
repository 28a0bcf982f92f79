"""CPU time of process trees, which repeats where requests per second on shared cores do not."""

import os
import time
from collections.abc import Callable, Mapping
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
    p95: float
    p99: float


@dataclass(frozen=True)
class Page:
    """What is fetched, and the process trees that are charged for it."""

    fetch: Callable[[], None]
    roots: list[int]
    requests: int = 200


def measure(pages: Mapping[str, Page], *, rounds: int = 5) -> dict[str, Measured]:
    """Fetch the pages in turns, so that what else the machine does meets all alike."""
    for page in pages.values():
        for _ in range(page.requests // 2):
            page.fetch()
    found: dict[str, list[tuple[float, float, list[float]]]] = {name: [] for name in pages}
    for _ in range(rounds):
        for name, page in pages.items():
            found[name].append(_round(page))
    return {name: _best(of_one) for name, of_one in found.items()}


def _round(page: Page) -> tuple[float, float, list[float]]:
    """CPU milliseconds a request, requests a second, and each latency in ms."""
    times = []
    before, began = seconds(page.roots), time.perf_counter()
    for _ in range(page.requests):
        start = time.perf_counter()
        page.fetch()
        times.append((time.perf_counter() - start) * 1000)
    speed = page.requests / (time.perf_counter() - began)
    return (seconds(page.roots) - before) * 1000 / page.requests, speed, times


def _best(rounds: list[tuple[float, float, list[float]]]) -> Measured:
    times = sorted(each for _, _, of_one in rounds for each in of_one)
    least, fastest = min(cpu for cpu, _, _ in rounds), max(speed for _, speed, _ in rounds)
    return Measured(
        least, fastest, times[len(times) // 2], times[len(times) * 95 // 100], times[len(times) * 99 // 100]
    )
