"""Worker processes of the crash tests, forked from one that has loaded everything: starting one takes milliseconds.

The parent writes a line of jobs, `<work> <when>` with ` | ` between them. The process forks all of them at once and
answers with their exit codes. `when` is empty, a FAILPOINT, or `after:<ms>`: killed so long after its start.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Job = tuple[str, str]
ROOT = Path(__file__).parents[1]


class Workers:
    """The tests' side of a process that serves `module`'s works. `kills` counts what died where."""

    def __init__(self, module: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings.test", "FAILPOINT": "", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.kills: Counter[str] = Counter()
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def at_once(self, jobs: Sequence[Job]) -> list[int]:
        """Run them side by side; 0 of one that came through, -9 of a killed one. Anything else is a failure of ours."""
        assert self.process.stdin
        self.process.stdin.write(" | ".join(f"{work} {when}" for work, when in jobs) + "\n")
        self.process.stdin.flush()
        codes = [int(code) for code in self._line().split()]
        for (work, when), code in zip(jobs, codes, strict=True):
            assert code in (0, -signal.SIGKILL), f"{work} died of itself at {when or 'no failpoint'}"
            self.kills[when.partition(":")[0]] += code != 0
        return codes

    def run(self, work: str, when: str = "") -> int:
        """One worker's exit code."""
        return self.at_once([(work, when)])[0]

    @property
    def killed_so_far(self) -> int:
        return self.kills.total()

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


def somewhere(chance: random.Random, points: Sequence[str]) -> str:
    """Where or when a worker is to die: two times in three at a named place, else at any moment of its life."""
    if chance.random() < 0.67:
        return f"{chance.choice(points)}:kill:{chance.choice([1, 1, 1, 2])}"
    return f"after:{chance.randint(1, 80)}"


def _start(work: Callable[[], None], name: str, when: str) -> int:
    child = os.fork()
    if child:
        return child
    os.environ["FAILPOINT"] = "" if when.startswith("after:") else when
    try:
        work()
    except BaseException as problem:
        sys.stderr.write(f"{name} {when}: {problem!r}\n")
        os._exit(1)
    os._exit(0)


def _together(works: Mapping[str, Callable[[], None]], jobs: list[Job]) -> list[int]:
    began = time.monotonic()
    children = [_start(works[name], name, when) for name, when in jobs]
    doomed = [(int(when[6:]), child) for child, (_, when) in zip(children, jobs, strict=True) if when[:6] == "after:"]
    for milliseconds, child in sorted(doomed):
        time.sleep(max(began + milliseconds / 1000 - time.monotonic(), 0))
        os.kill(child, signal.SIGKILL)  # ours until we have waited for it, also when it has ended
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def serve(works: Mapping[str, Callable[[], None]]) -> None:
    """Answer lines of jobs until there are no more. Everything a work needs is to be loaded before."""
    _say("ready")
    for line in sys.stdin:
        jobs = [tuple(job.split(" ", 1)) for job in line.rstrip("\n").split(" | ")]
        _say(" ".join(map(str, _together(works, [(name, when) for name, when in jobs]))))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
