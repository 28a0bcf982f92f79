"""The mirror equals the contracts at every block, whatever kind of governor; a less careful one would not."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from governance import projection, tally
from governance.models import Proposal
from tests.chain.conftest import node as node  # noqa: PLC0414  (a fixture)
from tests.chain.local_chain import LocalChain
from tests.governance.campaign import Campaign, Differs
from tests.governance.dao import KINDS

pytestmark = pytest.mark.django_db
SHORT, LONG = 60, 500
SEED = 1


@pytest.fixture
def ticking(node: LocalChain) -> Iterator[LocalChain]:
    yield node
    node.rpc("anvil_removeBlockTimestampInterval")


@pytest.mark.parametrize("kind", ["time, late, keyed", "badges", "4.9"])
def test_at_every_block_of_a_short_campaign_the_mirror_says_what_the_contract_says(
    ticking: LocalChain, kind: str
) -> None:
    campaign = Campaign(ticking, KINDS[kind], SEED)
    campaign.run(SHORT)
    happened = campaign.happened()
    alone = [happened.pop(name) for name in ("executed on the timelock alone", "canceled on the timelock")]
    assert any(alone)
    assert all(happened.values()), happened


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_at_every_block_of_a_long_campaign_the_mirror_says_what_the_contract_says(
    ticking: LocalChain, kind: str, seed: int
) -> None:
    campaign = Campaign(ticking, KINDS[kind], seed)
    campaign.run(LONG)
    assert all(campaign.happened().values()), campaign.happened()


def counting_on(patch: pytest.MonkeyPatch) -> None:
    """Each vote is added once to what was counted before, as a handler of events would."""
    tallies: dict[int, dict[str, Any]] = {}
    counted: set[int] = set()

    class Increments(tally.Counts):
        def __init__(self, proposals: Any) -> None:
            super().__init__(proposals)
            sides = {0: "against", 1: "in_favour", 2: "abstain"}
            for vote in tally.Vote.objects.exclude(pk__in=counted):
                counted.add(vote.pk)
                mine = tallies.setdefault(vote.proposal_id, dict.fromkeys([*sides.values(), "voters"], 0))
                mine[sides[vote.support]] += vote.weight
            self.tallies = tallies

    patch.setattr(tally, "Counts", Increments)


def deaf_to_parameters(patch: pytest.MonkeyPatch) -> None:
    heard = projection.said

    def said(*log: Any) -> Any:
        what = heard(*log)
        return None if what and what.name == "VoteCastWithParams" else what

    patch.setattr(projection, "said", said)


def deaf_to_the_timelock(patch: pytest.MonkeyPatch) -> None:
    """As if what is done there were told by the governor: a queued proposal waits until the governor says otherwise."""
    patch.setattr(projection, "OPERATIONS", {"CallScheduled": projection.OPERATIONS["CallScheduled"]})


def ending_when_it_was_to_end(patch: pytest.MonkeyPatch) -> None:
    real = tally.state_at

    def state_at(proposal: Proposal, *more: Any) -> Any:
        proposal.deadline = proposal.vote_end
        return real(proposal, *more)

    patch.setattr(tally, "state_at", state_at)


@pytest.mark.parametrize("careless", [counting_on, deaf_to_parameters, deaf_to_the_timelock, ending_when_it_was_to_end])
def test_a_less_careful_mirror_is_found_out_by_the_same_campaign(
    ticking: LocalChain, monkeypatch: pytest.MonkeyPatch, careless: Callable[[pytest.MonkeyPatch], None]
) -> None:
    careless(monkeypatch)
    campaign = Campaign(ticking, KINDS["time, late, keyed"], SEED)
    with pytest.raises(Differs):
        campaign.run(SHORT)


def blind_to_badges(patch: pytest.MonkeyPatch) -> None:
    """As if what is made and burnt were amounts: a badge's number is none, so that the supply stays as it was."""
    patch.setattr(projection, "TokenKind", SimpleNamespace(ERC721="none"))


def test_a_mirror_that_takes_badges_for_amounts_is_found_out(
    ticking: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind_to_badges(monkeypatch)
    campaign = Campaign(ticking, KINDS["badges"], SEED)
    with pytest.raises(Differs):
        campaign.run(SHORT)
