"""What is stuck, dropped, overtaken or lost: the same nonce pays at most once, and nothing waits behind a gap."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as relaxed
from hypothesis import strategies as st

from chain import abi, alarms, nonces, preparing, sender, watcher
from chain.client import client
from chain.models import Attempt, GasDay, OutgoingTransaction, State
from chain.outbox import submit
from chain.quotes import Quotes
from chain.rpc import NodeRefused
from chain.signing import Fees, signer
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, MINTER, RELAYER, LocalChain, fresh_address, relayer
from tests.chain.proxy import FaultyNode

pytestmark = pytest.mark.django_db


def pay(number: int, **options: Any) -> OutgoingTransaction:
    return submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=7, **options)


def states() -> list[str]:
    return list(OutgoingTransaction.objects.order_by("pk").values_list("state", flat=True))


def make_old(**times: int) -> None:
    """Pretend that attempts were made, or sent, so many seconds ago."""
    Attempt.objects.update(**{name: timezone.now() - dt.timedelta(seconds=value) for name, value in times.items()})


def paid(node: LocalChain, count: int) -> list[int]:
    return [node.balance(fresh_address(number)) for number in range(count)]


# ── replacement ──
@given(old=st.builds(Fees, st.integers(1, 10**15), st.integers(0, 10**12)), market=st.integers(0, 10**14))
@relaxed(deadline=None, database=None)
def test_replacing_bytes_are_dear_enough_for_every_node(old: Fees, market: int) -> None:
    """geth's rule, the strictest in use: at least 110 % of both fees, and more than before."""
    new = old.bumped(Fees(market, market), 10**18)
    assert all(after * 100 >= before * 110 and after > before for before, after in zip(old, new, strict=True))
    assert new.replaces(old)
    assert not Fees(old.max_fee * 111 // 100, old.priority_fee + 1).replaces(old)


def test_the_node_takes_the_dearer_bytes_in_place_of_the_first_and_no_cheaper_ones(node: LocalChain) -> None:
    node.automine(False)
    pay(1)
    sender.send()
    make_old(created_at=61)
    sender.send()
    pool = node.rpc("txpool_content")["pending"]
    (waiting,) = next(each for address, each in pool.items() if address.lower() == RELAYER.lower()).values()
    first, second = Attempt.objects.order_by("pk")
    assert waiting["hash"] == second.tx_hash
    row = OutgoingTransaction.objects.get()
    cheaper = relayer().sign(
        chain_id=31337, nonce=row.nonce or 0, to=row.to, data=b"", value=8, gas=first.gas,
        fees=Fees(int(second.max_fee), int(second.priority_fee)),
    )  # fmt: skip
    with pytest.raises(NodeRefused, match="underpriced"):
        client().rpc("eth_sendRawTransaction", "0x" + cheaper.raw.hex())


def test_only_the_payment_that_blocks_the_others_is_made_dearer(node: LocalChain) -> None:
    node.automine(False)
    for number in range(5):
        pay(number)
    sender.send()
    make_old(created_at=61)
    sender.send()
    assert [row.attempts.count() for row in OutgoingTransaction.objects.order_by("nonce")] == [2, 1, 1, 1, 1]


def test_whatever_offers_less_than_the_base_fee_is_made_dearer(node: LocalChain) -> None:
    node.automine(False)
    for number in range(3):
        pay(number)
    sender.send()
    make_old(created_at=61)
    node.rpc("anvil_setNextBlockBaseFeePerGas", hex(80 * 10**9))
    node.rpc("anvil_dropAllTransactions")
    node.mine(1)
    sender.send()
    assert [row.attempts.count() for row in OutgoingTransaction.objects.order_by("nonce")] == [2, 2, 2]
    node.mine(1)
    sender.send()
    assert states() == [State.MINED] * 3


def test_at_the_fee_cap_a_payment_waits_and_alarms_until_it_is_mined(node: LocalChain, bounded: Any) -> None:
    node.automine(False)
    pay(1)
    sender.send()
    bounded(max_fee_cap=int(Attempt.objects.get().max_fee) + 1)
    make_old(created_at=61)
    sender.send()
    assert Attempt.objects.count() == 1
    assert "fee cap" in OutgoingTransaction.objects.get().last_error
    assert [alarm.kind for alarm in alarms.sounding()] == ["fee_cap"]
    node.mine(1)
    sender.send()
    assert (states(), alarms.sounding()) == ([State.MINED], [])


def test_gas_dearer_than_the_cap_takes_no_nonce(node: LocalChain, bounded: Any) -> None:
    bounded(max_fee_cap=1000)
    pay(1)
    sender.send()
    row = OutgoingTransaction.objects.get()
    assert (row.state, row.nonce) == (State.QUEUED, None)
    assert "cheaper" in row.last_error
    assert [alarm.kind for alarm in alarms.sounding()] == ["fee_cap"]
    bounded(max_fee_cap=500 * 10**9)
    sender.send()
    assert (states(), alarms.sounding()) == ([State.SENT], [])


def test_a_payment_that_needs_more_gas_by_now_is_replaced_with_more(dollar: Dollar) -> None:
    node = dollar.node
    node.mint(dollar.address, 5, to=RELAYER)
    submit(key="pay", to=dollar.address, data=abi.encode_call("TestDollar", "transfer", fresh_address(1), 5))
    sender.sign(client(), signer())
    needed = Attempt.objects.get().gas
    Attempt.objects.update(gas=30_000)  # as if the contract had needed less when it was signed
    make_old(created_at=61)
    sender.bump(client(), signer())
    assert Attempt.objects.latest("pk").gas == needed


def test_running_out_of_gas_is_told_as_such(dollar: Dollar, monkeypatch: pytest.MonkeyPatch) -> None:
    node = dollar.node
    node.mint(dollar.address, 5, to=RELAYER)
    submit(key="pay", to=dollar.address, data=abi.encode_call("TestDollar", "transfer", fresh_address(1), 5))
    real = preparing.quote
    monkeypatch.setattr(preparing, "quote", lambda *a: Quotes(*real(*a)[:4], [30_000]))
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    node.mine(3)
    sender.send()
    watcher.watch()
    sender.send()
    row = OutgoingTransaction.objects.get()
    assert (row.state, row.refusal) == (
        State.FAILED,
        "It needed more gas than was estimated for it. It can be tried again.",
    )


# ── dropped, and gaps ──
def test_a_dropped_first_nonce_does_not_hold_up_the_others_for_long(node: LocalChain) -> None:
    node.automine(False)
    for number in range(3):
        pay(number)
    sender.send()
    first = OutgoingTransaction.objects.order_by("nonce")[0]
    node.rpc("anvil_dropTransaction", first.tx_hash)
    node.mine(1)
    sender.send()
    assert State.MINED not in states()
    make_old(broadcast_at=11)
    sender.send()
    node.mine(1)
    sender.send()
    assert (states(), paid(node, 3), Attempt.objects.count()) == ([State.MINED] * 3, [7] * 3, 3)


def test_bytes_that_no_node_takes_leave_others_their_turn(node: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "IN_A_REQUEST", 2)
    node.automine(False)
    for number in range(2):
        pay(number)
    sender.sign(client(), signer())
    Attempt.objects.update(raw=b"\x02\x00")
    for number in range(2, 4):
        pay(number)
    sender.sign(client(), signer())
    sender.broadcast(client())
    sender.broadcast(client())
    assert Attempt.objects.filter(broadcast_at__isnull=True).count() == 0
    assert states() == [State.SIGNED] * 2 + [State.SENT] * 2


@pytest.fixture
def behind_a_gap(node: LocalChain, monkeypatch: pytest.MonkeyPatch) -> int:
    """A payment behind a nonce that a foreign transaction had used, until a reorg took it back; returns that nonce."""
    pay(0)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    used = int(node.rpc("eth_getTransactionCount", RELAYER, "latest"), 16)
    real = preparing.quote
    monkeypatch.setattr(preparing, "quote", lambda *asked: real(*asked)._replace(used=used + 1))
    pay(1)
    sender.send()
    monkeypatch.setattr(preparing, "quote", real)
    assert OutgoingTransaction.objects.get(key="pay 1").nonce == used + 1
    return used


def test_a_gap_among_the_nonces_is_filled_by_the_next_payment(node: LocalChain, behind_a_gap: int) -> None:
    pay(2)
    sender.send()
    assert OutgoingTransaction.objects.get(key="pay 2").nonce == behind_a_gap
    for attempt in Attempt.objects.all():
        node.receipt(attempt.tx_hash)
    assert paid(node, 3) == [7] * 3


def test_a_gap_is_filled_by_a_transfer_to_ourselves_when_nothing_else_is_sent(
    node: LocalChain, behind_a_gap: int
) -> None:
    make_old(created_at=61)
    sender.send()
    filler = OutgoingTransaction.objects.get(key__startswith="gap")
    assert (filler.to, filler.value, filler.nonce) == (RELAYER, 0, behind_a_gap)
    node.mine(1)
    sender.send()
    assert (states(), paid(node, 2)) == ([State.MINED] * 3, [7] * 2)


# ── lost nonces ──
@pytest.fixture
def secretive(node: LocalChain, settings: Any) -> Iterator[FaultyNode]:
    """A node that hides receipts when told to."""
    proxy = FaultyNode(node.url)
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "rpc_url": proxy.url}}
    yield proxy
    proxy.close()


