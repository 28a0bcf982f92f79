"""A DAO whose voters have delegated to themselves: deployed once a run, found unchanged by every test."""

from typing import Any

import pytest
from django.conf import settings

from tests.chain.conftest import node as node  # noqa: PLC0414  (a fixture)
from tests.chain.local_chain import CHAIN, LocalChain
from tests.governance.guild import TOM, UMA, VIC, Guild


@pytest.fixture(scope="session")
def deployed() -> Guild:
    chain = LocalChain(settings.CHAINS[CHAIN]["rpc_url"])
    chain.automine()
    guild = Guild(chain)
    for holder in (TOM, UMA, VIC):
        guild.delegate(holder)
    return guild


@pytest.fixture
def guild(deployed: Guild, node: LocalChain, db: Any) -> Guild:
    deployed.node = node
    deployed.pass_time(60)
    deployed.register()
    deployed.copy()
    return deployed
