"""Of a busy contract only the kinds of events that somebody needs are asked for and stored."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils.crypto import keccak

from chain import abi, reader, rpc, watcher
from chain.client import client
from chain.models import Contract, Log
from chain.reader import NodeMoved
from chain.registry import register
from chain.wanted import Wanted, questions
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, HELPER, LocalChain
from tests.chain.proxy import FaultyNode

pytestmark = pytest.mark.django_db
TRANSFER, APPROVAL = ("0x" + keccak(text=f"{kind}(address,address,uint256)").hex() for kind in ("Transfer", "Approval"))


@pytest.fixture
def approved(node: LocalChain) -> Contract:
    """A dollar of which only approvals are wanted."""
    address, block = node.deploy("TestDollar")
    return register(chain=CHAIN, name="Other", address=address, deployed_block=block, topics=[APPROVAL])


def approve(node: LocalChain, contract: Contract) -> None:
    node.send(contract.address, abi.encode_call("TestDollar", "approve", HELPER, 5))


def names(contract: Contract | str) -> list[str]:
    return [log.decoded.name for log in Log.objects.of(contract).in_order()]


@pytest.mark.parametrize("blocks", [0, 70], ids=["near-the-head", "in-the-past"])
def test_what_nobody_needs_is_not_copied_and_everything_else_is(
    dollar: Dollar, approved: Contract, blocks: int
) -> None:
    for _ in range(3):
        dollar.mint()
        dollar.node.mint(approved.address, 1)
    approve(dollar.node, dollar.contract)
    approve(dollar.node, approved)
    dollar.node.mine(blocks)
    watcher.watch()
    assert names(dollar.contract) == ["Transfer"] * 3 + ["Approval"]
    assert names(approved) == ["Approval"]


def test_contracts_of_the_same_kinds_share_a_question() -> None:
    wanted = [Wanted("0x02", (APPROVAL,)), Wanted("0x01"), Wanted("0x03", (APPROVAL,)), Wanted("0x04")]
    asked = [(of["address"], of.get("topics")) for _, (of,) in questions(wanted, fromBlock="0x0")]
    assert asked == [(["0x01", "0x04"], None), (["0x02", "0x03"], [[APPROVAL]])]


def test_a_node_that_gives_other_kinds_than_were_asked_for_is_not_believed(
    node: LocalChain, approved: Contract
) -> None:
    node.mint(approved.address, 1)
    answer = client().node.batch([("eth_getLogs", [{"fromBlock": "0x0", "address": approved.address}])])[0]
    logs = rpc.read(answer, list[rpc.LogEntry])
    assert logs
    with pytest.raises(NodeMoved, match="not asked for"):
        reader.sane(logs, [Wanted(approved.address, (APPROVAL,))], 0, node.head())
    assert reader.sane(logs, [Wanted(approved.address, (APPROVAL, TRANSFER))], 0, node.head()) == logs


def test_an_event_of_a_wanted_kind_cannot_be_hidden_and_the_others_cost_no_question(
    node: LocalChain, approved: Contract, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = FaultyNode(node.url)
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "rpc_url": proxy.url}}
    try:
        watcher.watch()
        node.mint(approved.address, 1)
        proxy.fault = "empty_logs"
        assert watcher.watch() == watcher.Outcome.LEVEL, "a transfer is no approval"
        approve(node, approved)
        assert watcher.watch() == watcher.Outcome.WAITING
        proxy.fault = "none"
        watcher.watch()
        assert names(approved) == ["Approval"]
    finally:
        proxy.close()


def test_the_witness_is_asked_for_the_same(dollar: Dollar, approved: Contract, bounded: Callable[..., None]) -> None:
    proxy = FaultyNode(dollar.node.url)
    bounded(witness_url=proxy.url)
    try:
        dollar.node.mint(approved.address, 1)
        approve(dollar.node, approved)
        dollar.mint(7)
        dollar.node.mine(3)
        watcher.watch()
        assert [log.decoded.name for log in Log.objects.final().in_order()] == ["Approval", "Transfer"]
    finally:
        proxy.close()


def test_a_contract_is_not_registered_for_other_events_later(approved: Contract) -> None:
    again = {"chain": CHAIN, "name": "Other", "address": approved.address, "deployed_block": approved.deployed_block}
    assert register(**again, topics=[APPROVAL.upper().replace("X", "x")]) == approved
    with pytest.raises(ValueError, match="other events"):
        register(**again)
