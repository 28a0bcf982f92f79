"""How proposals stand, counted anew from their rows: the Governor's own rules, by the chain's own clock."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q, Sum

from chain.models import Block
from governance.models import (
    TERMINAL,
    Governor,
    Proposal,
    QuorumKind,
    Setting,
    State,
    Step,
    Support,
    TimelockKind,
    Vote,
)
from governance.projection import address_of

COUNTED = ("state", "votes_against", "votes_for", "votes_abstain", "voters", "quorum", "deadline", "eta", "final")
WRITTEN = (*COUNTED, "settled")
Kind = Step.Kind
SUPPLIES = """
SELECT asked.at, (SELECT coalesce(sum(delta), 0) FROM governance_supplychange
                  WHERE governor_id = %s AND timepoint <= asked.at)
FROM unnest(%s::bigint[]) AS asked(at)
"""


class QuorumHistory:
    """quorum(timepoint): of GovernorVotesQuorumFraction supply × numerator / denominator as they were then.

    Of a governor whose quorum is asked, the number that it gave last: an estimate for what has not begun.
    """

    def __init__(self, governor: Governor, timepoints: Iterable[int] = ()) -> None:
        """`timepoints` are read in one query; every other one costs one of its own."""
        self.governor = governor
        self._ahead, self._supplies = set(timepoints), dict[int, int]()

    def at(self, timepoint: int) -> int:
        """In base units of the token."""
        if self.governor.quorum_kind == QuorumKind.ASKED:
            return self._said
        place = bisect_right(self._numerator[0], timepoint)
        numerator = self._numerator[1][place - 1] if place else 0
        return self._supply(timepoint) * numerator // self.governor.quorum_denominator

    @cached_property
    def _numerator(self) -> tuple[list[int], list[int]]:
        changes = self.governor.settings.filter(name=Setting.Name.QUORUM_NUMERATOR)
        rows = list(changes.order_by("log__number", "log__log_index").values_list("timepoint", "value"))
        return [row[0] for row in rows], [int(row[1]) for row in rows]

    @cached_property
    def _said(self) -> int:
        known = self.governor.proposals.filter(quorum_said__isnull=False).order_by("-vote_start")
        return int(known.values_list("quorum_said", flat=True).first() or self.governor.constants.get("quorum", 0))

    def _supply(self, timepoint: int) -> int:
        if timepoint not in self._supplies:
            with connection.cursor() as cursor:
                cursor.execute(SUPPLIES, [self.governor.pk, list(self._ahead | {timepoint})])
                self._supplies |= {at: int(supply) for at, supply in cursor.fetchall()}
            self._ahead.clear()
        return self._supplies[timepoint]


class Moment(NamedTuple):
    """When a governor is asked: its own clock, the chain's unix time, and the timelock that it has then."""

    clock: int
    now: int
    timelock: str


def moment_of(governor: Governor, block: Block | None) -> Moment:
    """A block's moment; before all time without one."""
    if block is None:
        return Moment(-1, -1, "")
    return Moment(governor.clock(block), block.timestamp, timelock_at(governor, block.number).lower())


def timelock_at(governor: Governor, number: int) -> str:
    """The timelock that the governor had after a block; empty without any."""
    changes = governor.settings.filter(name=Setting.Name.TIMELOCK, log__number__lte=number)
    value = changes.order_by("-log__number", "-log__log_index").values_list("value", flat=True).first()
    return governor.timelock if value is None or not governor.timelock else address_of(int(value))


def state_at(proposal: Proposal, moment: Moment, steps: list[Step]) -> State:
    """IGovernor.state() with what the governor's kind of timelock adds to it.

    `steps` in chain order, with their logs. The proposal's own figures must be counted.
    """
    kinds = [step.kind for step in steps]
    if Kind.EXECUTED in kinds:
        return State.EXECUTED
    if Kind.CANCELED in kinds:
        return State.CANCELED
    if proposal.vote_start >= moment.clock:
        return State.PENDING
    if proposal.deadline >= moment.clock:
        return State.ACTIVE
    if not reached_quorum(proposal) or proposal.votes_for <= proposal.votes_against:
        return State.DEFEATED
    return _in_timelock(proposal, moment, steps) if Kind.QUEUED in kinds else State.SUCCEEDED


