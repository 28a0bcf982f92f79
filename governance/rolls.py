"""Votes as the list of a proposal shows them."""

from dataclasses import dataclass

from governance.models import Governor, Support, Vote
from governance.words import amount, number


@dataclass(frozen=True)
class ShownVote:
    """One row of the list of votes."""

    vote: Vote
    weight: str
    exact: str
    label: str
    tone: str


def show_vote(vote: Vote, governor: Governor) -> ShownVote:
    tone = {Support.FOR: "good", Support.AGAINST: "loss", Support.ABSTAIN: "none"}[Support(vote.support)]
    exact = amount(vote.weight, governor.token, None)
    return ShownVote(vote, number(vote.weight, governor.token.decimals), exact, vote.get_support_display(), tone)
