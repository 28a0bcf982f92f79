"""One command puts the market on a local chain; the deployer keeps no power over it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chain import market, watcher
from chain.client import client
from chain.models import Contract, Log
from tests.chain.local_chain import CHAIN, LocalChain

pytestmark = pytest.mark.django_db


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


@pytest.fixture
def deployed(node: LocalChain, db: None) -> list[str]:
    run("deploy_market")
    return node.rpc("eth_accounts")


def test_all_contracts_are_registered_and_their_logs_are_copied(deployed: list[str]) -> None:
    assert set(Contract.objects.values_list("name", flat=True)) == set(market.CONTRACTS)
    watcher.watch()
    for name in market.CONTRACTS:
        logs = Log.objects.of(Contract.objects.named(name))
        assert logs.exists()
        assert all(log.decoded for log in logs)


def test_the_timelock_obeys_the_governor_and_nobody_else(deployed: list[str]) -> None:
    node = client()
    governor, deployer = Contract.objects.named("GuildGovernor").address, deployed[0]
    for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
        name = node.read("GuildTimelock", role)
        assert node.read("GuildTimelock", "hasRole", name, governor) is True
        assert node.read("GuildTimelock", "hasRole", name, deployer) is False
    assert node.read("GuildTimelock", "hasRole", bytes(32), deployer) is False
    assert node.read("GuildTimelock", "getMinDelay") == 10
    assert node.read("MarketEscrow", "owner") == Contract.objects.named("GuildTimelock").address


def test_the_market_starts_with_its_terms_play_money_and_votes(deployed: list[str]) -> None:
    node = client()
    timelock, dollar = (Contract.objects.named(name).address for name in ("GuildTimelock", "TestDollar"))
    assert node.read("MarketEscrow", "params") == (250, timelock, 86_400, 259_200, 3_600)
    assert node.read("MarketEscrow", "params").feeBps == 250
    assert node.read("MarketEscrow", "allowedTokens", dollar) is True
    assert [node.read("TestDollar", "balanceOf", who) for who in deployed[1:6]] == [10_000_000_000] * 5
    assert [node.read("GuildToken", "getVotes", who) // 10**18 for who in deployed[3:6]] == [0, 300_000, 200_000]
    assert [node.read("GuildGovernor", name) for name in ("votingDelay", "votingPeriod")] == [5, 180]
    assert node.read("GuildGovernor", "quorumNumerator()") == 4


def test_deploying_again_changes_nothing(deployed: list[str]) -> None:
    before = list(Contract.objects.values_list("address", flat=True))
    assert "already" in run("deploy_market")
    assert list(Contract.objects.values_list("address", flat=True)) == before


def test_a_chain_that_was_reset_is_noticed(node: LocalChain, db: None) -> None:
    snapshot = node.rpc("evm_snapshot")
    run("deploy_market")
    node.rpc("evm_revert", snapshot)
    with pytest.raises(CommandError, match=r"the chain was reset.*bin/up --reset"):
        run("deploy_market")


def test_it_works_on_a_chain_that_mines_by_the_clock(node: LocalChain, db: None) -> None:
    node.automine(False)
    run("deploy_market")
    assert Contract.objects.count() == len(market.CONTRACTS)


@pytest.mark.parametrize("command", [("deploy_market",), ("advance_time", "1d")])
def test_a_chain_with_real_money_is_refused(db: None, settings: Any, command: tuple[str, ...]) -> None:
    settings.CHAIN_ID = "eip155:1"
    settings.CHAINS = {"eip155:1": settings.CHAINS[CHAIN]}
    with pytest.raises(CommandError, match="not a local chain"):
        run(*command)


def test_time_can_be_advanced_by_days(node: LocalChain, db: None) -> None:
    before = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    run("advance_time", "30d")
    after = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert 30 * 86_400 <= after - before < 30 * 86_400 + 100
    with pytest.raises(CommandError, match="not a span of time"):
        run("advance_time", "soon")


def test_the_status_says_what_is_copied_and_what_waits(deployed: list[str]) -> None:
    assert "Nothing is copied yet" in run("chain_status")
    watcher.watch()
    text = run("chain_status")
    assert "level with the head 0 s ago" in text
    assert "Outbox: empty." in text