def _in_timelock(proposal: Proposal, moment: Moment, steps: list[Step]) -> State:
    """What became of the queued batch, also when the timelock was called directly and the governor was not told.

    The governor asks the timelock that it has now: one that never heard of the batch makes it canceled.
    """
    governor = proposal.governor
    if governor.timelock_kind == TimelockKind.COMPOUND:
        expires = (proposal.eta or 0) + (governor.grace or 0)
        return State.EXPIRED if moment.now >= expires else State.QUEUED
    told = [step.kind for step in steps if step.kind.startswith("operation") and step.log.address == moment.timelock]
    last = told[-1] if told else Kind.OPERATION_CANCELED
    return {Kind.OPERATION_EXECUTED: State.EXECUTED, Kind.OPERATION_CANCELED: State.CANCELED}.get(last, State.QUEUED)  # type: ignore[call-overload, no-any-return]


def reached_quorum(proposal: Proposal) -> bool:
    """GovernorCountingSimple counts those for and those who abstain."""
    return int(proposal.quorum or 0) <= int(proposal.votes_for + proposal.votes_abstain)


class Counts:
    """All rows that a set of proposals is counted from, in three queries; PostgreSQL adds up."""

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
            )
        }
        # From the few blocks that are not final, not from all votes.
        self.seen = set(votes.filter(log__block__is_final=False).values_list("proposal", flat=True).distinct())
        self.steps: dict[int, list[Step]] = defaultdict(list)
        steps = Step.objects.filter(proposal__in=ids).select_related("log__block")
        for step in steps.order_by("log__number", "log__log_index"):
            self.steps[step.proposal_id].append(step)


def recount(
    governor: Governor, touched: set[int], *, head: Block | None = None, all_of_them: bool = False
) -> list[int]:
    """Count the `touched` and all unsettled proposals anew; the ids of those that now stand otherwise.

    A proposal is settled, and left alone from then on, when its end and all that it was counted from are final. Until
    then it is counted in every run, for a reorg takes rows away without telling anybody.
    """
    head = head or governor.latest_block()
    if head is None:
        return []
    wanted = Q() if all_of_them else Q(pk__in=touched) | Q(settled=False)
    proposals = list(governor.proposals.filter(wanted).select_related("log__block"))
    if not proposals:
        return []
    last_final = Block.objects.filter(chain=governor.chain, is_final=True).order_by("-number").first()
    now, then = moment_of(governor, head), moment_of(governor, last_final)
    counts = Counts(proposals)
    quorums = QuorumHistory(governor, {each.vote_start for each in proposals if each.vote_start < now.clock})
    changed = []
    for proposal in proposals:
        proposal.governor = governor
        before = [getattr(proposal, field) for field in WRITTEN]
        _count(proposal, counts, quorums, now, then)
        if before != [getattr(proposal, field) for field in WRITTEN]:
            proposal.check_due = True
            changed.append(proposal)
    Proposal.objects.bulk_update(changed, [*WRITTEN, "check_due"])
    return [proposal.pk for proposal in changed]


def _count(proposal: Proposal, counts: Counts, quorums: QuorumHistory, now: Moment, then: Moment) -> None:
    """`now` is the newest block, `then` the last final one."""
    tally = counts.tallies.get(proposal.pk, {})
    steps = counts.steps[proposal.pk]
    proposal.votes_against = int(tally.get("against", 0))
    proposal.votes_for = int(tally.get("in_favour", 0))
    proposal.votes_abstain = int(tally.get("abstain", 0))
    proposal.voters = tally.get("voters", 0)
    proposal.quorum = _quorum(proposal, quorums, now)
    extended = [step.value for step in steps if step.kind == Kind.EXTENDED and step.value is not None]
    proposal.deadline = max([proposal.vote_end, *extended])
    proposal.eta = next((step.value for step in reversed(steps) if step.kind == Kind.QUEUED), None)
    proposal.state = state_at(proposal, now, steps)
    derived_from = [proposal.log.block, *(step.log.block for step in steps)]
    proposal.final = proposal.pk not in counts.seen and all(block.is_final for block in derived_from)
    same_when_final = state_at(proposal, then, steps) == proposal.state
    proposal.settled = proposal.state in TERMINAL and proposal.final and same_when_final


def _quorum(proposal: Proposal, quorums: QuorumHistory, now: Moment) -> int | None:
    """Fixed by the snapshot; not known before it."""
    if now.clock <= proposal.vote_start:
        return None
    asked = proposal.governor.quorum_kind == QuorumKind.ASKED
    return proposal.quorum_said if asked else quorums.at(proposal.vote_start)
