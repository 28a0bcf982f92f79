"""The rules of the market and of its votes: what holds, since when, and by which proposal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chain.models import Block
from governance.facts import Facts, History, Record
from governance.models import ClockMode, Governor, Proposal, Setting, Step, StepKind
from governance.tellers.market import PARAMS
from governance.words import amount, duration, moment, percent, short, whole

DONE = (StepKind.EXECUTED, StepKind.OPERATION_EXECUTED)
NAME = Setting.Name


@dataclass(frozen=True)
class Change:
    """One value and the log that set it; `proposal` is none where no proposal of this governor did."""

    value: str
    at: datetime
    block: int
    final: bool
    tx_hash: str
    proposal: Proposal | None


@dataclass(frozen=True)
class Rule:
    """One rule, what it means, and its values, the newest first."""

    key: str
    label: str
    meaning: str
    changes: list[Change] = field(default_factory=list)

    @property
    def now(self) -> Change:
        return self.changes[0]

    @property
    def before(self) -> list[Change]:
        return self.changes[1:]


class Said(NamedTuple):
    """A rule before its logs are looked up: each record with its value in words."""

    key: str
    label: str
    meaning: str
    records: list[tuple[Record, str]]


MEANINGS: dict[str, str | Promise] = {
    "feeBps": gettext_lazy("Kept from what providers are paid, of orders that are paid from then on."),
    "treasury": gettext_lazy("The account that the fee of new orders is credited to."),
    "hold": gettext_lazy("How long the money of a period waits after it is over, before the provider gets it."),
    "arbiterTime": gettext_lazy("How long an arbiter has to rule; then a dispute ends as if the buyer had stopped."),
    "closeDelay": gettext_lazy("How long a provider can claim calls after the buyer has stopped."),
}


def rules_of_market(facts: Facts) -> list[Rule]:
    """Of the newest escrow; nothing before there is one."""
    escrow = facts.escrow()
    if escrow is None:
        return []
    address = escrow.address.lower()
    said = [*_params(facts.params[address]), *_switches(facts, address)]
    return _looked_up(facts.governor, said)


def _params(history: History) -> Iterator[Said]:
    for name, param in PARAMS.items():
        pairs = _pairs(history.records)
        kept = [record for record, before in pairs if before is None or before[name] != record.value[name]]
        if kept:
            records = [(record, param.write(record.value[name])) for record in kept]
            yield Said(name, str(param.label), str(MEANINGS[name]), records)


def _pairs(records: list[Record]) -> Iterator[tuple[Record, Any]]:
    """Each record, and the value before it."""
    return zip(records, chain([None], (record.value for record in records)), strict=False)


def _switches(facts: Facts, address: str) -> Iterator[Said]:
    words: dict[str, tuple[Callable[[str], str], str, dict[bool, str]]] = {
        "token": (
            lambda subject: _("Payment in %(token)s") % {"token": _symbol(facts, subject)},
            _("Whether new orders can be paid in it. Running ones go on in theirs."),
            {True: _("accepted"), False: _("not accepted")},
        ),
        "arbiter": (
            lambda subject: _("Arbiter %(name)s") % {"name": short(subject)},
            _("Who may rule on disputes, and on nothing else."),
            {True: _("named"), False: _("no longer")},
        ),
        "paused": (
            lambda subject: _("New payments"),
            _("Whether new orders can be paid. Payouts, refunds and withdrawals always go on."),
            {True: _("paused"), False: _("open")},
        ),
    }
    here = [(kind, subject, history) for (where, kind, subject), history in facts.switches.items() if where == address]
    for name, (label, meaning, values) in words.items():
        for kind, subject, history in here:
            if kind == name and history.records:
                records = [(record, values[record.value]) for record in history.records]
                yield Said(f"{kind}-{subject}".strip("-"), label(subject), meaning, records)


def _symbol(facts: Facts, address: str) -> str:
    token = facts.tokens.get(address.lower())
    return token.symbol if token else short(address)


def rules_of_votes(facts: Facts) -> list[Rule]:
    """Of the governor and its timelock, as far as logs say them."""
    governor = facts.governor

    def time(value: int) -> str:
        if governor.clock_mode == ClockMode.BLOCK_NUMBER:
            return ngettext("%(count)s block", "%(count)s blocks", value) % {"count": whole(value)}
        return duration(value)

    words: dict[str, tuple[str, str, Callable[[int], str]]] = {
        NAME.VOTING_DELAY: (_("Voting delay"), _("Between a proposal and the beginning of its vote."), time),
        NAME.VOTING_PERIOD: (_("Voting period"), _("How long a vote is open."), time),
        NAME.LATE_QUORUM_EXTENSION: (
            _("Extension"), _("How long a vote stays open after its quorum was reached late."), time,
        ),
        NAME.PROPOSAL_THRESHOLD: (
            _("Votes to propose"), _("What an account needs to make a proposal."),
            lambda value: amount(value, governor.token, None),
        ),
        NAME.QUORUM_NUMERATOR: (
            _("Quorum"), _("How much of all votes has to take part, for or abstaining."),
            lambda value: percent(value * 10_000 // governor.quorum_denominator),
        ),
        NAME.MIN_DELAY: (
            _("Wait before execution"), _("Between the queueing of a proposal and its carrying out."), duration,
        ),
    }  # fmt: skip
    said = [
        Said(name.replace(" ", "-"), label, meaning, [(r, write(int(r.value))) for r in facts.settings[name].records])
        for name, (label, meaning, write) in words.items()
        if facts.settings[name].records
    ]
    return _looked_up(governor, said)


def _looked_up(governor: Governor, said: Iterable[Said]) -> list[Rule]:
    """With blocks and proposals; two queries."""
    kept = list(said)
    records = [record for each in kept for record, _value in each.records]
    numbers = {record.place[0] for record in records}
    blocks = {row.number: row for row in Block.objects.filter(chain=governor.chain, number__in=numbers)}
    done = proposals_of(governor, {record.tx_hash for record in records})

    def change(record: Record, value: str) -> Change:
        block = blocks[record.place[0]]
        by = done.get(record.tx_hash)
        return Change(value, moment(block.timestamp), block.number, block.is_final, record.tx_hash, by)

    return [
        Rule(each.key, each.label, each.meaning, [change(*pair) for pair in reversed(each.records)]) for each in kept
    ]


def proposals_of(governor: Governor, tx_hashes: Iterable[str]) -> dict[str, Proposal]:
    """Which proposals were carried out in these transactions."""
    steps = Step.objects.filter(proposal__governor=governor, kind__in=DONE, log__tx_hash__in=set(tx_hashes))
    return {step.log.tx_hash: step.proposal for step in steps.select_related("log", "proposal__governor")}