def test_a_payment_whose_receipt_is_hidden_is_never_taken_for_lost(node: LocalChain, secretive: FaultyNode) -> None:
    """Without its receipt and with its nonce used at the final height: still ours, so nobody is to pay it again."""
    pay(0)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    node.mine(5)
    watcher.watch()
    make_old(created_at=61)
    secretive.fault = "no_receipt"
    for _ in range(3):
        sender.send()
    assert states() == [State.UNKNOWN]
    make_old(created_at=700)
    sender.send()
    assert {alarm.kind for alarm in alarms.sounding()} == {"unknown"}
    secretive.fault = "none"
    sender.send()
    sender.send()
    assert (states(), alarms.sounding()) == ([State.FINAL], [])


def test_control_to_take_a_missing_receipt_for_a_proof_would_lose_a_payment_that_was_made(
    node: LocalChain, secretive: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nonces, "used_by", lambda *a: "0x" + "00" * 32)
    pay(0)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    node.mine(5)
    watcher.watch()
    make_old(created_at=61)
    secretive.fault = "no_receipt"
    sender.send()
    sender.send()
    assert (states(), node.balance(fresh_address(0))) == ([State.REPLACED], 7)


def test_a_mined_payment_whose_receipt_a_lagging_node_lacks_stays_mined(
    node: LocalChain, secretive: FaultyNode
) -> None:
    pay(0)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    secretive.fault = "no_receipt"
    OutgoingTransaction.objects.update(checked_at=None)
    sender.send()
    assert states() == [State.MINED]


