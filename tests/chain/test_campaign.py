"""Hundreds of transactions, an ill node, a chain that reorganizes: no log lost, none made up, everybody paid once."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chain.registry import register
from tests.chain.campaign import NETWORK, Campaign, NaiveRange, Verdict, impatient
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN
from tests.chain.other_chain import other_chain
from tests.chain.proxy import FAULTS, FaultyNode

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def dollar(transactional_db: None) -> Iterator[Dollar]:
    """On a chain of its own, so that a seed repeats itself: anvil loses old states after some hundred reorgs."""
    with other_chain() as chain:
        chain.automine()
        address, block = chain.deploy("TestDollar")
        yield Dollar(chain, register(chain=CHAIN, name="TestDollar", address=address, deployed_block=block))


@pytest.fixture
def proxy(dollar: Dollar, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyNode]:
    """Everything of ours asks the proxy; the test asks the node."""
    found = FaultyNode(dollar.node.url)
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], **NETWORK, "rpc_url": found.url}}
    impatient(monkeypatch, found)
    monkeypatch.setattr(logging.getLogger("chain"), "level", logging.CRITICAL)  # thousands of lines about faults
    yield found
    found.close()


def campaign(dollar: Dollar, proxy: FaultyNode, seed: int, transactions: int, **how: Any) -> Verdict:
    found = Campaign(dollar.node, dollar.address, proxy, seed).run(transactions, **how)
    print(found)  # noqa: T201  (shown of a failure; with -rP of every seed)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_short_campaign_of_faults_and_reorgs_loses_nothing(dollar: Dollar, proxy: FaultyNode, seed: int) -> None:
    assert campaign(dollar, proxy, seed, 60).clean


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 120))
def test_a_long_campaign_of_faults_and_reorgs_loses_nothing(
    dollar: Dollar, proxy: FaultyNode, seed: int, record_property: Any
) -> None:
    found = campaign(dollar, proxy, seed, 400)
    record_property("figures", found.figures)
    assert found.clean
    assert set(found.figures["faults"]) == {"none", *FAULTS}


def test_control_a_reader_of_ranges_by_number_loses_logs_in_the_same_campaign(
    dollar: Dollar, proxy: FaultyNode
) -> None:
    naive = NaiveRange(dollar.address, dollar.contract.deployed_block)
    found = Campaign(dollar.node, dollar.address, proxy, 1, reader=naive).run(60)
    assert found.lost and found.phantom
