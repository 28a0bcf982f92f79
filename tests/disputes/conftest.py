"""The escrow's market on a real chain, with an arbiter whose key the outbox holds, and moderators."""

from typing import Any

import pytest

from settings.local.services import ARBITER_ADDRESS, ARBITER_KEY, RELAYER_KEY
from tests.disputes.case import Case
from tests.escrow.conftest import local_chain, market
from tests.escrow.money import Market

__all__ = ["local_chain", "market"]


@pytest.fixture
def case(market: Market, settings: Any) -> Case:
    """A deposit of which something is earned and nothing paid out."""
    settings.RELAYER_KEY = f"{RELAYER_KEY},{ARBITER_KEY}"
    settings.RELAYER_ROLES = {"arbiter": ARBITER_ADDRESS}
    return Case(market)
