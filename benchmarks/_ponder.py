"""The peer: ponder as its documentation sets it up, on the same node and database server."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg

from settings.local.rundir import ROOT

SOURCE = ROOT / "benchmarks" / "ponder"
PORT = 42_069


def installed() -> Path:
    """A copy of the project with its packages, made at the first call."""
    target = ROOT / ".run" / "bench" / "ponder"
    shutil.copytree(SOURCE, target, dirs_exist_ok=True)
    if not (target / "node_modules" / "ponder").exists():
        command = [
            "npm",
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--loglevel=error",
        ]
        subprocess.run(command, cwd=target, check=True, stdout=subprocess.DEVNULL)
    return target


def rate(env: dict[str, str], address: str, first: int, last: int, *, limit: float) -> float:
    """Logs a second, from when its server stands to when all is copied, or to `limit` seconds."""
    folder = installed()
    shutil.rmtree(folder / ".ponder", ignore_errors=True)
    with psycopg.connect(env["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("DROP SCHEMA IF EXISTS peer CASCADE")
        owner.execute("DROP SCHEMA IF EXISTS ponder_sync CASCADE")
        program = folder / "node_modules" / "ponder" / "dist" / "esm" / "bin" / "ponder.js"
        given = {"PEER_DATABASE": env["DATABASE_OWNER_URL"], "EMITTER": address, "FIRST": str(first), "LAST": str(last)}
        given |= {"PONDER_TELEMETRY_DISABLED": "1", "CHAIN_RPC_URL": env["CHAIN_RPC_URL"], "CI": "1"}
        command = ["node", str(program), "start", "--schema", "peer", "--port", str(PORT)]
        with (folder / "ponder.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, env=os.environ | given, stdout=log, stderr=log)
        try:
            _wait("/health", process, 120)
            began = time.monotonic()
            _wait("/ready", process, limit)
            seconds = time.monotonic() - began
            found = owner.execute("SELECT count(*) FROM peer.transfer").fetchone()
            return (found[0] if found else 0) / seconds
        finally:
            process.terminate()
            process.wait(30)


def _wait(path: str, process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("ponder ended: see .run/bench/ponder/ponder.log")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.05)
