"""The market's contracts, deployed once a session; every test starts from the chain as it was after that."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.chain.local_chain import CHAIN, LocalChain
from tests.escrow.money import Market, deploy, register_all

deployed: list[dict[str, Any]] = []
before: list[Any] = []


@pytest.fixture(scope="session")
def local_chain() -> Iterator[LocalChain]:
    """anvil for the session, put back at its end to where it was; by the folder that came first, if several use it."""
    chain = LocalChain(settings.CHAINS[CHAIN]["rpc_url"])
    chain.automine()
    start = None if deployed else chain.rpc("evm_snapshot")
    yield chain
    if start is not None:
        deployed.clear()
        before.clear()
        chain.rpc("evm_revert", start)


def catch_up(chain: LocalChain) -> None:
    """A chain that was put back runs behind our clock; a real one does not."""
    newest = int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    if newest < time.time():
        chain.rpc("evm_increaseTime", int(time.time()) - newest)
    chain.mine()


@pytest.fixture
def market(local_chain: LocalChain, transactional_db: None) -> Market:
    """Ada's bakery, Ben's workshop and the escrow on chain, nothing bought yet."""
    local_chain.automine()
    if deployed:
        local_chain.rpc("anvil_dropAllTransactions")
        local_chain.rpc("evm_revert", before.pop())
        register_all(deployed)
    else:
        deployed.extend(deploy())
    before.append(local_chain.rpc("evm_snapshot"))
    catch_up(local_chain)
    return Market(local_chain)
