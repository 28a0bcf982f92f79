"""The local chain keeps its history, hash by hash, however its process ends."""

import gzip
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from settings.local import node, rpc
from settings.local.failure import CannotStart
from settings.local.history import History
from settings.local.rundir import RunDir
from settings.local.supervisor import Supervisor

pytestmark = pytest.mark.slow

ACCOUNTS = ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
WEEK = 7 * 24 * 3600


class Chain:
    """A supervised node that makes blocks by itself and remembers."""

    def __init__(self, folder: Path) -> None:
        self.run = RunDir(folder)
        self.history = History(self.run, self.run.port("anvil"))
        self.history.restore()
        self.supervisor = Supervisor(self.run)
        service = node.service(self.run, self.history.port, block_time=1, state=self.history.arguments)
        service.before_restart = self.history.restore
        self.supervisor.every_tick.append(self.history.follow)
        self.supervisor.start(service)
        self.pass_time(0.4)

    def ask(self, name: str, *params: Any) -> Any:
        return rpc.call(self.history.url, name, *params)

    def pay(self) -> None:
        self.ask("eth_sendTransaction", {"from": ACCOUNTS[0], "to": ACCOUNTS[1], "value": "0x1"})

    def head(self) -> dict[str, Any]:
        block: dict[str, Any] = self.ask("eth_getBlockByNumber", "latest", False)
        return block

    def pass_time(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.supervisor.tick()

    def kill_and_wait(self) -> None:
        before = self.supervisor.children["anvil"].process.pid
        os.kill(before, signal.SIGKILL)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            self.supervisor.tick()
            try:
                if self.supervisor.children["anvil"].process.pid != before and self.ask("eth_blockNumber"):
                    return
            except OSError:
                continue
        pytest.fail("The chain did not come back in 10 s.")


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    chain = Chain(tmp_path)
    yield chain
    chain.supervisor.stop()


def test_every_block_keeps_its_hash_when_the_node_is_killed(chain: Chain) -> None:
    for _ in range(3):
        chain.pay()
        chain.ask("evm_mine")  # in the same second: two blocks share their time
        chain.pay()
        chain.pass_time(0.3)
    chain.ask("evm_increaseTime", WEEK)
    chain.ask("evm_mine")
    chain.pass_time(0.4)
    for _ in range(2):
        head = chain.head()
        chain.pass_time(0.4)
        chain.kill_and_wait()
        assert chain.ask("eth_getBlockByNumber", head["number"], False)["hash"] == head["hash"]
        assert chain.ask("eth_getBlockByNumber", "0x0", False)
        chain.pass_time(1.5)
        assert int(chain.head()["timestamp"], 16) >= int(head["timestamp"], 16)


def test_a_state_that_the_node_wrote_on_its_way_does_not_stand_for_what_came_after_it(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    try:
        chain.pass_time(1.5)
        written = bytes.fromhex(chain.ask("anvil_dumpState")[2:])
        chain.history.leaving.write_bytes(gzip.decompress(written))
        chain.pay()
        chain.pass_time(3)
        head = chain.head()
        chain.pass_time(0.4)
        chain.kill_and_wait()
        assert chain.ask("eth_getBlockByNumber", head["number"], False)["hash"] == head["hash"]
    finally:
        chain.supervisor.stop()


def test_control_without_the_journal_the_history_is_lost(chain: Chain) -> None:
    chain.pay()
    chain.pass_time(0.6)
    head = chain.head()
    chain.supervisor.children["anvil"].service.before_restart = None
    chain.kill_and_wait()
    found = chain.ask("eth_getBlockByNumber", head["number"], False)
    assert found is None or found["hash"] != head["hash"]


def test_an_ordinary_stop_keeps_the_history_and_the_clock(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    chain.ask("evm_increaseTime", WEEK)
    chain.pay()
    head = chain.head()
    chain.supervisor.stop()
    again = Chain(tmp_path)
    try:
        assert again.ask("eth_getBlockByNumber", head["number"], False)["hash"] == head["hash"]
        again.pass_time(1.5)
        assert int(again.head()["timestamp"], 16) >= int(head["timestamp"], 16)
    finally:
        again.supervisor.stop()


def test_a_change_that_no_journal_can_repeat_is_said(chain: Chain) -> None:
    chain.ask("anvil_setBalance", ACCOUNTS[0], "0x1")
    chain.ask("evm_mine")
    chain.pass_time(0.6)
    with pytest.raises(CannotStart, match="run bin/up --reset"):
        chain.kill_and_wait()
