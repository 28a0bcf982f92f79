"""The books of 10,000 deposits, compared with the contract and rebuilt from their logs: `bin/manage reconcile, reproject`.

The peer of the comparison asks the contract one call a request, as a plain loop over the deposits does.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import Result
from settings.local import services

DEPOSITS = 10_000


def run() -> Iterator[Result]:
    """Seconds of the comparison, its ratio to one call a request, and a rebuild beside the settling of the same events."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-bench-")))
        env = {**os.environ, **stack.enter_context(services.running(folder))}
        env |= {"DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], env=env, check=True)
        command = [sys.executable, "-m", "benchmarks._books", os.environ.get("DEPOSITS", str(DEPOSITS))]
        done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
    print(f"  {found}", file=sys.stderr, flush=True)
    yield Result("books.reconcile", found["reconcile"], "s", 60)
    yield Result("books.reconcile_ratio", found["reconcile"] / found["one_by_one"], "x one call a request", 0.5)
    rebuilt = found["reproject_ms_an_event"] / found["settle_ms_an_event"]
    yield Result("books.reproject_ratio", rebuilt, "x settling the same events", 1)
    yield Result("books.differences", found["differences"], "rows", 0)
