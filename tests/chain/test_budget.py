"""A day's gas budget is never overspent, whoever signs at once; what does not fit waits for the next day."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from chain import alarms, budget, sender
from chain.client import client
from chain.models import Attempt, GasDay, OutgoingTransaction, State
from chain.outbox import capacity, submit
from chain.rpc import Receipt
from chain.signing import signers
from tests.chain.local_chain import CHAIN, RELAYER, RELAYER_KEY, LocalChain, fresh_address
from tests.chain.test_accounts import SECOND_KEY, THIRD_KEY

pytestmark = pytest.mark.django_db
GAS = 21_000 * 6 // 5 + 10_000  # what is signed for a transfer


@pytest.fixture(autouse=True)
def one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays the same day for as long as a test looks at one."""
    day = budget.today()
    monkeypatch.setattr(budget, "today", lambda: day)


def pay(number: int, **options: Any) -> OutgoingTransaction:
    return submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=7, **options)


def states() -> list[str]:
    return list(OutgoingTransaction.objects.order_by("pk").values_list("state", flat=True))


def one_costs(node: LocalChain) -> int:
    """The most that one transfer costs at today's fees; found out by signing one."""
    pay(999)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    cost = Attempt.objects.get().cost
    OutgoingTransaction.objects.all().delete()
    GasDay.objects.all().delete()
    return cost


