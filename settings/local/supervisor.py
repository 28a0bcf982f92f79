"""Ordered start with health checks, restart with back-off, ordered stop, and nothing left behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from settings.local.failure import CannotStart
from settings.local.rundir import ROOT, RunDir

HERE = Path(__file__).resolve().parent
TICK = 0.05
LOG_CAP = 5_000_000
STEADY = 30.0


@dataclass
class Service:
    """A process to keep alive, and how to see that it does its work."""

    name: str
    command: list[str]
    healthy: Callable[[], bool]
    env: dict[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    unroot: bool = False
    patience: float = 60.0
    before_restart: Callable[[], None] | None = None


@dataclass
class _Child:
    service: Service
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    again_at: float | None = None


class Supervisor:
    """Runs services in order. Call it from one thread: the kernel ties a child to the thread that made it."""

    def __init__(
        self, run: RunDir, env: dict[str, str] | None = None, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self.run_dir = run
        self.env = env or {}
        self.say = say
        self.every_tick: list[Callable[[], None]] = []
        self.children: dict[str, _Child] = {}
        self._starting: set[str] = set()
        self._cap_at = 0.0
        self._watchdog = self._start_watchdog()

    def start(self, *services: Service) -> None:
        """Start these together and return when all are healthy; CannotStart if one ends or takes too long."""
        for service in services:
            self.children[service.name] = self._spawn(service)
        self._starting = {service.name for service in services}
        try:
            for service in services:
                self._wait_for(service)
        finally:
            self._starting = set()

    def _wait_for(self, service: Service) -> None:
        until = time.monotonic() + service.patience
        while not self._is_healthy(service):
            for name in self._starting:
                code = self.children[name].process.poll()
                if code is not None:
                    raise CannotStart(self._obituary(name, f"ended at once (code {code})"))
            if time.monotonic() > until:
                raise CannotStart(self._obituary(service.name, f"gave no answer for {service.patience:.0f} s"))
            self.tick()

    def once(self, name: str, command: list[str], env: dict[str, str], *, unroot: bool = False) -> None:
        """Run a command to its end while the services stay watched; CannotStart if it fails."""
        child = self._popen(name, command, env, signal.SIGTERM, unroot)
        try:
            while (code := child.poll()) is None:
                self.tick()
        finally:
            self._end([child], signal.SIGTERM)
        if code:
            raise CannotStart(self._obituary(name, f"failed (code {code})"))

    def watch(self) -> None:
        """Keep everything running until something raises: a job of `every_tick` does when the person wants to stop."""
        while True:
            self.tick(0.25)

    def tick(self, seconds: float = TICK) -> None:
        """Look after the children once, then rest."""
        for name, child in list(self.children.items()):
            if name in self._starting:
                continue  # one that ends before it was healthy is a failed start
            if child.process.poll() is not None:
                self._revive(child)
            elif child.failures and time.monotonic() - child.started > STEADY:
                child.failures = 0
        if self._watchdog.poll() is not None:
            self._watchdog = self._start_watchdog()
        for job in self.every_tick:
            job()
        if time.monotonic() > self._cap_at:
            self._cap_at = time.monotonic() + 30
            self._cap_logs()
        time.sleep(seconds)

    def stop(self) -> None:
        """End the children in reverse order, each with its own signal and a grace period; then the watchdog."""
        for child in reversed(list(self.children.values())):
            self._end([child.process], child.service.stop_signal)
        self.children.clear()
        if self._watchdog.stdin:
            self._watchdog.stdin.close()
        self._watchdog.wait(10)

    def _is_healthy(self, service: Service) -> bool:
        try:
            return service.healthy()
        except (OSError, ValueError):
            return False

    def _spawn(self, service: Service) -> _Child:
        process = self._popen(service.name, service.command, service.env, service.stop_signal, service.unroot)
        return _Child(service, process, time.monotonic())

    def _popen(
        self, name: str, command: list[str], env: dict[str, str], number: int, unroot: bool
    ) -> subprocess.Popen[bytes]:
        log = self.run_dir.log(name)
        launch = [
            sys.executable,
            "-I",
            "-S",
            str(HERE / "launch.py"),
            str(os.getpid()),
            str(int(number)),
            str(int(unroot)),
        ]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*launch, "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | self.env | env,
                cwd=ROOT,
                start_new_session=True,
            )
        self._tell_watchdog(f"+{process.pid} {int(number)}")
        return process

    def _revive(self, child: _Child) -> None:
        name, now = child.service.name, time.monotonic()
        if child.again_at is None:
            self._tell_watchdog(f"-{child.process.pid}")
            self._kill_group(child.process.pid)
            delay = min(0.2 * 2**child.failures, 15.0)
            child.again_at = now + delay
            self.say(f"{name} ended (code {child.process.returncode}); starting it again, see {self.run_dir.log(name)}")
        elif now >= child.again_at:
            if child.service.before_restart:
                child.service.before_restart()
            fresh = self._spawn(child.service)
            fresh.failures = child.failures + 1
            self.children[name] = fresh

    def _end(self, processes: list[subprocess.Popen[bytes]], number: int) -> None:
        for process in processes:
            if process.poll() is None:
                process.send_signal(number)
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
            self._kill_group(process.pid)
            self._tell_watchdog(f"-{process.pid}")

    def _cap_logs(self) -> None:
        """Move what a log holds aside when it is large; its process goes on appending to the emptied file."""
        for log in self.run_dir.folder("logs").glob("*.log"):
            if log.stat().st_size > LOG_CAP:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)

    def _kill_group(self, group: int) -> None:
        """A child that ended may leave workers; its group is ours alone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)

    def _start_watchdog(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", str(HERE / "watchdog.py")]
        watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd="/")
        self._watchdog = watchdog
        for child in self.children.values():
            self._tell_watchdog(f"+{child.process.pid} {int(child.service.stop_signal)}")
        return watchdog

    def _tell_watchdog(self, line: str) -> None:
        if self._watchdog.stdin:
            try:
                self._watchdog.stdin.write(line.encode() + b"\n")
                self._watchdog.stdin.flush()
            except OSError:
                pass  # it ended; the next tick starts another and tells it everything

    def _obituary(self, name: str, what: str) -> str:
        log = self.run_dir.log(name)
        lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
        return "\n".join(
            [*(f"  {name} | {line}" for line in lines), f"{name} {what}: the lines above are the end of {log}."]
        )
