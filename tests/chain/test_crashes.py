"""kill -9 at every named place, then an ordinary run: nothing is lost and nobody is paid twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from chain import sender, watcher
from chain.failpoints import FAILPOINTS, Armed
from chain.models import Alarm, Attempt, Block, CopyPosition, GasDay, Log, OutgoingTransaction, State
from chain.outbox import submit
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, RELAYER, LocalChain, fresh_address

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ROOT = Path(__file__).parents[2]
WATCHER = sorted(name for name in FAILPOINTS if name.startswith("watcher.") and name != "watcher.after_orphans")
SENDER = sorted(name for name in FAILPOINTS if name.startswith("sender.") and "bump" not in name)


class Workers:
    """One at a time, each a process of its own that is told where to die, or runs to its end."""

    def __init__(self) -> None:
        environment = {**os.environ, "CHAIN_RPC_URL": settings.CHAINS[CHAIN]["rpc_url"], "FAILPOINT": ""}
        command = [sys.executable, "-m", "tests.chain.worker"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.answer() == "ready"

    def answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def begin(self, work: str, failpoint: str = "") -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{work} {failpoint}\n")
        self.process.stdin.flush()

    def run(self, work: str, failpoint: str = "") -> int:
        """The exit code; of a killed process, the signal's number below zero."""
        self.begin(work, failpoint)
        return int(self.answer())

    def killed(self, work: str, failpoint: str) -> None:
        """Run until the failpoint, and make sure that it was reached."""
        assert self.run(work, f"{failpoint}:kill") == -signal.SIGKILL, f"{failpoint} was not reached"
        _locks_are_free()

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


def _locks_are_free() -> None:
    """The database needs a moment to notice that a process is dead."""
    held = "SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database"
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(f"{held} WHERE locktype = 'advisory' AND datname = current_database()")
            if not cursor.fetchall():
                return
        time.sleep(0.01)
    raise AssertionError("A dead worker still has the chain.")


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    found = Workers()
    yield found
    found.close()


def pay(count: int) -> None:
    for number in range(count):
        submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=7)


def finish(node: LocalChain) -> None:
    """Ordinary rounds, until every payment is final."""
    for _ in range(60):
        sender.send()
        node.mine(3)
        watcher.watch()
        if not OutgoingTransaction.objects.exclude(state=State.FINAL).exists():
            return
    raise AssertionError(list(OutgoingTransaction.objects.exclude(state=State.FINAL).values_list("key", "state")))


def gas_adds_up() -> bool:
    """When all is over nothing is reserved any more, and the days have spent what the transactions have."""
    days = list(GasDay.objects.all())
    spent = sum(row.gas_spent or 0 for row in OutgoingTransaction.objects.all())
    return sum(day.reserved for day in days) == 0 and sum(day.spent for day in days) == spent > 0


