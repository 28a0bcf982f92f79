"""kill -9 at every named place, then an ordinary run: nothing is lost and nobody is paid twice."""

import random
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from chain import sender, watcher
from chain.failpoints import FAILPOINTS, Armed
from chain.models import Alarm, Attempt, Block, CopyPosition, GasDay, Log, OutgoingTransaction, State
from chain.outbox import submit
from tests import workers
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, RELAYER, LocalChain, fresh_address
from tests.workers import somewhere

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
WATCHER = sorted(name for name in FAILPOINTS if name.startswith("watcher.") and name != "watcher.after_orphans")
SENDER = sorted(name for name in FAILPOINTS if name.startswith("sender.") and "bump" not in name)
REPLACING = ["sender.after_bump_sign", "sender.after_bump_commit"]


class Workers(workers.Workers):
    """Told where to die, or run to their end."""

    def __init__(self) -> None:
        super().__init__("tests.chain.worker", CHAIN_RPC_URL=settings.CHAINS[CHAIN]["rpc_url"])

    def killed(self, work: str, failpoint: str) -> None:
        """Run until the failpoint, and make sure that it was reached."""
        assert self.run(work, f"{failpoint}:kill") == -signal.SIGKILL, f"{failpoint} was not reached"
        _locks_are_free()


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


@pytest.fixture(scope="module", name="workers")
def workers_of_this_module() -> Iterator[Workers]:
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


@pytest.mark.parametrize("failpoint", REPLACING)
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


def campaign(node: LocalChain, workers: Workers, *, at_once: int, kills: int, payouts: int, work: str = "send") -> int:
    """Payouts fed in as they are worked off, workers killed anywhere, now and then a reorg; how many were submitted."""
    chance, submitted, before = random.Random(at_once), 0, workers.killed_so_far
    while workers.killed_so_far - before < kills or submitted < payouts:
        for _ in range(chance.randint(1, 4)):
            submit(key=f"pay {submitted}", to=fresh_address(submitted), data=b"", value=7)
            submitted += 1
        if chance.random() < 0.3:
            Attempt.objects.filter(transaction__state=State.SENT).update(created_at="2020-01-01T00:00Z")
        workers.at_once([(work, somewhere(chance, [*SENDER, *REPLACING])) for _ in range(at_once)])
        if chance.random() < 0.2 and node.head() > 10:
            node.reorg(chance.randint(1, 2))
        if chance.random() < 0.5:
            watcher.watch()
    return submitted


def test_three_senders_killed_anywhere_under_reorgs_pay_everybody_once(node: LocalChain, workers: Workers) -> None:
    node.mine(12)
    count = campaign(node, workers, at_once=3, kills=12, payouts=30)
    finish(node)
    assert paid(node, count) == [7] * count
    assert gas_adds_up()


def test_control_the_naive_sender_pays_twice_in_the_same_campaign(node: LocalChain, workers: Workers) -> None:
    """It has no place to die but the one between sending and writing down, and any moment."""
    chance = random.Random(1)
    for number in range(30):
        submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=7)
    for _ in range(30):
        workers.run("naive", f"sender.after_broadcast:kill:{chance.randint(1, 3)}")
    workers.run("naive")
    node.mine(1)
    assert sum(amount > 7 for amount in paid(node, 30)) > 5


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("at_once", [1, 3])
def test_campaign_hundreds_of_kills_anywhere_pay_everybody_once(
    node: LocalChain, workers: Workers, at_once: int, record_property: Any
) -> None:
    node.mine(12)
    workers.kills.clear()
    count = campaign(node, workers, at_once=at_once, kills=300, payouts=500)
    finish(node)
    amounts = paid(node, count)
    assert (amounts.count(0), sum(amount > 7 for amount in amounts)) == (0, 0)
    assert gas_adds_up()
    assert {name for name, times in workers.kills.items() if times} >= {*SENDER, *REPLACING}
    figures = {"senders": at_once, "kills": workers.killed_so_far, "payouts": count, "where": dict(workers.kills)}
    record_property("figures", figures)
    print(figures)  # noqa: T201
