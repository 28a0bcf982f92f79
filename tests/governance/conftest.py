"""A DAO whose voters have delegated to themselves: deployed once a run, found unchanged by every test."""

from typing import Any

import pytest
from django.conf import settings

from tests.chain.conftest import node as node  # noqa: PLC0414  (a fixture)
from tests.chain.local_chain import CHAIN, LocalChain
from tests.governance.guild import TOM, UMA, VIC, Guild

made: list[Guild] = []


@pytest.fixture
def deployed() -> Guild:  # asked for before the node's snapshot, so that it stays
    """The run's DAO; another one where a test has rewritten the blocks in which it was deployed."""
    chain = LocalChain(settings.CHAINS[CHAIN]["rpc_url"])
    if not made or chain.rpc("eth_getCode", made[-1].governor, "latest") == "0x":
        chain.automine()
        guild = Guild(chain)
        for holder in (TOM, UMA, VIC):
            guild.delegate(holder)
        made.append(guild)
    return made[-1]


@pytest.fixture
def guild(deployed: Guild, node: LocalChain, db: Any) -> Guild:
    deployed.node = node
    deployed.pass_time(60)
    deployed.register()
    deployed.copy()
    return deployed
