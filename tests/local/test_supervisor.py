"""Nothing that the local stack starts may outlive it, and what dies meanwhile comes back."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings.local import valkey
from settings.local.failure import CannotStart
from settings.local.rundir import RunDir
from settings.local.supervisor import LOG_CAP, Service, Supervisor
from tests.local import processes


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(RunDir(tmp_path))
    yield supervisor
    supervisor.stop()


def killed(folder: Path, *words: str) -> set[processes.Process]:
    """Start the small stack, kill -9 it, and return what had been running below it."""
    stack = subprocess.Popen(
        [sys.executable, "-m", "tests.local.small_stack", str(folder), *words], stdout=subprocess.PIPE, text=True
    )
    assert stack.stdout
    assert stack.stdout.readline() == "ready\n"
    below = processes.below(stack.pid)
    stack.kill()
    stack.wait()
    return below


@pytest.mark.slow
def test_a_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    below = killed(tmp_path)
    assert len(below) >= 12  # the watchdog, three servers, PostgreSQL's own workers, and a family of four
    left = processes.left_after(below, 10)
    processes.kill(left)
    assert not left


@pytest.mark.slow
def test_control_without_launcher_and_watchdog_processes_are_left(tmp_path: Path) -> None:
    left = processes.left_after(killed(tmp_path, "naive"), 2)
    processes.kill(left)
    assert len(left) >= 5


@pytest.mark.slow
def test_the_kernel_alone_ends_direct_children_when_the_watchdog_is_gone_too(tmp_path: Path) -> None:
    stack = subprocess.Popen(
        [sys.executable, "-m", "tests.local.small_stack", str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert stack.stdout
    assert stack.stdout.readline() == "ready\n"
    below = processes.below(stack.pid)
    command = {one: Path(f"/proc/{one[0]}/cmdline").read_text() for one in below}
    stack.send_signal(signal.SIGSTOP)  # so that it cannot start another watchdog
    processes.kill({one for one in below if "watchdog.py" in command[one]})
    stack.kill()
    stack.wait()
    left = processes.left_after({one for one in below if "import os, signal" not in command[one]}, 10)
    processes.kill(below)
    assert not left


def test_a_stopped_supervisor_leaves_no_process(tmp_path: Path) -> None:
    supervisor = Supervisor(RunDir(tmp_path))
    run = supervisor.run_dir
    supervisor.start(valkey.service(run, run.port("valkey")))
    below = processes.below(os.getpid())
    mine = {one for one in below if one[0] in [child.process.pid for child in supervisor.children.values()]}
    assert mine
    supervisor.stop()
    assert not processes.alive(mine)


def test_a_killed_server_comes_back_with_what_it_knew(supervisor: Supervisor) -> None:
    run = supervisor.run_dir
    port = run.port("valkey")
    supervisor.start(valkey.service(run, port))
    address = valkey.url(run, port)
    assert valkey.ask(address, "SET", "kept", "yes") == "+OK"
    time.sleep(1.1)  # appendfsync everysec
    before = supervisor.children["valkey"].process.pid
    os.kill(before, signal.SIGKILL)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        supervisor.tick()
        if supervisor.children["valkey"].process.pid != before:
            try:
                said = valkey.ask(address, "EXISTS", "kept")
            except OSError:
                continue
            if said.startswith("-LOADING"):
                continue  # it answers, but has not read its file yet
            assert said == ":1"
            return
    pytest.fail("Valkey did not come back in 10 s.")


def test_a_process_that_ends_at_its_start_is_named_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    service = Service(
        "doomed", [sys.executable, "-c", "raise SystemExit('no such thing as a free lunch')"], lambda: False
    )
    with pytest.raises(CannotStart, match=r"(?s)free lunch.*doomed ended at once"):
        supervisor.start(service)


def test_a_process_that_never_answers_is_named(supervisor: Supervisor) -> None:
    service = Service("mute", [sys.executable, "-c", "import time; time.sleep(60)"], lambda: False, patience=0.5)
    with pytest.raises(CannotStart, match="mute gave no answer"):
        supervisor.start(service)


def test_a_long_log_is_moved_aside_while_its_process_goes_on_writing(supervisor: Supervisor) -> None:
    writer = "import sys, time\nwhile True: sys.stdout.write('x' * 99); sys.stdout.flush(); time.sleep(0.01)"
    supervisor.start(Service("chatty", [sys.executable, "-c", writer], lambda: True))
    log = supervisor.run_dir.log("chatty")
    with log.open("ab") as file:
        file.write(b"y" * (LOG_CAP + 1))
    supervisor._cap_at = 0
    supervisor.tick()
    assert log.with_suffix(".log.1").stat().st_size >= LOG_CAP
    until = time.monotonic() + 10
    while not log.stat().st_size:
        assert time.monotonic() < until
        supervisor.tick()
    assert log.stat().st_size < LOG_CAP
    assert log.read_bytes().startswith(b"x")
