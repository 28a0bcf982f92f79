"""How proposals stand, counted anew from their rows: the Governor's own rules, by the chain's own clock."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate
from typing import Any

from django.db.models import Count, Q, Sum

from chain.models import Block
from governance.models import TERMINAL, Governor, Proposal, Setting, State, Step, Support, Vote

COUNTED = ("state", "votes_against", "votes_for", "votes_abstain", "voters", "quorum", "deadline", "eta", "final")
Kind = Step.Kind


class QuorumHistory:
    """GovernorVotesQuorumFraction.quorum(timepoint): supply × numerator / denominator as they were then.

    Read at its first use, in two queries.
    """

    def __init__(self, governor: Governor) -> None:
        self.governor = governor

    @cached_property
    def _supply(self) -> tuple[list[int], list[int]]:
        changes = self.governor.supply_changes.order_by("log__number", "log__log_index")
        rows = list(changes.values_list("timepoint", "delta"))
        return [row[0] for row in rows], list(accumulate(int(row[1]) for row in rows))

    @cached_property
    def _numerator(self) -> tuple[list[int], list[int]]:
        changes = self.governor.settings.filter(name=Setting.Name.QUORUM_NUMERATOR)
        rows = list(changes.order_by("log__number", "log__log_index").values_list("timepoint", "value"))
        return [row[0] for row in rows], [int(row[1]) for row in rows]

    def at(self, timepoint: int) -> int:
        """In base units of the token."""
        supply, numerator = self._last(self._supply, timepoint), self._last(self._numerator, timepoint)
        return supply * numerator // self.governor.quorum_denominator

    @staticmethod
    def _last(history: tuple[list[int], list[int]], timepoint: int) -> int:
        place = bisect_right(history[0], timepoint)
        return history[1][place - 1] if place else 0


def state_at(proposal: Proposal, clock: int, kinds: list[str]) -> State:
    """IGovernor.state() with GovernorTimelockControl, at a time of the governor's clock.

    `kinds` are the proposal's steps in chain order. The proposal's own figures must be counted.
    """
    if Kind.EXECUTED in kinds:
        return State.EXECUTED
    if Kind.CANCELED in kinds:
        return State.CANCELED
    if proposal.vote_start >= clock:
        return State.PENDING
    if proposal.deadline >= clock:
        return State.ACTIVE
    if not reached_quorum(proposal) or proposal.votes_for <= proposal.votes_against:
        return State.DEFEATED
    return _in_timelock(kinds) if Kind.QUEUED in kinds else State.SUCCEEDED


def _in_timelock(kinds: list[str]) -> State:
    """What became of the queued batch, also when the timelock was called directly and the governor was not told."""
    operation = [kind for kind in kinds if kind.startswith("operation")]
    last = operation[-1] if operation else Kind.OPERATION_SCHEDULED
    return {Kind.OPERATION_EXECUTED: State.EXECUTED, Kind.OPERATION_CANCELED: State.CANCELED}.get(last, State.QUEUED)  # type: ignore[call-overload, no-any-return]


def reached_quorum(proposal: Proposal) -> bool:
    """GovernorCountingSimple counts those for and those who abstain."""
    return int(proposal.quorum or 0) <= int(proposal.votes_for + proposal.votes_abstain)


class Counts:
    """All rows that a set of proposals is counted from, in three queries."""

    def __init__(self, proposals: Iterable[Proposal]) -> None:
        ids = [proposal.pk for proposal in proposals]
        votes = Vote.objects.filter(proposal__in=ids)
        self.tallies: dict[int, dict[str, Any]] = {
            int(row["proposal"]): dict(row)
            for row in votes.values("proposal").annotate(
                against=Sum("weight", filter=Q(support=Support.AGAINST), default=0),
                in_favour=Sum("weight", filter=Q(support=Support.FOR), default=0),
                abstain=Sum("weight", filter=Q(support=Support.ABSTAIN), default=0),
                voters=Count("pk", filter=Q(weight__gt=0)),
                seen=Count("pk", filter=Q(log__block__is_final=False)),
            )
        }
        self.steps: dict[int, list[Step]] = defaultdict(list)
        steps = Step.objects.filter(proposal__in=ids).select_related("log__block")
        for step in steps.order_by("log__number", "log__log_index"):
            self.steps[step.proposal_id].append(step)


def recount(governor: Governor, touched: set[int]) -> list[int]:
    """Count the `touched` and all unsettled proposals anew; the ids of those that now stand otherwise.

    A proposal is settled, and left alone from then on, when its end and all that it was counted from are final. Until
    then it is counted in every run, for a reorg takes rows away without telling anybody.
    """
    head = governor.latest_block()
    if head is None:
        return []
    proposals = list(governor.proposals.filter(Q(pk__in=touched) | Q(settled=False)).select_related("log__block"))
    if not proposals:
        return []
    last_final = Block.objects.filter(chain=governor.chain, is_final=True).order_by("-number").first()
    final_clock = governor.clock(last_final) if last_final else -1
    counts, quorums = Counts(proposals), QuorumHistory(governor)
    changed = []
    for proposal in proposals:
        before = [getattr(proposal, field) for field in (*COUNTED, "settled")]
        _count(proposal, counts, quorums, governor.clock(head), final_clock)
        if before != [getattr(proposal, field) for field in (*COUNTED, "settled")]:
            changed.append(proposal)
    Proposal.objects.bulk_update(changed, [*COUNTED, "settled"])
    return [proposal.pk for proposal in changed]


def _count(proposal: Proposal, counts: Counts, quorums: QuorumHistory, clock: int, final_clock: int) -> None:
    tally = counts.tallies.get(proposal.pk, {})
    steps = counts.steps[proposal.pk]
    proposal.votes_against = int(tally.get("against", 0))
    proposal.votes_for = int(tally.get("in_favour", 0))
    proposal.votes_abstain = int(tally.get("abstain", 0))
    proposal.voters = tally.get("voters", 0)
    proposal.quorum = quorums.at(proposal.vote_start) if clock > proposal.vote_start else None
    extended = [step.value for step in steps if step.kind == Kind.EXTENDED and step.value is not None]
    proposal.deadline = max([proposal.vote_end, *extended])
    proposal.eta = next((step.value for step in reversed(steps) if step.kind == Kind.QUEUED), None)
    kinds = [step.kind for step in steps]
    proposal.state = state_at(proposal, clock, kinds)
    derived_from = [proposal.log.block, *(step.log.block for step in steps)]
    proposal.final = not tally.get("seen", 0) and all(block.is_final for block in derived_from)
    same_when_final = state_at(proposal, final_clock, kinds) == proposal.state
    proposal.settled = proposal.state in TERMINAL and proposal.final and same_when_final
