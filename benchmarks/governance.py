"""Governance with 100,000 votes: reading them, counting again at each block, and the page of a proposal with 20,000."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import Result
from benchmarks import _cpu as cpu
from benchmarks._server import Server
from settings.local import services

MANY, FEW = "/governance/busy/1/", "/governance/busy/6/"


def run() -> Iterator[Result]:
    """The mirror beside web3.py and the ORM, its counting beside Python's, and one page beside itself with few votes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-bench-")))
        env = {**os.environ, **stack.enter_context(services.running(folder, careless=False))}
        env |= {"DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], env=env, check=True)
        _done(env, "fill")
        ours = _rate("the mirror", _done(env, "ours"))
        tick, python = _done(env, "tick")["seconds"], _done(env, "python")["seconds"]
        print(f"  a block with one vote: {tick * 1000:.0f} ms; in Python: {python * 1000:.0f} ms", file=sys.stderr)
        yield from _pages(stack, env)
        naive = _rate("web3.py and the ORM", _done(env, "naive"))
        yield Result("governance.catch-up", ours / naive, "x web3.py events + ORM", 10, at_most=False)
        yield Result("governance.recount", python / tick, "x faster than adding up in Python", 3, at_most=False)


def _pages(stack: ExitStack, env: dict[str, str]) -> Iterator[Result]:
    with psycopg.connect(env["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE")
        (backend,) = owner.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        postgres = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    server = stack.enter_context(Server("settings.wsgi:application", env))
    found = cpu.measure(
        {
            "20,000 votes": cpu.Page(server.get(MANY), [server.pid, postgres], requests=100),
            "20 votes": cpu.Page(server.get(FEW), [server.pid, postgres], requests=100),
        }
    )
    for name, page in found.items():
        figures = f"{page.cpu:.2f} ms CPU, {page.rps:.0f} requests/s, p50 {page.p50:.1f} ms, p95 {page.p95:.1f} ms"
        print(f"  a proposal with {name}: {figures}", file=sys.stderr, flush=True)
    many, few = found["20,000 votes"], found["20 votes"]
    yield Result("governance.page-cpu", many.cpu / few.cpu, "x the CPU of the page with 20 votes", 3)
    yield Result("governance.page-p95", many.p95 / few.p95, "x the p95 of the page with 20 votes", 3)


def _done(env: dict[str, str], way: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks._votes", way]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _rate(name: str, figures: dict[str, Any]) -> float:
    found: float = figures["logs"] / figures["seconds"]
    print(f"  {name}: {found:,.0f} votes/s", file=sys.stderr, flush=True)
    return found
