"""What is submitted once is carried out at most once, and the row says how it ended."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chain import abi, confirm, sender, watcher
from chain.client import client
from chain.models import Attempt, CopyPosition, OutgoingTransaction, SendingAccount, State
from chain.outbox import KeyReused, submit
from chain.signing import signer
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, MINTER, RELAYER, LocalChain, fresh_address

pytestmark = pytest.mark.django_db


def pay(number: int, value: int = 7) -> OutgoingTransaction:
    return submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=value)


def states() -> list[str]:
    return list(OutgoingTransaction.objects.order_by("pk").values_list("state", flat=True))


def make_old(**times: int) -> None:
    """Pretend that attempts were made, or sent, so many seconds ago."""
    Attempt.objects.update(**{name: timezone.now() - dt.timedelta(seconds=value) for name, value in times.items()})


def look_now() -> None:
    """Pretend that what is mined was last looked at long ago."""
    OutgoingTransaction.objects.update(checked_at=None)


def test_a_submitted_payment_is_sent_mined_and_final(node: LocalChain) -> None:
    row = pay(1)
    assert (row.state, row.tx_hash) == (State.QUEUED, None)
    sender.send()
    assert states() == [State.SENT]
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    assert states() == [State.MINED]
    node.mine(2)
    watcher.watch()
    sender.send()
    row.refresh_from_db()
    assert row.state == State.FINAL
    assert row.tx_hash == Attempt.objects.get().tx_hash
    assert node.balance(fresh_address(1)) == 7


def test_the_same_key_gives_the_same_row_and_pays_once(node: LocalChain) -> None:
    assert pay(1) == pay(1)
    sender.send()
    assert pay(1).state == State.SENT
    sender.send()
    assert Attempt.objects.count() == 1


def test_a_key_cannot_be_used_for_another_payment(db: None) -> None:
    pay(1)
    with pytest.raises(KeyReused):
        pay(1, value=8)


def test_a_submission_that_is_rolled_back_is_never_sent(node: LocalChain) -> None:
    with transaction.atomic():
        pay(1)
        transaction.set_rollback(True)
    sender.send()
    assert node.balance(fresh_address(1)) == 0


def test_what_the_contract_refuses_says_why_and_uses_no_nonce(dollar: Dollar) -> None:
    data = abi.encode_call("TestDollar", "transfer", fresh_address(1), 5)
    row = submit(key="too much", to=dollar.address, data=data)
    pay(2)
    sender.send()
    row.refresh_from_db()
    assert (row.state, row.nonce) == (State.FAILED, None)
    assert row.refusal == abi.artefact("TestDollar")["errors"]["ERC20InsufficientBalance(address,uint256,uint256)"]
    assert OutgoingTransaction.objects.get(key="pay 2").state == State.SENT


def test_what_the_chain_reverts_fails_when_the_block_is_final(dollar: Dollar) -> None:
    node = dollar.node
    node.mint(dollar.address, 5, to=RELAYER)
    node.automine(False)
    data = abi.encode_call("TestDollar", "transfer", fresh_address(1), 5)
    for key in ("first", "second"):
        submit(key=key, to=dollar.address, data=data)
    sender.send()  # both look possible now; only one is when they are mined
    node.mine(1)
    sender.send()
    assert states() == [State.MINED, State.MINED]
    node.mine(2)
    watcher.watch()
    sender.send()
    assert states() == [State.FINAL, State.FAILED]
    assert "does not say why" not in OutgoingTransaction.objects.get(key="second").refusal


def test_a_node_that_cannot_take_it_now_leaves_it_queued(node: LocalChain) -> None:
    row = pay(1, value=10**30)
    pay(2)
    sender.send()
    row.refresh_from_db()
    assert row.state == State.QUEUED
    assert "insufficient funds" in row.last_error.lower()
    assert OutgoingTransaction.objects.get(key="pay 2").state == State.SENT


def test_a_stuck_payment_is_replaced_by_dearer_bytes_of_the_same_nonce(node: LocalChain) -> None:
    node.automine(False)
    pay(1)
    sender.send()
    make_old(created_at=61)
    sender.send()
    first, second = Attempt.objects.order_by("pk")
    assert second.max_fee * 8 >= first.max_fee * 9
    assert second.priority_fee * 8 >= first.priority_fee * 9
    assert second.broadcast_at
    node.mine(1)
    sender.send()
    row = OutgoingTransaction.objects.get()
    assert (row.state, row.tx_hash) == (State.MINED, second.tx_hash)
    assert node.balance(fresh_address(1)) == 7


def test_a_payment_whose_fee_no_node_accepts_any_more_is_made_dearer(node: LocalChain) -> None:
    pay(1)
    sender.sign(client(), signer())
    node.automine(False)
    node.rpc("anvil_setNextBlockBaseFeePerGas", hex(80 * 10**9))
    node.mine(1)
    sender.broadcast(client())
    make_old(created_at=61)
    sender.send()
    node.mine(1)
    sender.send()
    assert states() == [State.MINED]
    assert (Attempt.objects.count(), node.balance(fresh_address(1))) == (2, 7)


def test_the_first_attempt_may_be_mined_after_a_second_was_signed(node: LocalChain) -> None:
    pay(1)
    sender.send()
    first = Attempt.objects.get()
    node.receipt(first.tx_hash)
    make_old(created_at=61)
    sender.bump(client(), signer())
    sender.broadcast(client())
    sender.send()
    row = OutgoingTransaction.objects.get()
    assert (row.state, row.tx_hash) == (State.MINED, first.tx_hash)
    assert node.balance(fresh_address(1)) == 7


@pytest.mark.parametrize("seconds", [3, 11])
def test_a_payment_that_the_node_forgot_is_sent_again_with_the_same_bytes(
    node: LocalChain, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    if seconds > 10:  # long enough for a node that does not say what it has
        monkeypatch.setattr(confirm, "_catch_up", lambda *_: None)
    node.automine(False)
    pay(1)
    sender.send()
    node.rpc("anvil_dropAllTransactions")
    make_old(broadcast_at=seconds)
    sender.send()
    node.mine(1)
    sender.send()
    assert states() == [State.MINED]
    assert Attempt.objects.count() == 1


def test_a_mined_payment_that_is_reorged_away_is_sent_again(node: LocalChain) -> None:
    node.mine(2)
    pay(1)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    assert states() == [State.MINED]
    node.reorg(1)
    node.rpc("anvil_dropAllTransactions")
    assert node.balance(fresh_address(1)) == 0
    look_now()
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    assert states() == [State.MINED]
    assert (node.balance(fresh_address(1)), Attempt.objects.count()) == (7, 1)


def test_after_a_reorg_what_was_mined_does_not_keep_later_payments_waiting(node: LocalChain) -> None:
    node.mine(2)
    pay(1)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    assert states() == [State.MINED]
    node.reorg(1)
    node.rpc("anvil_dropAllTransactions")
    node.automine(False)
    pay(2)
    for _ in range(3):
        sender.send()
    node.mine(1)
    sender.send()
    assert states() == [State.MINED, State.MINED]
    assert [node.balance(fresh_address(each)) for each in (1, 2)] == [7, 7]


def test_a_nonce_used_by_somebody_else_is_unknown_first_and_replaced_when_that_is_final(node: LocalChain) -> None:
    node.automine(False)
    pay(1)
    sender.send()
    node.rpc("anvil_dropAllTransactions")
    node.automine()
    node.send(MINTER, sender=RELAYER, value=1)  # takes the nonce
    sender.send()
    assert states() == [State.UNKNOWN]
    make_old(created_at=61)
    sender.send()
    assert states() == [State.UNKNOWN]  # not final: it could still be ours
    node.mine(3)
    watcher.watch()
    sender.send()
    row = OutgoingTransaction.objects.get()
    assert row.state == State.REPLACED
    assert "not carried out" in row.refusal
    pay(2)
    sender.send()
    node.receipt(OutgoingTransaction.objects.get(key="pay 2").tx_hash or "")
    assert (node.balance(fresh_address(1)), node.balance(fresh_address(2))) == (0, 7)


def test_an_unknown_payment_whose_receipt_turns_up_is_mined(node: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    pay(1)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    real = confirm._look
    monkeypatch.setattr(confirm, "_look", lambda *a: confirm.View({}, real(*a).used, {}, real(*a).used_finally, -1))
    sender.send()
    assert states() == [State.UNKNOWN]
    monkeypatch.setattr(confirm, "_look", real)
    sender.send()
    assert states() == [State.MINED]


def test_a_refusal_by_a_node_that_is_behind_our_copy_is_not_believed(dollar: Dollar) -> None:
    watcher.watch()
    CopyPosition.objects.update(copied_number=dollar.node.head() + 5)
    data = abi.encode_call("TestDollar", "transfer", fresh_address(1), 5)
    submit(key="too early", to=dollar.address, data=data)
    sender.send()
    assert states() == [State.QUEUED]


def test_a_state_cannot_be_left_by_a_move_that_the_table_does_not_have(db: None) -> None:
    row = pay(1)
    with pytest.raises(ValueError, match="no move"):
        row.move(State.FINAL)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_several_senders_at_once_share_the_work_without_a_gap_or_a_duplicate(node: LocalChain) -> None:
    for number in range(60):
        pay(number)
    problems: list[Any] = []

    def work() -> None:
        try:
            for _ in range(6):
                sender.send()
        except Exception as problem:  # shown by the assertion
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sender.send()
    assert problems == []
    nonces = sorted(OutgoingTransaction.objects.values_list("nonce", flat=True))
    assert nonces == list(range(nonces[0], nonces[0] + 60))
    assert SendingAccount.objects.get(chain=CHAIN).next_nonce == nonces[-1] + 1
    node.mine(1)  # what came before its turn may be left over by a node that mines when something comes
    for attempt in Attempt.objects.all():
        node.receipt(attempt.tx_hash)
    assert [node.balance(fresh_address(number)) for number in range(60)] == [7] * 60
