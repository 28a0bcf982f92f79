"""Proposals with all that their pages need, in a number of queries that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Prefetch, QuerySet

from chain.models import Block, CopyPosition
from governance.facts import Facts
from governance.models import Governor, Proposal, Step, Vote
from governance.power import checked_address
from governance.presentation import Shown, show
from governance.rolls import ShownVote, show_vote
from governance.tally import QuorumHistory

VOTES_SHOWN = 50


class Reading(NamedTuple):
    """How far a governor's past is read: the block that is copied, the newest there is, and what was made of it."""

    name: str
    copied: int
    head: int
    proposals: int
    votes: int

    @classmethod
    def of(cls, governor: Governor) -> Reading:
        position = CopyPosition.objects.filter(pk=governor.chain).first()
        copied, head = (position.copied_number, position.head_number) if position else (-1, -1)
        votes = Vote.objects.filter(proposal__governor=governor).count()
        return cls(governor.slug, copied, head, governor.proposals.count(), votes)


def governor_named(name: str) -> QuerySet[Governor]:
    """By slug or by address."""
    address = checked_address(name)
    by_name = {"address": address} if address else {"slug": name}
    return Governor.objects.select_related("token").filter(**by_name)


def for_show(proposals: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """With what `shown` needs: two queries."""
    steps = Prefetch("steps", Step.objects.select_related("log__block"))
    return proposals.select_related("governor__token", "log__block").prefetch_related(steps)


def shown(governor: Governor, proposals: Iterable[Proposal]) -> list[Shown]:
    """The proposals of one governor as they stand at the newest copied block; nothing before there is one."""
    block: Block | None = governor.latest_block()
    if block is None:
        return []
    facts, quorums = Facts.of(governor), QuorumHistory(governor)
    return [show(proposal, facts, block, quorums) for proposal in proposals]


def votes_of(proposal: Proposal, after: int = 0, **only: Any) -> tuple[list[ShownVote], int | None]:
    """Up to VOTES_SHOWN votes, heaviest first, from place `after` on; and the place of the next ones, if there are.

    `only`: those with this support, or of this voter.
    """
    votes = Vote.objects.filter(proposal=proposal, weight__gt=0, **only)
    votes = votes.select_related("log__block").order_by("-weight", "id")
    rows = list(votes[after : after + VOTES_SHOWN + 1])
    following = after + VOTES_SHOWN if len(rows) > VOTES_SHOWN else None
    return [show_vote(vote, proposal.governor) for vote in rows[:VOTES_SHOWN]], following


def standing_context(proposal: Proposal) -> dict[str, Any]:
    """What the part of the page that changes by itself is rendered from; `shown` is missing without any block."""
    votes, following = votes_of(proposal)
    found = shown(proposal.governor, [proposal])
    return {
        "governor": proposal.governor,
        "proposal": proposal,
        "shown": found[0] if found else None,
        "votes": votes,
        "following": following,
    }
