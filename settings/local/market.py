"""The market's own processes, and the order in which everything comes up."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from settings.local import people, rpc, valkey
from settings.local.failure import CannotStart
from settings.local.history import History
from settings.local.rundir import DATA, DEFAULT, ROOT, RunDir
from settings.local.services import ARBITER_ADDRESS, ARBITER_KEY, RELAYER_KEY, Backing, settings_env
from settings.local.supervisor import HERE, Service, Supervisor

PIDBOX = "_kombu.binding.celery.pidbox"
# no proxy from the environment: everything asked here is on this machine
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
READY_PATIENCE = 15.0
SMALL = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


# servers that are not ours may have changed without us
GIVEN = {"DATABASE_URL", "CHAIN_RPC_URL"}


def sources() -> str:
    """A fingerprint of everything that tables, contracts and demo data are made from."""
    found = hashlib.sha256()
    for folder in ("chain", "marketplace", "governance", "settings"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".json", ".md", ".csv", ".pdf"):
                state = path.stat()
                found.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return found.hexdigest()


class Stopping(Exception):
    """The person wants to stop."""


def answers(url: str, timeout: float = 2) -> bool:
    """Whether this page comes with a 2xx; OSError otherwise."""
    with _OPENER.open(url, timeout=timeout) as answer:
        return bool(answer.status < 300)


def processes(ports: dict[str, int], env: dict[str, str], tick: Path, key: str) -> tuple[list[Service], list[Service]]:
    """The pages, live and not; then the demo provider, and the worker with its clock."""
    python = [sys.executable, "-m"]
    granian = [*python, "granian", "--host", "127.0.0.1", "--log-level", "warning"]
    wsgi = ["--interface", "wsgi", "--blocking-threads", "1", "--no-ws", "settings.wsgi:application"]
    asgi = ["--interface", "asginl", "settings.asgi:application"]
    tools = {"PORT": str(ports["tools"]), "DEMO_TOOLS_KEY": key}
    redis = env["REDIS_URL"]

    def page(name: str) -> Callable[[], bool]:
        return partial(answers, f"{env[name]}/healthz")

    return [
        Service("web", [*granian, "--port", str(ports["web"]), *wsgi], page("BASE_URL")),
        Service("live", [*granian, "--port", str(ports["live"]), *asgi], page("LIVE_URL")),
    ], [
        Service("tools", [*python, "settings.local.tools"], page("DEMO_TOOLS_URL"), env=tools),
        Service(
            "worker",
            [*python, "settings.local.worker"],
            lambda: tick.exists() and valkey.ask(redis, "EXISTS", PIDBOX) == ":1",
            env={"BEAT_TICK": str(tick)},
        ),
    ]


class Market:
    """One run of the whole stack."""

    def __init__(self, run: RunDir) -> None:
        self.run = run
        self.began = time.monotonic()
        self.stopping = False
        self.supervisor = Supervisor(run, SMALL, say)
        self.env: dict[str, str] = {}
        self._written: dict[str, int] = {}

    def up(self) -> None:
        """Start everything in order, say where it is, and keep it running until told to stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        self.supervisor.every_tick.append(self._stop_if_told)
        try:
            self._start_backing()
            self._prepare()
            self._start_market()
            self.supervisor.every_tick.append(self._remember)
            self._remember()
            base = self.env["BASE_URL"]
            where = f"  Guildhall is at {base}\n  Its mails are at {base}/mail/"
            say(f"\n{where}\n\n{people.table()}\n\n  Ctrl-C stops everything.")
            self.supervisor.watch()
        except Stopping:
            say("stopping")
        finally:
            (self.run.path / "up.json").unlink(missing_ok=True)
            self.supervisor.stop()

    def _start_backing(self) -> None:
        history = None
        if not os.environ.get("CHAIN_RPC_URL"):
            history = History(self.run, self.run.port("anvil", 8545))
            history.restore()
            self.supervisor.every_tick.append(history.follow)
        backing = Backing(self.run, block_time=1, careless=False, history=history)
        backing.start(self.supervisor)
        ports = {
            name: self.run.port(name, preferred) for name, preferred in (("web", 8000), ("live", 8001), ("tools", 8002))
        }
        self.ports, self.owner_url = ports, backing.env.pop("DATABASE_OWNER_URL", backing.env["DATABASE_URL"])
        self.env = (
            settings_env(self.run)
            | backing.env
            | {
                "DJANGO_SETTINGS_MODULE": "settings.dev",
                "ALLOWED_HOSTS": "127.0.0.1,localhost",
                "BASE_URL": f"http://127.0.0.1:{ports['web']}",
                "LIVE_URL": f"http://127.0.0.1:{ports['live']}",
                "DEMO_TOOLS_URL": f"http://127.0.0.1:{ports['tools']}",
                "EXPORTS_DIR": str(self.run.path / "exports"),
                "EMAIL_FILE_PATH": str(self.run.folder("mail")),
                "DOCUMENTS_DIR": str(self.run.path / "documents"),
                "PICTURES_DIR": str(self.run.path / "pictures"),
                "CHAIN_CONFIRMATIONS": os.environ.get("CHAIN_CONFIRMATIONS", "2"),
                "LOG_FORMAT": os.environ.get("LOG_FORMAT", "console"),
            }
        )
        if self.env["RELAYER_KEY"] == RELAYER_KEY:  # nobody has given a key of their own
            keys = {"RELAYER_KEY": f"{self.env['RELAYER_KEY']},{ARBITER_KEY}"}
            self.env |= {**keys, "RELAYER_ROLES": f"arbiter={ARBITER_ADDRESS}"}
        self.supervisor.env |= self.env
        self._said("database, Valkey and chain")

    def _prepare(self) -> None:
        self._same_history()
        wanted = {"sources": sources()}
        if self.run.read("prepared") != wanted or GIVEN & set(os.environ):
            (self.run.path / "prepared").unlink(missing_ok=True)
            more = {"DATABASE_OWNER_URL": self.owner_url, "DEMO_TOOLS_KEY": self.run.secrets()["tools"]}
            self.supervisor.once("prepare", [sys.executable, "-m", "settings.local.prepare"], more)
            self.run.write("prepared", wanted)
        self._said("tables, contracts and demo data")

    def _same_history(self) -> None:
        """The database's last final block must be on the chain: one of the two may be older, or another one."""
        script = [sys.executable, str(HERE / "lastblock.py")]
        asked = subprocess.run(script, capture_output=True, text=True, check=False, env=os.environ | self.env)
        if asked.returncode:
            raise CannotStart(f"{asked.stderr}The database cannot be read: see {self.run.log('postgres')}.")
        if not asked.stdout.strip():
            return
        chain, number, known = asked.stdout.split()
        block = rpc.call(self.env["CHAIN_RPC_URL"], "eth_getBlockByNumber", hex(int(number)), False)
        if chain != self.env["CHAIN_ID"] or block is None or block["hash"] != known:
            raise CannotStart("The chain and the database tell different histories: run bin/up --reset to begin anew.")

    def _start_market(self) -> None:
        tick = self.run.folder("beat") / "tick"
        tick.unlink(missing_ok=True)
        valkey.ask(self.env["REDIS_URL"], "DEL", PIDBOX)
        first, second = processes(self.ports, self.env, tick, self.run.secrets()["tools"])
        self.supervisor.start(*first)  # a person waits for the first page, so nothing else takes a core meanwhile
        try:
            answers(f"{self.env['BASE_URL']}/", timeout=20)
        except OSError as error:
            raise CannotStart(f"The first page does not come ({error}): see {self.run.log('web')}.") from error
        self._said(f"pages at {self.env['BASE_URL']}")
        self.supervisor.start(*second)
        self._wait_until_ready()
        self._said("demo tools, worker and clock")

    def _wait_until_ready(self) -> None:
        """The worker first copies what happened on the chain; a market that stays behind is for --check to explain."""
        until = time.monotonic() + READY_PATIENCE
        while time.monotonic() < until:
            try:
                if answers(f"{self.env['BASE_URL']}/readyz"):
                    return
            except OSError:
                self.supervisor.tick(0.3)
        say("not everything is ready yet: bin/up --check says what")

    def _remember(self) -> None:
        """What `bin/up --check` needs to know, whenever a process was replaced."""
        pids = {name: child.process.pid for name, child in self.supervisor.children.items()}
        if pids != self._written:
            self.run.write("up.json", {"pid": os.getpid(), "pids": pids, "env": self.env})
            self._written = pids

    def _said(self, what: str) -> None:
        say(f"  {time.monotonic() - self.began:5.1f} s  {what}")

    def _stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _stop_if_told(self) -> None:
        if self.stopping:
            self.stopping = False  # the stop itself must not be stopped
            raise Stopping


def say(line: str) -> None:
    """Tell the person."""
    print(line, flush=True)


def reset(run: RunDir) -> None:
    """Forget all data of this directory; programs that were fetched stay."""
    for name in DATA:
        path = run.path / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def up(words: list[str], path: Path = DEFAULT) -> int:
    """`bin/up`: start; `--reset`: forget the data first; `--check`: probe what runs. Returns the exit code."""
    from settings.local.check import check as probe

    if sys.platform not in ("linux", "darwin"):
        raise CannotStart(
            "Guildhall's local stack runs on Linux and macOS: use one of them, WSL, or a virtual machine."
        )
    if set(words) - {"--reset", "--check"} or len(words) > 1:
        raise CannotStart("bin/up knows --reset and --check, one at a time.")
    run = RunDir(path)
    if words == ["--check"]:
        return probe(run)
    if not run.lock():
        address = run.read("up.json").get("env", {}).get("BASE_URL")
        say(f"Guildhall already runs at {address}." if address else "Guildhall is already starting or stopping here.")
        return 1
    if words == ["--reset"]:
        reset(run)
    Market(run).up()
    return 0
