"""A proposal as its pages show it: outcome, bars, time left by the chain's clock, and where each figure comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chain.models import Block
from governance.effects import Effect, effects_of
from governance.facts import Facts
from governance.models import TERMINAL, ClockMode, Governor, Proposal, State, Step, StepKind, Support, Vote
from governance.tally import QuorumHistory, reached_quorum
from governance.words import SPACE, amount, duration, moment, number, roughly, share

TONES = {
    State.PENDING: "info",
    State.ACTIVE: "wait",
    State.SUCCEEDED: "good",
    State.QUEUED: "wait",
    State.EXECUTED: "good",
    State.DEFEATED: "loss",
    State.CANCELED: "none",
    State.EXPIRED: "none",
}
LABELS = {
    State.PENDING: "Voting not started",
    State.ACTIVE: "Voting open",
    State.SUCCEEDED: "Passed, to be queued",
    State.QUEUED: "Passed, waiting",
    State.EXECUTED: "In force",
    State.DEFEATED: "Not passed",
    State.CANCELED: "Withdrawn",
    State.EXPIRED: "Expired",
}


@dataclass(frozen=True)
class Bar:
    """One side of the tally. `width` is its share of all votes cast, 0 to 100."""

    key: str
    label: str
    weight: str
    exact: str
    width: float


@dataclass(frozen=True)
class Quorum:
    """What must take part, for or abstaining; an estimate until voting starts."""

    needed: str
    counted: str
    width: float
    reached: bool
    estimated: bool


@dataclass(frozen=True)
class Event:
    """One entry of the timeline; `tx_hash` and `block` where it has happened."""

    label: str
    tone: str
    icon: str
    at: datetime | None = None
    more: str = ""
    tx_hash: str = ""
    block: int | None = None
    final: bool = False


@dataclass(frozen=True)
class Shown:
    """All that the pages say of one proposal at one block."""

    proposal: Proposal
    block: Block
    block_at: datetime
    effects: list[Effect]
    label: str
    tone: str
    outcome: str
    bars: list[Bar]
    quorum: Quorum
    time: str
    ends_at: datetime | None
    timeline: list[Event]
    due: str
    source: str

    @property
    def over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.proposal.state in TERMINAL

    @property
    def result(self) -> str:
        """The figures in a line, for the list of what was decided."""
        if self.proposal.state == State.PENDING or not any(bar.width for bar in self.bars):
            return "" if self.proposal.state == State.PENDING else "No votes were cast."
        sides = ", ".join(f"{bar.width:.1f}{SPACE}% {bar.label.lower()}" for bar in self.bars if bar.width)
        quorum = "quorum reached" if self.quorum.reached else "quorum not reached"
        return f"{sides}; {self.proposal.voters:,} voter{'' if self.proposal.voters == 1 else 's'}, {quorum}."

    @property
    def headline(self) -> str:
        """What it does in a sentence; where it does several things, the first and how many more."""
        more = len(self.effects) - 1
        return self.effects[0].sentence + (f" And {more} more change{'s' if more > 1 else ''}." if more else "")


def show(proposal: Proposal, facts: Facts, block: Block, quorums: QuorumHistory) -> Shown:
    """Uses the prefetched `steps__log__block` and `log__block` of the proposal, and asks nothing more."""
    clock = proposal.governor.clock(block)
    return Shown(
        proposal=proposal,
        block=block,
        block_at=moment(block.timestamp),
        effects=effects_of(proposal, facts),
        label=LABELS[State(proposal.state)],
        tone=TONES[State(proposal.state)],
        outcome=_outcome(proposal),
        bars=_bars(proposal),
        quorum=_quorum(proposal, quorums, clock),
        time=_time(proposal, clock),
        ends_at=_ends_at(proposal),
        timeline=_timeline(proposal, clock),
        due=_due(proposal, block),
        source=_source(proposal, block),
    )


def _bars(proposal: Proposal) -> list[Bar]:
    token = proposal.governor.token
    sides = (
        ("for", "For", proposal.votes_for),
        ("against", "Against", proposal.votes_against),
        ("abstain", "Abstain", proposal.votes_abstain),
    )
    cast = sum(weight for _, _, weight in sides)
    return [
        Bar(key, label, number(weight, token.decimals), amount(weight, token, None), share(weight, cast))
        for key, label, weight in sides
    ]


def _quorum(proposal: Proposal, quorums: QuorumHistory, clock: int) -> Quorum:
    token, estimated = proposal.governor.token, proposal.quorum is None
    needed = quorums.at(clock - 1) if proposal.quorum is None else proposal.quorum
    counted = proposal.votes_for + proposal.votes_abstain
    width = 100.0 if counted >= needed else share(counted, needed)
    reached = counted >= needed
    return Quorum(amount(needed, token), number(counted, token.decimals), width, reached, estimated)


def _outcome(proposal: Proposal) -> str:
    ahead, quorum = proposal.votes_for > proposal.votes_against, reached_quorum(proposal)
    if proposal.state == State.ACTIVE:
        if not quorum:
            return "Not passing as it stands: too few have voted." + (" More are for than against." if ahead else "")
        return "Passing as it stands." if ahead else "Not passing as it stands: not more are for than against."
    if proposal.state == State.DEFEATED:
        return "It did not pass: " + ("not more were for than against." if quorum else "too few voted.")
    return {
        State.PENDING: "Voting has not started yet.",
        State.SUCCEEDED: "It passed. Anyone can put it in the queue now.",
        State.QUEUED: "It passed, and takes effect when its wait is over and somebody carries it out.",
        State.EXECUTED: "It passed and is in force.",
        State.CANCELED: "It was withdrawn and changes nothing.",
        State.EXPIRED: "It passed, but was not carried out in time.",
    }[State(proposal.state)]


def _left(governor: Governor, until: int, clock: int) -> str:
    """From the clock to a later time, roughly."""
    if governor.clock_mode == ClockMode.BLOCK_NUMBER:
        return f"{until - clock:,} blocks"
    return roughly(until - clock)


def _time(proposal: Proposal, clock: int) -> str:
    governor = proposal.governor
    if proposal.state == State.PENDING:
        return f"Voting starts in {_left(governor, max(proposal.vote_start, clock + 1), clock)}"
    if proposal.state == State.ACTIVE:
        return f"{_left(governor, proposal.deadline + 1, clock)} left to vote"
    if proposal.state in {State.SUCCEEDED, State.DEFEATED}:
        return f"Voting ended {_left(governor, clock, proposal.deadline)} ago"
    return ""


def _ends_at(proposal: Proposal) -> datetime | None:
    return None if proposal.governor.clock_mode == ClockMode.BLOCK_NUMBER else moment(proposal.deadline)


def _due(proposal: Proposal, block: Block) -> str:
    """What anyone may do to it now: "queue", "execute" or nothing. A timelock counts in seconds, always."""
    if proposal.state == State.SUCCEEDED:
        return "queue"
    return "execute" if proposal.state == State.QUEUED and (proposal.eta or 0) <= block.timestamp else ""


def _source(proposal: Proposal, block: Block) -> str:
    final = (
        "All of it is final." if proposal.final else "The newest of it is not final yet: it can still be taken back."
    )
    return f"Counted from the chain up to block {block.number:,}. {final}"


def _timeline(proposal: Proposal, clock: int) -> list[Event]:
    governor, created = proposal.governor, proposal.log.block
    dated = governor.clock_mode == ClockMode.TIMESTAMP
    start, end = (moment(proposal.vote_start), moment(proposal.deadline)) if dated else (None, None)
    begun, over = proposal.vote_start < clock, proposal.deadline < clock
    events = [
        Event("Proposed", "good", "pencil", moment(created.timestamp), "", proposal.log.tx_hash, created.number,
              created.is_final),
    ]  # fmt: skip
    steps = sorted(proposal.steps.all(), key=lambda step: (step.log.number, step.log.log_index))
    canceled = [_happened(step) for step in steps if step.kind in {StepKind.CANCELED, StepKind.OPERATION_CANCELED}]
    if canceled and not begun:
        return [*events, canceled[0]]
    events.append(Event("Voting started" if begun else "Voting starts", "good" if begun else "", "vote", start))
    events += [_happened(step) for step in steps if step.kind == StepKind.EXTENDED]
    if canceled and not over:
        return [*events, canceled[0]]
    events.append(Event("Voting closed" if over else "Voting closes", "good" if over else "", "calendar-clock", end))
    events += [_happened(step) for step in steps if step.kind == StepKind.QUEUED]
    if canceled:
        return [*events, canceled[0]]
    if proposal.state == State.DEFEATED:
        return [*events, Event("Not passed", "loss", "x", end)]
    return events + _ahead(proposal, steps)


def _ahead(proposal: Proposal, steps: list[Step]) -> list[Event]:
    """Queue, wait and execution: those that have not happened say what they wait for."""
    done = [step for step in steps if step.kind in {StepKind.EXECUTED, StepKind.OPERATION_EXECUTED}]
    if done:
        return [_happened(done[0])]
    if proposal.eta is not None:
        return [Event("Can be carried out", "", "hourglass", moment(proposal.eta), "By anyone, from then on.")]
    return [
        Event("Queued", "", "list-plus", None, "If it passes, anyone can queue it; then a fixed wait begins."),
        Event("Carried out", "", "check", None, "After the wait, by anyone."),
    ]


def _happened(step: Step) -> Event:
    label, tone, icon = {
        StepKind.EXTENDED: ("Voting extended", "wait", "calendar-plus"),
        StepKind.QUEUED: ("Queued", "good", "list-plus"),
        StepKind.EXECUTED: ("Carried out", "good", "check"),
        StepKind.OPERATION_EXECUTED: ("Carried out on the timelock", "good", "check"),
        StepKind.CANCELED: ("Withdrawn", "loss", "x"),
        StepKind.OPERATION_CANCELED: ("Stopped in the timelock", "loss", "x"),
    }[StepKind(step.kind)]
    log, block = step.log, step.log.block
    more = "The quorum was reached late: all get time to answer it." if step.kind == StepKind.EXTENDED else ""
    if step.kind == StepKind.QUEUED and step.value is not None:
        more = f"Waits {duration(max(step.value - block.timestamp, 0))} from here."
    return Event(label, tone, icon, moment(block.timestamp), more, log.tx_hash, block.number, block.is_final)


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
