"""Look at real processes: a process is its number and the moment it started, for numbers come back."""

import os
import time
from pathlib import Path

Process = tuple[int, str]


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def below(root: int) -> set[Process]:
    """Everything that descends from this process."""
    stats = {int(folder.name): _stat(int(folder.name)) for folder in Path("/proc").glob("[0-9]*")}
    found: set[Process] = set()
    ancestors = {root}
    grew = True
    while grew:
        more = {pid for pid, stat in stats.items() if stat and int(stat[1]) in ancestors and pid not in ancestors}
        ancestors |= more
        found |= {(pid, stats[pid][19]) for pid in more}
        grew = bool(more)
    return found


def alive(processes: set[Process]) -> set[Process]:
    """Those that still run; a zombie does not."""
    return {(pid, began) for pid, began in processes if (stat := _stat(pid)) and stat[19] == began and stat[0] != "Z"}


def left_after(processes: set[Process], seconds: float) -> set[Process]:
    """What is still there when all are gone or the time is over."""
    until = time.monotonic() + seconds
    while alive(processes) and time.monotonic() < until:
        time.sleep(0.05)
    return alive(processes)


def kill(processes: set[Process]) -> None:
    """End what a test left on purpose."""
    for pid, _ in alive(processes):
        os.kill(pid, 9)
