"""A reorg between any two steps of a vote's life: in the end the mirror says what the contract and its logs say."""

from collections.abc import Callable, Iterator

import pytest

from chain import watcher
from governance import services
from governance.models import State, Vote
from governance.rebuilding import differences
from tests.chain.local_chain import CHAIN
from tests.chain.reorgs import FATES, reorg
from tests.governance.guild import DELAY, TOM, UMA, Guild, Voting

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
Step = Callable[[], object]


def look() -> None:
    for _ in range(3):
        watcher.watch(CHAIN)


def mirror() -> None:
    services.mirror(CHAIN)


def until(voting: Voting, moment: str) -> Voting:
    """The vote, once that moment of it is over, and so deep that no reorg here turns the clock back.

    A vote that is mined again before its time, or after it, is refused by the contract: another story.
    """
    newest = int(voting.guild.node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    left = voting.read(moment, voting.id) + 1 - newest
    if left > 0:
        voting.guild.pass_time(left)
        voting.guild.node.mine(2)
    return voting


def life(guild: Guild, text: str, made: list[Voting]) -> Iterator[Step]:
    """From proposal to execution, watcher and mirror as steps of their own."""
    yield lambda: made.append(guild.propose(guild.set_fee(300), text))
    yield look
    yield mirror
    yield lambda: until(made[-1], "proposalSnapshot")
    yield lambda: until(made[-1], "proposalSnapshot").vote(TOM, 1)
    yield look
    yield mirror
    yield lambda: until(made[-1], "proposalSnapshot").vote(UMA, 0, "Too much.")
    yield look
    yield mirror
    yield lambda: until(made[-1], "proposalDeadline")
    yield lambda: until(made[-1], "proposalDeadline").act("queue")
    yield look
    yield mirror
    yield lambda: until(made[-1], "proposalEta")
    yield lambda: until(made[-1], "proposalEta").act("execute")
    yield look
    yield mirror


def test_a_reorg_between_any_two_steps_of_a_vote_changes_nothing_in_the_end(guild: Guild) -> None:
    votes_under_reorgs(guild, FATES)


@pytest.mark.long
@pytest.mark.parametrize("fate", FATES)
def test_each_kind_of_reorg_between_any_two_steps_of_a_vote_changes_nothing(guild: Guild, fate: str) -> None:
    votes_under_reorgs(guild, [fate])


def votes_under_reorgs(guild: Guild, fates: list[str]) -> None:
    """One vote for each place, with a reorg there; the fates of its transactions take turns."""
    guild.node.mine(4)
    made: list[Voting] = []
    places = len(list(life(guild, "", [])))
    undone = 0
    for place in range(1, places + 1):
        for number, step in enumerate(life(guild, f"Place {place}", made), 1):
            step()
            if number == place:
                undone += reorg(guild.node, 2, fates[place % len(fates)])
    assert undone > 3, "the reorgs hit no transaction"
    look()
    mirror()
    for voting in made:
        assert voting.same_as_contract().state == State.EXECUTED
    assert Vote.objects.count() == 2 * places
    guild.node.mine(3)
    look()
    mirror()
    assert differences() == []


def test_a_vote_whose_block_is_orphaned_between_watching_and_mirroring_is_not_counted(guild: Guild) -> None:
    """The page shows what was seen; what is gone by the time the mirror comes must not be shown, nor come back."""
    voting = guild.propose(guild.set_fee(300), "Gone in between")
    guild.pass_time(DELAY + 1)
    guild.copy()
    voting.vote(TOM, 1)
    look()
    guild.node.reorg(1)
    guild.node.mine(1)
    mirror()
    assert Vote.objects.count() == 1, "the mirror reads the copied chain, which does not know yet"
    look()
    assert Vote.objects.count() == 0, "the database takes the vote back with its block"
    mirror()
    assert voting.same_as_contract().votes_for == 0
