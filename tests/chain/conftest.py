"""A local chain that forgets what a test did to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as django_settings

from chain.models import Contract
from chain.registry import register
from tests.chain.local_chain import CHAIN, LocalChain, begin_anew


@pytest.fixture
def node() -> Iterator[LocalChain]:
    """anvil, put back afterwards to where it was."""
    chain = LocalChain(django_settings.CHAINS[CHAIN]["rpc_url"])
    chain.automine()
    # A snapshot does not hold it, and hundreds of empty blocks of another test let it fall to a few wei.
    chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    chain.mine()
    snapshot = chain.rpc("evm_snapshot")
    begin_anew()
    yield chain
    chain.automine()
    chain.rpc("anvil_dropAllTransactions")
    assert chain.rpc("evm_revert", snapshot), "The chain could not be put back."


@pytest.fixture
def mine(node: LocalChain) -> Callable[[int], None]:
    return node.mine


@pytest.fixture
def chain_reorg(node: LocalChain) -> Callable[..., None]:
    return node.reorg


@dataclass
class Dollar:
    """A watched TestDollar whose mints make logs."""

    node: LocalChain
    contract: Contract

    @property
    def address(self) -> str:
        return self.contract.address

    def mint(self, amount: int = 1) -> str:
        return self.node.mint(self.address, amount)

    def minting(self, amount: int = 1) -> dict[str, str]:
        return self.node.minting(self.address, amount)


@pytest.fixture
def dollar(node: LocalChain, db: Any) -> Dollar:
    address, block = node.deploy("TestDollar")
    return Dollar(node, register(chain=CHAIN, name="TestDollar", address=address, deployed_block=block))


@pytest.fixture
def bounded(settings: Any) -> Callable[..., None]:
    """Set options of the chain, such as max_in_flight or daily_gas_budget, for one test."""

    def bound(**options: Any) -> None:
        settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], **options}}

    return bound
