"""The whole stack, as bin/up starts it: it says how it is, it is alone, and nothing of it outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local import processes

pytestmark = pytest.mark.slow

UP = "import sys; from pathlib import Path; from settings.local import market; "
UP += "sys.exit(market.up(sys.argv[2:], Path(sys.argv[1])))"
SERVERS_OF_THE_TESTS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CHAIN_RPC_URL", "DJANGO_SETTINGS_MODULE")


ROOT = Path(__file__).parents[2]


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-c", UP, str(folder), *words]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SERVERS_OF_THE_TESTS}


def ask(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, *words), env=environment(), capture_output=True, text=True, check=False)


def start(folder: Path) -> "subprocess.Popen[str]":
    """Bring the market up and return when it says that it stands."""
    log = folder.parent / "up.log"
    with log.open("w") as output:
        market = subprocess.Popen(command(folder), env=environment(), stdout=output, stderr=output, text=True)
    until = time.monotonic() + 200
    while "Ctrl-C stops everything" not in log.read_text():
        assert market.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)
    return market


def assert_well(folder: Path) -> None:
    """All parts are well within 20 s: the worker first copies the blocks that were made before it started."""
    until = time.monotonic() + 20
    while (check := ask(folder, "--check")).returncode:
        assert time.monotonic() < until, check.stdout
        time.sleep(0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def market(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    market = start(folder)
    yield market
    market.send_signal(signal.SIGINT)
    market.wait(60)


def head(folder: Path) -> tuple[str, str]:
    """A block that exists now: its number and hash."""
    from settings.local import rpc

    url = json.loads((folder / "up.json").read_text())["env"]["CHAIN_RPC_URL"]
    block = rpc.call(url, "eth_getBlockByNumber", "latest", False)
    return block["number"], block["hash"]


def test_a_running_market_says_that_it_is_well_or_what_is_ill(market: "subprocess.Popen[str]", folder: Path) -> None:
    assert_well(folder)
    state = json.loads((folder / "up.json").read_text())
    with urllib.request.urlopen(state["env"]["BASE_URL"]) as page:
        assert page.status == 200

    again = ask(folder)
    assert again.returncode == 1
    assert again.stdout == f"Guildhall already runs at {state['env']['BASE_URL']}.\n"
    assert ask(folder, "--reset").returncode == 1

    os.kill(state["pids"]["worker"], signal.SIGSTOP)
    try:
        ill = ask(folder, "--check")
    finally:
        os.kill(state["pids"]["worker"], signal.SIGCONT)
    assert ill.returncode == 1
    found = {line.split()[1] for line in ill.stdout.splitlines() if line.startswith("  ill")}
    assert "worker" in found
    assert found <= {"worker", "clock"}  # the clock is a thread of the frozen worker


def test_a_killed_market_leaves_no_process_and_comes_back_with_its_chain(folder: Path) -> None:
    market = start(folder)
    below = processes.below(market.pid)
    number, known = head(folder)
    time.sleep(0.6)
    market.kill()
    market.wait()
    left = processes.left_after(below, 10)
    processes.kill(left)
    assert not left

    again = start(folder)
    try:
        from settings.local import rpc

        url = json.loads((folder / "up.json").read_text())["env"]["CHAIN_RPC_URL"]
        assert rpc.call(url, "eth_getBlockByNumber", number, False)["hash"] == known
        assert_well(folder)
    finally:
        again.send_signal(signal.SIGINT)
        assert again.wait(60) == 0


def test_where_nothing_runs_the_check_fails(folder: Path) -> None:
    done = ask(folder, "--check")
    assert done.returncode == 1
    assert done.stdout == "Nothing runs here: start it with bin/up.\n"


def test_a_word_that_it_does_not_know_is_refused(folder: Path) -> None:
    assert ask(folder, "--rest").returncode == 1
