"""A registered DAO whose voters have delegated to themselves."""

from typing import Any

import pytest

from tests.chain.conftest import node as node  # noqa: PLC0414  (a fixture)
from tests.chain.local_chain import LocalChain
from tests.governance.guild import TOM, UMA, VIC, Guild


@pytest.fixture
def guild(node: LocalChain, db: Any) -> Guild:
    guild = Guild(node)
    for holder in (TOM, UMA, VIC):
        guild.delegate(holder)
    guild.pass_time(60)
    guild.register()
    guild.copy()
    return guild
