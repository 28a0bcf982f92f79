"""A node that lags, lies or falls silent costs time, and nothing else."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from chain import reader, rpc, sender, watcher
from chain.client import client
from chain.models import Attempt, Block, CopyPosition, Log, OutgoingTransaction, State
from chain.outbox import submit
from chain.rpc import NodeUnreachable
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, LocalChain, fresh_address
from tests.chain.proxy import FaultyNode, planned

pytestmark = pytest.mark.django_db
SILENT = ["error_500", "html", "too_many", "dropped", "lost_answer"]


@pytest.fixture
def faulty(node: LocalChain, settings: Any) -> Iterator[FaultyNode]:
    """Everything of ours asks the proxy; the test asks the node."""
    proxy = FaultyNode(node.url)
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "rpc_url": proxy.url}}
    yield proxy
    proxy.close()


def same_as_chain(dollar: Dollar) -> bool:
    return list(Log.objects.in_order().values_list("block_hash", "log_index")) == dollar.node.logs(dollar.address)


@pytest.mark.parametrize("fault", SILENT)
def test_a_watcher_outlives_a_node_that_falls_silent(dollar: Dollar, faulty: FaultyNode, fault: str) -> None:
    dollar.mint(1)
    faulty.fault = fault
    assert watcher.watch() == watcher.Outcome.WAITING
    assert not Block.objects.exists()
    faulty.fault = "none"
    watcher.watch()
    assert same_as_chain(dollar)


@pytest.mark.parametrize("fault", SILENT)
def test_a_payment_whose_answer_is_lost_is_not_sent_as_another(
    node: LocalChain, faulty: FaultyNode, fault: str
) -> None:
    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    from chain.signing import signer

    sender.sign(client(), signer())
    faulty.fault = fault
    for _ in range(3):
        sender.send()
    faulty.fault = "none"
    for _ in range(3):
        sender.send()
        node.receipt(Attempt.objects.get().tx_hash)
    assert OutgoingTransaction.objects.get().state == State.MINED
    assert (Attempt.objects.count(), node.balance(fresh_address(1))) == (1, 7)


def test_a_lagging_node_loses_no_log(dollar: Dollar, faulty: FaultyNode) -> None:
    watcher.watch()
    faulty.fault = "lagging"
    for amount in range(1, 9):
        dollar.mint(amount)
        watcher.watch()
    faulty.fault = "none"
    watcher.watch()
    assert same_as_chain(dollar)


def test_two_backends_on_different_heads_lose_no_log(dollar: Dollar, faulty: FaultyNode) -> None:
    """Each request goes to a backend that may be behind the one before, also between heads and logs."""
    faulty.plan = planned(7, rate=0.5, faults=["lagging"])
    for amount in range(1, 30):
        dollar.mint(amount)
        watcher.watch(seconds=0.05)
    faulty.healthy()
    dollar.node.mine(3)
    watcher.watch()
    assert same_as_chain(dollar)
    assert Log.objects.count() == 29


def test_control_a_reader_that_trusts_the_head_number_loses_logs_to_a_lagging_node(
    dollar: Dollar, faulty: FaultyNode
) -> None:
    """The naive range reader: head number from one backend, logs by number from another."""
    found, copied = [], dollar.contract.deployed_block
    for amount in range(1, 9):
        dollar.mint(amount)
        head = client().head()
        faulty.fault = "lagging" if amount % 2 else "none"
        question = {"fromBlock": hex(copied + 1), "toBlock": hex(head), "address": dollar.address}
        found += client().rpc("eth_getLogs", question)
        copied = head
    assert len(found) < len(dollar.node.logs(dollar.address)) == 8


def test_a_node_that_names_a_head_far_ahead_makes_nothing_final(dollar: Dollar, faulty: FaultyNode) -> None:
    dollar.mint(1)
    watcher.watch()
    faulty.fault = "future_head"
    for _ in range(3):
        watcher.watch()
    assert not Log.objects.final().exists()
    faulty.fault = "none"
    dollar.node.mine(2)
    watcher.watch()
    assert Log.objects.final().count() == 1


def test_a_node_that_hides_logs_of_a_new_block_is_not_believed(dollar: Dollar, faulty: FaultyNode) -> None:
    watcher.watch()
    faulty.fault = "empty_logs"
    dollar.node.mine(1)
    assert watcher.watch() == watcher.Outcome.LEVEL  # that block really has none
    dollar.mint(1)
    assert watcher.watch() == watcher.Outcome.WAITING
    faulty.fault = "none"
    watcher.watch()
    assert same_as_chain(dollar)
    assert Log.objects.count() == 1


def test_control_without_the_bloom_filter_hidden_logs_are_lost(
    dollar: Dollar, faulty: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher.watch()
    monkeypatch.setattr(reader, "may_hold", lambda header, address: False)
    faulty.fault = "empty_logs"
    dollar.mint(1)
    watcher.watch()
    faulty.fault = "none"
    watcher.watch()
    assert not same_as_chain(dollar)


def test_a_stale_head_takes_nothing_back(dollar: Dollar, faulty: FaultyNode) -> None:
    for amount in (1, 2, 3):
        dollar.mint(amount)
    watcher.watch()
    faulty.fault = "stale_head"
    assert watcher.watch() == watcher.Outcome.LEVEL
    assert Log.objects.count() == 3


def test_a_call_to_a_silent_node_says_so(dollar: Dollar, faulty: FaultyNode) -> None:
    for fault in ("error_500", "html"):
        faulty.fault = fault
        with pytest.raises(NodeUnreachable):
            client().read("TestDollar", "totalSupply")


def test_an_answer_that_drips_is_given_up_although_a_byte_always_comes(
    dollar: Dollar, faulty: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc, "ANSWER_SECONDS", 0.3)
    faulty.fault = "drip"
    began = time.monotonic()
    assert watcher.watch() == watcher.Outcome.WAITING
    assert time.monotonic() - began < 3


def test_a_node_that_hides_logs_of_a_short_range_is_not_believed(dollar: Dollar, faulty: FaultyNode) -> None:
    """What a watcher catches up with after a pause is read as a range."""
    dollar.mint(1)
    dollar.node.mine(20)
    faulty.fault = "empty_logs"
    assert watcher.watch() == watcher.Outcome.WAITING
    faulty.healthy()
    watcher.watch()
    assert same_as_chain(dollar) and Log.objects.count() == 1


def test_control_without_the_bloom_filter_logs_hidden_from_a_range_are_lost(
    dollar: Dollar, faulty: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "may_hold", lambda header, address: False)
    dollar.mint(1)
    dollar.node.mine(20)
    faulty.fault = "empty_logs"
    watcher.watch()
    faulty.healthy()
    watcher.watch()
    assert not same_as_chain(dollar)


def test_a_backend_of_another_chain_gives_no_payment_up_that_was_made(node: LocalChain, faulty: FaultyNode) -> None:
    """There the same account has used the nonce long ago, and no receipt of ours exists."""
    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    sender.send()
    node.mine(1)
    Attempt.objects.update(created_at="2020-01-01T00:00Z")
    faulty.fault = "wrong_chain"
    for _ in range(3):
        sender.send()
    assert OutgoingTransaction.objects.get().state == State.SENT
    faulty.healthy()
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.MINED


def test_a_backend_of_another_chain_among_the_answers_of_one_step_freezes_nothing(
    dollar: Dollar, faulty: FaultyNode
) -> None:
    """The first request of a reorg's step sees our chain, the second would see every block replaced, final ones too."""
    dollar.node.mine(4)
    dollar.mint(1)
    watcher.watch()
    dollar.node.reorg(1, [[dollar.minting(9), 0]])
    faulty.plan = iter(["none", *["wrong_chain"] * 9])
    assert watcher.watch() == watcher.Outcome.WAITING
    faulty.healthy()
    watcher.watch()
    assert not CopyPosition.objects.get().frozen_at
    assert same_as_chain(dollar)