@pytest.mark.parametrize("distance", [0, 1, 6])
def test_who_used_a_nonce_is_found_wherever_it_was(node: LocalChain, distance: int) -> None:
    nonce = int(node.rpc("eth_getTransactionCount", RELAYER, "latest"), 16)
    node.send(MINTER, sender=RELAYER, value=1)
    wanted = node.send(MINTER, sender=RELAYER, value=1)
    node.send(MINTER, sender=RELAYER, value=1)
    node.mine(distance)
    assert nonces.used_by(client(), RELAYER, nonce + 1, node.head()) == wanted


def test_a_node_without_old_states_cannot_tell_and_nothing_is_guessed(
    node: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pruned(*asked: Any) -> int:
        raise NodeRefused("missing trie node")

    monkeypatch.setattr(nonces, "_count", pruned)
    assert nonces.used_by(client(), RELAYER, 0, node.head()) is None


def test_a_key_that_is_used_elsewhere_is_an_alarm_that_stays(node: LocalChain) -> None:
    pay(0)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    thief = node.send(MINTER, sender=RELAYER, value=1)
    pay(1)
    sender.send()
    sender.send()
    (alarm,) = alarms.sounding()
    assert (alarm.kind, alarm.subject) == ("foreign_nonce", RELAYER)
    node.receipt(OutgoingTransaction.objects.get(key="pay 1").tx_hash or "")
    assert (paid(node, 2), len(thief)) == ([7, 7], 66)


def test_a_replaced_payment_gives_its_gas_back_to_the_budget(node: LocalChain) -> None:
    node.automine(False)
    pay(0)
    sender.send()
    node.rpc("anvil_dropAllTransactions")
    node.automine()
    thief = node.send(MINTER, sender=RELAYER, value=1)
    node.mine(3)
    watcher.watch()
    make_old(created_at=61)
    sender.send()
    sender.send()
    assert states() == [State.REPLACED]
    assert thief in OutgoingTransaction.objects.get().last_error
    assert set(GasDay.objects.values_list("reserved", flat=True)) == {0}
