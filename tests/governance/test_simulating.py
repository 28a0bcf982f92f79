"""Whether a proposal would work is tried on the chain before anybody votes, and the page says as of which block."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chain import abi, rpc
from chain.client import NodeRefused
from governance import simulating
from governance.models import Governor, Proposal, Simulation
from tests.governance.guild import STRANGER, TOM, UMA, Guild
from tests.governance.test_pages import active, plain

pytestmark = pytest.mark.django_db


def calls(*made: tuple[str, bytes]) -> tuple[list[str], list[int], list[bytes]]:
    return [each[0] for each in made], [0] * len(made), [each[1] for each in made]


def tried(guild: Guild, *made: tuple[str, bytes]) -> Simulation:
    voting = guild.propose(calls(*made), f"Try {len(made)}")
    guild.copy()
    return simulating.simulate(voting.row())


def dollars(guild: Guild, amount: int) -> tuple[str, bytes]:
    return guild.dollar, abi.encode_call("TestDollar", "transfer", STRANGER, amount)


def without_simulate(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = rpc.Rpc.batch

    def refuse(self: rpc.Rpc, asked: Any, **more: Any) -> Any:
        if asked[0][0] == "eth_simulateV1":
            return [NodeRefused("the method eth_simulateV1 does not exist", -32601)]
        return honest(self, asked, **more)

    monkeypatch.setattr(rpc.Rpc, "batch", refuse)


def test_what_works_is_said_with_its_block_and_what_does_not_with_its_reason(client: Client, guild: Guild) -> None:
    voting = active(guild)
    url = voting.row().get_absolute_url()
    assert "It has not been tried on the chain yet." in plain(client.get(url))
    assert simulating.simulate_due() == 1
    row = Simulation.objects.get()
    assert (row.outcome, row.block_number) == ("succeeds", guild.node.head())
    assert f"Tried on the chain as of block {row.block_number}: it would succeed." in plain(client.get(url))
    bad = guild.propose(guild.set_fee(2_000), "Too much")
    guild.copy()
    simulating.simulate_due()
    page = plain(client.get(bad.row().get_absolute_url()))
    assert "call 1 would fail, and with it the whole proposal" in page
    assert Simulation.objects.get(proposal_id=bad.id).reason in page.replace("&#x27;", "'")


def test_calls_see_what_those_before_them_did(guild: Guild) -> None:
    mint = guild.dollar, abi.encode_call("TestDollar", "mint", guild.timelock, 5)
    row = tried(guild, mint, dollars(guild, 5))
    assert (row.outcome, row.together) == ("succeeds", True)
    row = tried(guild, dollars(guild, 5), mint)
    assert (row.outcome, row.failing) == ("fails", 0)
    assert "There is not enough of this token" in row.reason


def test_a_node_without_simulation_tries_each_call_alone(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> None:
    without_simulate(monkeypatch)
    mint = guild.dollar, abi.encode_call("TestDollar", "mint", guild.timelock, 5)
    row = tried(guild, mint, dollars(guild, 5))
    assert (row.outcome, row.failing, row.together) == ("fails", 1, False)
    period = guild.governor, abi.encode_call("GuildGovernor", "setVotingPeriod", 500)
    assert tried(guild, period).outcome == "succeeds"


def test_a_change_of_the_voting_contract_itself_is_tried_as_its_own_execution_would(guild: Guild) -> None:
    period = guild.governor, abi.encode_call("GuildGovernor", "setVotingPeriod", 500)
    quorum = guild.governor, abi.encode_call("GuildGovernor", "updateQuorumNumerator", 5)
    assert tried(guild, period, quorum).outcome == "succeeds"
    row = tried(guild, guild_quorum(guild, 101))
    assert (row.outcome, row.failing) == ("fails", 0)
    assert "quorum" in row.reason
    Governor.objects.update(is_own=False)
    row = tried(guild, guild_quorum(guild, 6))
    assert row.outcome == "unknown", "nothing is claimed of storage that is not known"


def guild_quorum(guild: Guild, percent: int) -> tuple[str, bytes]:
    return guild.governor, abi.encode_call("GuildGovernor", "updateQuorumNumerator", percent)


def test_open_proposals_are_tried_again_and_decided_ones_are_left_alone(guild: Guild) -> None:
    voting = active(guild)
    assert simulating.simulate_due() == 1
    assert simulating.simulate_due() == 0
    Simulation.objects.update(tried_at=timezone.now() - timedelta(minutes=2))
    assert simulating.simulate_due() == 1
    Simulation.objects.update(tried_at=timezone.now() - timedelta(minutes=2))
    Proposal.objects.filter(proposal_id=voting.id).update(state="canceled")
    assert simulating.simulate_due() == 0


def test_a_silent_node_leaves_what_was_known(guild: Guild, settings: Any) -> None:
    active(guild)
    simulating.simulate_due()
    before = Simulation.objects.get()
    Simulation.objects.update(tried_at=timezone.now() - timedelta(minutes=2))
    from tests.chain.local_chain import CHAIN

    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "rpc_url": "http://127.0.0.1:9"}}
    simulating.simulate_due()
    assert Simulation.objects.get().block_number == before.block_number


def test_votes_are_found_by_side_and_by_address(client: Client, guild: Guild) -> None:
    voting = active(guild)
    voting.vote(TOM, 1, "For it.")
    voting.vote(UMA, 0, "Against it.")
    guild.copy()
    url = voting.row().get_absolute_url()
    page = plain(client.get(url + "?side=0"))
    assert "Against it." in page
    assert "For it." not in page
    page = plain(client.get(url + f"?voter={TOM.lower()}"))
    assert "For it." in page
    assert "Against it." not in page
    assert "No vote fits." in plain(client.get(url + f"?voter={STRANGER}"))
    assert "This is not an address." in plain(client.get(url + "?voter=0x12"))
