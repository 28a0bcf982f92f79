"""Several sending accounts: the work is shared, a stuck one holds nobody up, and each signs only what it may."""

import datetime as dt
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chain import alarms, nonces, sender
from chain.client import client
from chain.models import Attempt, OutgoingTransaction, SendingAccount, State
from chain.outbox import KeyReused, capacity, submit
from chain.signing import LocalKey, signers
from tests.chain.local_chain import CHAIN, RELAYER, RELAYER_KEY, LocalChain, fresh_address

pytestmark = pytest.mark.django_db
# Accounts 1 and 2 of anvil's well-known mnemonic.
SECOND_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
THIRD_KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
SECOND, THIRD = LocalKey(SECOND_KEY).address, LocalKey(THIRD_KEY).address


@pytest.fixture
def three(settings: Any) -> None:
    settings.RELAYER_KEY = f"{RELAYER_KEY}, {SECOND_KEY}\n{THIRD_KEY}"


def pay(number: int, **options: Any) -> OutgoingTransaction:
    return submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=7, **options)


def look_now() -> None:
    OutgoingTransaction.objects.update(checked_at=None)
    SendingAccount.objects.update(balance_at=None)


def test_payments_are_shared_by_all_accounts_and_each_keeps_its_nonces_in_a_row(node: LocalChain, three: None) -> None:
    for number in range(30):
        pay(number)
    sender.send()
    assert Counter(OutgoingTransaction.objects.values_list("sender", flat=True)) == {RELAYER: 10, SECOND: 10, THIRD: 10}
    for attempt in Attempt.objects.all():
        node.receipt(attempt.tx_hash)
    assert [node.balance(fresh_address(number)) for number in range(30)] == [7] * 30
    for account in SendingAccount.objects.all():
        used = OutgoingTransaction.objects.filter(sender=account.address).order_by("nonce")
        assert list(used.values_list("nonce", flat=True)) == list(range(account.next_nonce - 10, account.next_nonce))


def test_an_account_has_no_more_in_flight_than_a_node_takes(node: LocalChain, bounded: Any) -> None:
    bounded(max_in_flight=3)
    node.automine(False)
    for number in range(8):
        pay(number)
    for _ in range(3):
        sender.send()
    counts = Counter(OutgoingTransaction.objects.values_list("state", flat=True))
    assert counts == {State.SENT: 3, State.QUEUED: 5}
    node.mine(1)
    sender.send()
    assert OutgoingTransaction.objects.filter(state=State.SENT).count() == 3
    assert OutgoingTransaction.objects.filter(state=State.MINED).count() == 3


def test_a_stuck_account_does_not_hold_up_the_others(node: LocalChain, bounded: Any, settings: Any) -> None:
    bounded(max_in_flight=3)
    settings.RELAYER_KEY = f"{RELAYER_KEY},{SECOND_KEY}"
    node.automine(False)
    for number in range(2):
        pay(number, sender=SECOND)
    sender.send()
    node.rpc("anvil_setBalance", SECOND, "0x0")  # what it signed cannot be mined any more
    node.automine()
    for number in range(2, 12):
        pay(number)
    for _ in range(12):
        sender.send()
        node.mine(1)
    stuck = OutgoingTransaction.objects.filter(sender=SECOND)
    assert set(stuck.values_list("state", flat=True)) <= {State.SIGNED, State.SENT}
    assert [node.balance(fresh_address(number)) for number in range(2, 12)] == [7] * 10


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_several_senders_at_once_do_not_exceed_what_an_account_may_have_in_flight(
    node: LocalChain, bounded: Any
) -> None:
    bounded(max_in_flight=5)
    node.automine(False)
    for number in range(40):
        pay(number)

    def work() -> None:
        try:
            sender.sign(client(), signers()[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert nonces.in_flight(CHAIN, RELAYER) == 5


def test_what_names_a_sender_is_signed_by_it_alone(node: LocalChain, three: None, settings: Any) -> None:
    settings.RELAYER_ROLES = {"arbiter": THIRD}
    pay(1, sender=SECOND.lower())
    pay(2, sender="arbiter")
    for number in range(3, 9):
        pay(number)
    sender.send()
    by = dict(OutgoingTransaction.objects.values_list("key", "sender"))
    assert (by["pay 1"], by["pay 2"]) == (SECOND, THIRD)
    assert THIRD not in [by[f"pay {number}"] for number in range(3, 9)]  # who has a role does nothing else
    with pytest.raises(KeyReused):
        pay(2, sender=SECOND)


def test_what_names_a_sender_without_a_key_waits_and_says_so(node: LocalChain) -> None:
    pay(1, sender="arbiter")
    sender.send()
    row = OutgoingTransaction.objects.get()
    assert (row.state, row.last_error) == (State.QUEUED, "No key of the sender arbiter is here.")
    assert [(alarm.kind, alarm.subject) for alarm in alarms.sounding()] == [("queue", "arbiter")]


def test_a_payment_that_one_account_cannot_afford_is_made_by_another(node: LocalChain, settings: Any) -> None:
    settings.RELAYER_KEY = f"{RELAYER_KEY},{SECOND_KEY}"
    node.rpc("anvil_setBalance", SECOND, "0x1")
    for number in range(4):
        pay(number)
    for _ in range(3):
        sender.send()
    assert set(OutgoingTransaction.objects.values_list("sender", flat=True)) == {RELAYER}


def test_a_low_account_is_an_alarm_that_ends_when_it_is_funded(node: LocalChain) -> None:
    node.rpc("anvil_setBalance", RELAYER, hex(10**12))
    sender.send()
    (alarm,) = alarms.sounding()
    assert (alarm.kind, alarm.subject) == ("low_balance", RELAYER)
    assert "0.000001" in alarm.sentence
    assert capacity().low == (RELAYER,)
    assert "short of funds" in capacity().problem
    node.rpc("anvil_setBalance", RELAYER, hex(10**18))
    look_now()
    sender.send()
    assert alarms.sounding() == []
    assert (capacity().low, capacity().problem) == ((), "")


def test_the_low_mark_may_be_an_amount(node: LocalChain, bounded: Any) -> None:
    bounded(low_balance=10**30)
    sender.send()
    assert [alarm.kind for alarm in alarms.sounding()] == ["low_balance"]


def test_what_waits_long_is_an_alarm(node: LocalChain) -> None:
    node.automine(False)
    pay(1)
    submit(key="rich", to=fresh_address(2), data=b"", value=10**30)
    sender.send()
    long_ago = timezone.now() - dt.timedelta(minutes=11)
    OutgoingTransaction.objects.update(created_at=long_ago)
    Attempt.objects.update(created_at=long_ago)
    sender.send()
    assert {alarm.kind for alarm in alarms.sounding()} == {"queue", "stuck"}
    assert "insufficient funds" in next(alarm.sentence for alarm in alarms.sounding() if alarm.kind == "queue")