def test_what_the_budget_has_no_room_for_waits_for_the_next_day_and_says_so(node: LocalChain, bounded: Any) -> None:
    bounded(daily_gas_budget=one_costs(node) * 11 // 4)  # three quarters of it: two transfers
    for number in range(4):
        pay(number)
    sender.send()
    assert sorted(states()) == [State.QUEUED] * 2 + [State.SENT] * 2
    assert set(OutgoingTransaction.objects.filter(state=State.QUEUED).values_list("last_error", flat=True)) == {
        "The market's gas budget for today is used up; this goes out after 00:00 UTC."
    }
    assert [alarm.kind for alarm in alarms.sounding()] == ["gas_budget"]
    yesterday = budget.today() - dt.timedelta(days=1)
    GasDay.objects.update(day=yesterday)
    OutgoingTransaction.objects.filter(gas_day__isnull=False).update(gas_day=yesterday)
    sender.send()
    assert State.QUEUED not in states()
    (alarm,) = alarms.sounding()
    assert "takes no signatures" in alarm.sentence, "nothing waits, but this day has no room for one more either"
    GasDay.objects.all().delete()
    sender.send()
    assert alarms.sounding() == []


def test_after_the_receipt_the_day_has_spent_what_the_account_has_lost(node: LocalChain) -> None:
    before = node.balance(RELAYER)
    for number in range(3):
        pay(number)
    sender.send()
    day = GasDay.objects.get()
    assert (day.reserved, day.spent) == (sum(each.cost for each in Attempt.objects.all()), 0)
    for attempt in Attempt.objects.all():
        node.receipt(attempt.tx_hash)
    sender.send()
    day.refresh_from_db()
    assert states() == [State.MINED] * 3
    assert (day.reserved, day.spent) == (0, before - node.balance(RELAYER) - 3 * 7)


def test_what_a_reorg_takes_back_is_reserved_again(node: LocalChain) -> None:
    node.mine(2)
    pay(1)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    assert GasDay.objects.get().reserved == 0
    node.automine(False)
    node.reorg(1)
    node.rpc("anvil_dropAllTransactions")
    OutgoingTransaction.objects.update(checked_at=None)
    sender.send()
    assert (states(), GasDay.objects.get().reserved, GasDay.objects.get().spent) == (
        [State.SENT],
        Attempt.objects.get().cost,
        0,
    )
    node.mine(1)
    sender.send()
    day = GasDay.objects.get()
    assert (day.reserved, day.spent) == (0, OutgoingTransaction.objects.get().gas_spent)


def test_the_last_quarter_is_kept_for_what_is_urgent(node: LocalChain, bounded: Any) -> None:
    bounded(daily_gas_budget=one_costs(node) * 3 // 2)
    for number in range(3):
        pay(number)
    pay(3, urgent=True)
    sender.send()
    assert dict(OutgoingTransaction.objects.values_list("key", "state")) == {
        "pay 0": State.QUEUED,
        "pay 1": State.QUEUED,
        "pay 2": State.QUEUED,
        "pay 3": State.SENT,
    }
    assert capacity().budget_left is not None


def test_people_are_told_before_they_sign_that_today_is_over(db: None, bounded: Any) -> None:
    assert (capacity().budget_left, capacity().problem) == (None, "")
    bounded(daily_gas_budget=1000)
    assert (capacity().budget_left, capacity().problem) == (750, "")
    budget.reserve(CHAIN, 750, day=budget.today(), urgent=False)
    assert capacity().budget_left == 0
    assert "00:00 UTC" in capacity().problem


def test_a_dearer_replacement_is_reserved_too_and_moves_to_today(node: LocalChain) -> None:
    node.automine(False)
    pay(1)
    sender.send()
    yesterday = budget.today() - dt.timedelta(days=1)
    GasDay.objects.update(day=yesterday)
    OutgoingTransaction.objects.update(gas_day=yesterday)
    Attempt.objects.update(created_at=timezone.now() - dt.timedelta(seconds=61))
    sender.send()
    second = Attempt.objects.latest("pk")
    days = dict(GasDay.objects.values_list("day", "reserved"))
    assert days == {yesterday: 0, budget.today(): second.cost}
    Attempt.objects.update(created_at=timezone.now() - dt.timedelta(seconds=61))
    sender.send()
    days = dict(GasDay.objects.values_list("day", "reserved"))
    assert days == {yesterday: 0, budget.today(): Attempt.objects.latest("pk").cost}
    assert Attempt.objects.latest("pk").cost > second.cost


def test_gas_counts_on_the_day_that_its_transaction_bears_also_when_midnight_passes_meanwhile(
    node: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the receipt takes from a day what that day never had, which its row refuses, round after round."""
    first, looks = budget.today(), count()
    monkeypatch.setattr(budget, "today", lambda: first + dt.timedelta(days=next(looks)))
    node.automine(False)
    pay(1)
    sender.send()
    for _ in range(2):  # the second time it is signed again, dearer
        row = OutgoingTransaction.objects.get()
        reserved = dict(GasDay.objects.filter(reserved__gt=0).values_list("day", "reserved"))
        assert reserved == {row.gas_day: row.reserved} == {row.gas_day: Attempt.objects.latest("pk").cost}
        Attempt.objects.update(created_at=timezone.now() - dt.timedelta(seconds=61))
        sender.send()
    assert Attempt.objects.count() == 3
    node.mine(1)
    sender.send()
    assert states() == [State.MINED]
    assert set(GasDay.objects.values_list("reserved", flat=True)) == {0}


def test_a_replacement_that_the_budget_has_no_room_for_waits(node: LocalChain, bounded: Any) -> None:
    node.automine(False)
    pay(1)
    sender.send()
    bounded(daily_gas_budget=Attempt.objects.get().cost + 1)
    Attempt.objects.update(created_at=timezone.now() - dt.timedelta(seconds=61))
    sender.send()
    assert Attempt.objects.count() == 1
    assert [alarm.kind for alarm in alarms.sounding()] == ["gas_budget"]


def test_a_rollups_own_fee_counts_as_spent() -> None:
    fields = {"transaction_hash": "0x", "block_number": "0x1", "block_hash": "0x", "status": "0x1"}
    receipt = Receipt(**fields, gas_used="0x5208", effective_gas_price="0x2", l1_fee="0x64")
    assert receipt.cost == 42_000 + 100


def at_once(count: int, work: Callable[[], object]) -> list[Exception]:
    """Run in so many threads that start together; what they raised."""
    start, problems = threading.Barrier(count), list[Exception]()

    def run() -> None:
        try:
            connection.ensure_connection()
            start.wait(20)
            work()
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_twenty_at_once_do_not_overspend(bounded: Any) -> None:
    bounded(daily_gas_budget=1000)
    problems = at_once(20, lambda: budget.reserve(CHAIN, 100, day=budget.today(), urgent=True))
    assert GasDay.objects.get().reserved == 1000
    assert [type(problem) for problem in problems] == [budget.Raced] * 10


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_control_twenty_that_look_first_and_take_then_overspend(bounded: Any) -> None:
    bounded(daily_gas_budget=1000)
    GasDay.objects.create(chain=CHAIN, day=budget.today())

    def naive() -> None:
        if (budget.left(CHAIN, urgent=True) or 0) >= 100:
            time.sleep(0.05)
            GasDay.objects.update(reserved=F("reserved") + 100)

    at_once(20, naive)
    assert GasDay.objects.get().reserved > 1000


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_twenty_senders_with_three_accounts_sign_no_more_than_the_budget(
    node: LocalChain, bounded: Any, settings: Any
) -> None:
    cost = one_costs(node)
    node.automine(False)
    bounded(daily_gas_budget=cost * 10)
    settings.RELAYER_KEY = f"{RELAYER_KEY},{SECOND_KEY},{THIRD_KEY}"
    for number in range(60):
        pay(number, urgent=True)
    accounts = signers()
    turn = iter(range(20))
    lock = threading.Lock()

    def work() -> None:
        with lock:
            account = accounts[next(turn) % 3]
        sender.sign(client(), account, 2)

    problems = at_once(20, work)
    assert {type(problem) for problem in problems} <= {budget.Raced}
    for _ in range(4):  # those that were too slow come again
        sender.send()
    signed = OutgoingTransaction.objects.exclude(state=State.QUEUED)
    day = GasDay.objects.get()
    assert day.reserved == sum(int(row.reserved) for row in signed) <= cost * 10
    assert signed.count() >= 9
    assert day.reserved == sum(each.cost for each in Attempt.objects.all())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_rounds_that_touch_two_days_do_not_wait_for_each_other(bounded: Any) -> None:
    """Days are written in falling order by everybody: else two rounds lock each other out."""
    days = [budget.today() - dt.timedelta(days=number) for number in range(2)]
    rows = [OutgoingTransaction(chain=CHAIN, gas_day=day, reserved=5) for day in days]
    GasDay.objects.bulk_create(GasDay(chain=CHAIN, day=day, reserved=5 * 20 * 20) for day in days)

    def work() -> None:
        for number in range(20):
            corrections = budget.Corrections(CHAIN)
            for row in rows if number % 2 else reversed(rows):
                corrections.released(row)
            with transaction.atomic():
                corrections.write()

    assert at_once(20, work) == []
    assert set(GasDay.objects.values_list("reserved", flat=True)) == {0}
