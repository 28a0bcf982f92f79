"""A proposal as its pages show it: outcome, bars, time left by the chain's clock, and where each figure comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, npgettext

from chain.models import Block
from governance.effects import Effect, effects_of
from governance.facts import Facts
from governance.models import TERMINAL, ClockMode, Governor, Proposal, State, Step, StepKind, Support
from governance.tally import QuorumHistory, reached_quorum
from governance.vouching import checked
from governance.words import SPACE, amount, duration, moment, number, roughly, share, tenths, whole

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
    State.PENDING: gettext_lazy("Voting not started"),
    State.ACTIVE: gettext_lazy("Voting open"),
    State.SUCCEEDED: gettext_lazy("Passed, to be queued"),
    State.QUEUED: gettext_lazy("Passed, waiting"),
    State.EXECUTED: gettext_lazy("In force"),
    State.DEFEATED: gettext_lazy("Not passed"),
    State.CANCELED: gettext_lazy("Withdrawn"),
    State.EXPIRED: gettext_lazy("Expired"),
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
            return "" if self.proposal.state == State.PENDING else _("No votes were cast.")
        sides = ", ".join(f"{tenths(bar.width)}{SPACE}% {bar.label.lower()}" for bar in self.bars if bar.width)
        if self.quorum.reached:
            sentence = ngettext(
                "%(sides)s; %(voters)s voter, quorum reached.",
                "%(sides)s; %(voters)s voters, quorum reached.",
                self.proposal.voters,
            )
        else:
            sentence = ngettext(
                "%(sides)s; %(voters)s voter, quorum not reached.",
                "%(sides)s; %(voters)s voters, quorum not reached.",
                self.proposal.voters,
            )
        return sentence % {"sides": sides, "voters": whole(self.proposal.voters)}

    @property
    def headline(self) -> str:
        """What it does in a sentence; where it does several things, the first and how many more."""
        more = len(self.effects) - 1
        if not more:
            return self.effects[0].sentence
        rest = ngettext("And %(more)s more change.", "And %(more)s more changes.", more) % {"more": more}
        return f"{self.effects[0].sentence} {rest}"


def show(proposal: Proposal, facts: Facts, block: Block, quorums: QuorumHistory) -> Shown:
    """Uses the prefetched `steps__log__block` and `log__block` of the proposal, and asks nothing more."""
    clock = proposal.governor.clock(block)
    return Shown(
        proposal=proposal,
        block=block,
        block_at=moment(block.timestamp),
        effects=effects_of(proposal, facts),
        label=str(LABELS[State(proposal.state)]),
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
        ("for", Support.FOR, proposal.votes_for),
        ("against", Support.AGAINST, proposal.votes_against),
        ("abstain", Support.ABSTAIN, proposal.votes_abstain),
    )
    cast = proposal.votes_for + proposal.votes_against + proposal.votes_abstain
    return [
        Bar(key, str(side.label), number(weight, token.decimals), amount(weight, token, None), share(weight, cast))
        for key, side, weight in sides
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
            too_few = _("Not passing as it stands: too few have voted.")
            more_for = _("More are for than against.")
            return f"{too_few} {more_for}" if ahead else too_few
        if ahead:
            return _("Passing as it stands.")
        return _("Not passing as it stands: not more are for than against.")
    if proposal.state == State.DEFEATED:
        if quorum:
            return _("It did not pass: not more were for than against.")
        return _("It did not pass: too few voted.")
    return {
        State.PENDING: _("Voting has not started yet."),
        State.SUCCEEDED: _("It passed. Anyone can put it in the queue now."),
        State.QUEUED: _("It passed, and takes effect when its wait is over and somebody carries it out."),
        State.EXECUTED: _("It passed and is in force."),
        State.CANCELED: _("It was withdrawn and changes nothing."),
        State.EXPIRED: _("It passed, but was not carried out in time."),
    }[State(proposal.state)]


def _left(governor: Governor, until: int, clock: int, *, away: bool = False) -> str:
    """From the clock to a later time, roughly; `away`: as it stands after "in" or before "ago"."""
    count = until - clock
    if governor.clock_mode != ClockMode.BLOCK_NUMBER:
        return roughly(count, away=away)
    if away:
        return npgettext("away", "%(count)s block", "%(count)s blocks", count) % {"count": whole(count)}
    return ngettext("%(count)s block", "%(count)s blocks", count) % {"count": whole(count)}


def _time(proposal: Proposal, clock: int) -> str:
    governor = proposal.governor
    if proposal.state == State.PENDING:
        left = _left(governor, max(proposal.vote_start, clock + 1), clock, away=True)
        return _("Voting starts in %(left)s") % {"left": left}
    if proposal.state == State.ACTIVE:
        return _("%(left)s left to vote") % {"left": _left(governor, proposal.deadline + 1, clock)}
    if proposal.state in {State.SUCCEEDED, State.DEFEATED}:
        return _("Voting ended %(since)s ago") % {"since": _left(governor, clock, proposal.deadline, away=True)}
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
        _("All of it is final.")
        if proposal.final
        else _("The newest of it is not final yet: it can still be taken back.")
    )
    counted = _("Counted from the chain up to block %(block)s.") % {"block": whole(block.number)}
    return f"{counted} {final} {checked(proposal)}".rstrip()


def _timeline(proposal: Proposal, clock: int) -> list[Event]:
    governor, created = proposal.governor, proposal.log.block
    dated = governor.clock_mode == ClockMode.TIMESTAMP
    start, end = (moment(proposal.vote_start), moment(proposal.deadline)) if dated else (None, None)
    begun, over = proposal.vote_start < clock, proposal.deadline < clock
    events = [
        Event(_("Proposed"), "good", "pencil", moment(created.timestamp), "", proposal.log.tx_hash, created.number,
              created.is_final),
    ]  # fmt: skip
    steps = sorted(proposal.steps.all(), key=lambda step: (step.log.number, step.log.log_index))
    canceled = [_happened(step) for step in steps if step.kind in {StepKind.CANCELED, StepKind.OPERATION_CANCELED}]
    if canceled and not begun:
        return [*events, canceled[0]]
    events.append(Event(_("Voting started") if begun else _("Voting starts"), "good" if begun else "", "vote", start))
    events += [_happened(step) for step in steps if step.kind == StepKind.EXTENDED]
    if canceled and not over:
        return [*events, canceled[0]]
    events.append(
        Event(_("Voting closed") if over else _("Voting closes"), "good" if over else "", "calendar-clock", end)
    )
    events += [_happened(step) for step in steps if step.kind == StepKind.QUEUED]
    if canceled:
        return [*events, canceled[0]]
    if proposal.state == State.DEFEATED:
        return [*events, Event(_("Not passed"), "loss", "x", end)]
    return events + _ahead(proposal, steps)


def _ahead(proposal: Proposal, steps: list[Step]) -> list[Event]:
    """Queue, wait and execution: those that have not happened say what they wait for."""
    done = [step for step in steps if step.kind in {StepKind.EXECUTED, StepKind.OPERATION_EXECUTED}]
    if done:
        return [_happened(done[0])]
    if proposal.eta is not None:
        return [Event(_("Can be carried out"), "", "hourglass", moment(proposal.eta), _("By anyone, from then on."))]
    return [
        Event(_("Queued"), "", "list-plus", None, _("If it passes, anyone can queue it; then a fixed wait begins.")),
        Event(_("Carried out"), "", "check", None, _("After the wait, by anyone.")),
    ]


def _happened(step: Step) -> Event:
    label, tone, icon = {
        StepKind.EXTENDED: (_("Voting extended"), "wait", "calendar-plus"),
        StepKind.QUEUED: (_("Queued"), "good", "list-plus"),
        StepKind.EXECUTED: (_("Carried out"), "good", "check"),
        StepKind.OPERATION_EXECUTED: (_("Carried out on the timelock"), "good", "check"),
        StepKind.CANCELED: (_("Withdrawn"), "loss", "x"),
        StepKind.OPERATION_CANCELED: (_("Stopped in the timelock"), "loss", "x"),
    }[StepKind(step.kind)]
    log, block = step.log, step.log.block
    more = _("The quorum was reached late: all get time to answer it.") if step.kind == StepKind.EXTENDED else ""
    if step.kind == StepKind.QUEUED and step.value is not None:
        more = _("Waits %(time)s from here.") % {"time": duration(max(step.value - block.timestamp, 0))}
    return Event(label, tone, icon, moment(block.timestamp), more, log.tx_hash, block.number, block.is_final)
