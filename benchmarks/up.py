"""How long `bin/up` takes from a bare clone and again, and what the idle stack weighs."""

import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import Result

ROOT = Path(__file__).resolve().parents[1]
SETTLE = 20.0
LIMIT = 180.0


def run() -> Iterator[Result]:
    """Cold with the package managers' caches as they are, then warm, then the memory of the idle stack."""
    with tempfile.TemporaryDirectory(prefix="guildhall-bench-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        with _up(clone) as (seconds, _):
            yield Result("up-cold", seconds, "s", 60)
        with _up(clone) as (seconds, supervisor):
            yield Result("up-warm", seconds, "s", 8)
            time.sleep(SETTLE)
            yield Result("up-memory", memory(supervisor) / 1024, "MB", 500)


@contextmanager
def _up(clone: Path) -> Iterator[tuple[float, int]]:
    """Run the real command; yields the seconds until its first page came, and its process id."""
    began = time.monotonic()
    with (clone / "up.log").open("wb") as log:
        process = subprocess.Popen(["bin/up"], cwd=clone, stdout=log, stderr=subprocess.STDOUT, env=_bare())
    try:
        page = None
        while page is None or not _comes(page):
            if process.poll() is not None or time.monotonic() - began > LIMIT:
                raise RuntimeError((clone / "up.log").read_text())
            time.sleep(0.02)
            said = re.search(r"pages at (\S+)", (clone / "up.log").read_text())
            page = said[1] if said else None
        yield time.monotonic() - began, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _bare() -> dict[str, str]:
    """Our own environment's programs must not help: a bare clone has none."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE")}
    kept = [part for part in env["PATH"].split(os.pathsep) if not part.startswith(str(ROOT))]
    return env | {"PATH": os.pathsep.join(kept)}


def _comes(page: str) -> bool:
    try:
        with urllib.request.urlopen(page, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def memory(root: int) -> int:
    """Kilobytes of a process and everything below it: shared pages count once (PSS)."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(folder.name))
    total, left = 0, [root]
    while left:
        pid = left.pop()
        left += children.get(pid, [])
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total
