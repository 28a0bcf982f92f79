"""A DAO whose voters have delegated to themselves: deployed once a run, found unchanged by every test."""

from typing import Any

import pytest
from django.conf import settings

from tests.chain.conftest import node as node  # noqa: PLC0414  (a fixture)
from tests.chain.local_chain import CHAIN, LocalChain
from tests.governance.guild import TOM, UMA, VIC, Guild

made: list[Guild] = []


def deployed() -> Guild:
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
def guild(node: LocalChain, db: Any) -> Guild:
    found = deployed()
    found.node = node
    found.pass_time(60)
    found.register()
    found.copy()
    return found