def paid(node: LocalChain, count: int) -> list[int]:
    return [node.balance(fresh_address(number)) for number in range(count)]


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Reach failpoints in this process, where a test has to act between two of them."""
    import chain.failpoints as module

    def arm(name: str) -> None:
        monkeypatch.setattr(module, "armed", lambda: Armed(name, "raise", 1))
        module._hits.clear()

    yield arm
    module._hits.clear()


def test_a_sender_killed_at_every_place_loses_nothing_and_pays_nobody_twice(node: LocalChain, workers: Workers) -> None:
    count = 2 * len(SENDER)
    for turn, failpoint in enumerate(SENDER):
        for number in (2 * turn, 2 * turn + 1):
            submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=7)
        workers.killed("send", failpoint)
    finish(node)
    assert paid(node, count) == [7] * count
    assert Attempt.objects.count() == count
    assert gas_adds_up()


def test_an_alarm_that_a_killed_sender_owed_is_sounded_by_the_next(node: LocalChain, workers: Workers) -> None:
    node.rpc("anvil_setBalance", RELAYER, "0x1")
    workers.killed("send", "sender.after_balances")
    assert not Alarm.objects.exists()
    sender.send()
    assert [alarm.kind for alarm in Alarm.objects.all()] == ["low_balance"]


def test_control_a_sender_that_writes_down_after_sending_pays_twice(node: LocalChain, workers: Workers) -> None:
    pay(2)
    workers.killed("naive", "sender.after_broadcast")
    assert workers.run("naive") == 0
    node.mine(1)
    assert paid(node, 2) == [14, 7]


@pytest.mark.parametrize("failpoint", ["sender.after_bump_sign", "sender.after_bump_commit"])
def test_a_sender_killed_while_it_replaces_pays_once(node: LocalChain, workers: Workers, failpoint: str) -> None:
    node.automine(False)
    pay(1)
    sender.send()
    Attempt.objects.update(created_at="2020-01-01T00:00Z")
    workers.killed("send", failpoint)
    node.automine()
    node.mine(1)
    finish(node)
    assert paid(node, 1) == [7]
    assert gas_adds_up()


def test_a_watcher_killed_at_every_place_has_exactly_what_the_chain_has(dollar: Dollar, workers: Workers) -> None:
    for number, failpoint in enumerate(WATCHER):
        dollar.mint(number + 1)
        dollar.node.mine(number % 4)
        workers.killed("watch", failpoint)
    watcher.watch()
    assert list(Log.objects.in_order().values_list("block_hash", "log_index")) == dollar.node.logs(dollar.address)
    assert [log.decoded.args["value"] for log in Log.objects.in_order()] == [n + 1 for n in range(len(WATCHER))]


def test_a_watcher_killed_while_it_takes_a_reorg_back_does_it_again(dollar: Dollar, workers: Workers) -> None:
    dollar.mint(1)
    watcher.watch()
    dollar.node.reorg(1, [[dollar.minting(9), 0]])
    workers.killed("watch", "watcher.after_orphans")
    assert Log.objects.get().decoded.args["value"] == 1
    watcher.watch()
    assert Log.objects.get().decoded.args["value"] == 9


def test_control_a_watcher_that_commits_its_position_before_the_logs_loses_them(
    dollar: Dollar, monkeypatch: pytest.MonkeyPatch, armed: Any
) -> None:
    """The step's one transaction is what saves the logs: without it, dying between two statements loses them."""
    dollar.mint(1)
    head = dollar.node.rpc("eth_getBlockByNumber", "latest", False)
    monkeypatch.setattr(watcher, "insert_logs", lambda *a: None)  # what a death between two commits leaves behind
    watcher.watch()
    monkeypatch.undo()
    watcher.watch()
    assert CopyPosition.objects.get().copied_number == int(head["number"], 16)
    assert not Log.objects.exists()


def test_a_step_that_raises_anywhere_leaves_nothing_behind(dollar: Dollar, armed: Any) -> None:
    dollar.mint(1)
    for failpoint in [name for name in WATCHER if name != "watcher.after_commit"]:
        armed(failpoint)
        with pytest.raises(Exception, match=failpoint):
            watcher.step(CHAIN)
        assert not Block.objects.exists()


def campaign(node: LocalChain, *, at_once: int, kills: int, payouts: int) -> None:
    """Payouts fed in as they are worked off, workers killed at random places, now and then a reorg: all paid once."""
    chance, killed, submitted = random.Random(at_once), 0, 0
    group = [Workers() for _ in range(at_once)]
    places = [*SENDER, "sender.after_bump_sign", "sender.after_bump_commit"]
    while killed < kills or submitted < payouts:
        for _ in range(2):
            submit(key=f"pay {submitted}", to=fresh_address(submitted), data=b"", value=7)
            submitted += 1
        if chance.random() < 0.3:
            Attempt.objects.filter(transaction__state=State.SENT).update(created_at="2020-01-01T00:00Z")
        for each in group:
            each.begin("send", f"{chance.choice(places)}:kill:{chance.choice([1, 1, 1, 2])}")
        killed += sum(int(each.answer()) == -signal.SIGKILL for each in group)
        if chance.random() < 0.2 and node.head() > 10:
            node.reorg(chance.randint(1, 2))
    for each in group:
        each.close()
    finish(node)
    assert paid(node, submitted) == [7] * submitted
    assert gas_adds_up()


def test_three_senders_killed_at_random_places_under_reorgs_pay_everybody_once(node: LocalChain) -> None:
    node.mine(12)
    campaign(node, at_once=3, kills=5, payouts=8)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("at_once", [1, 3])
def test_campaign_hundreds_of_kills_at_random_places_pay_everybody_once(node: LocalChain, at_once: int) -> None:
    campaign(node, at_once=at_once, kills=300, payouts=500)
