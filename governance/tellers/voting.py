"""Calls of the governor and its timelock: how the next votes are held."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from governance.models import ClockMode, Setting
from governance.tellers.told import Call, Change, Told
from governance.words import amount, duration, percent, short, whole

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

NAME = Setting.Name
VOTERS = gettext_lazy("Concerns everybody who votes or proposes.")


def _setting(
    label: StrPromise, name: str, sentence: StrPromise, write: Callable[[Call, int], str]
) -> Callable[[Call], Told]:
    def tell(call: Call) -> Told:
        new = next(iter(call.args.values()))
        old = call.facts.setting(name, call.execution)
        before = write(call, old) if old is not None else _("unknown")
        changes = [Change(str(label), before, write(call, new))]
        if old == new:
            return Told(_("Sets %(what)s to what it is already. Nothing changes.") % {"what": label}, changes)
        return Told(sentence.format(before, write(call, new)), changes, str(VOTERS))

    return tell


def _time(call: Call, value: int) -> str:
    blocks = call.facts.governor.clock_mode == ClockMode.BLOCK_NUMBER
    if blocks:
        return ngettext("%(count)s block", "%(count)s blocks", value) % {"count": whole(value)}
    return duration(value)


def _seconds(call: Call, value: int) -> str:
    return duration(value)


def _votes(call: Call, value: int) -> str:
    return amount(value, call.facts.governor.token, None)


def _fraction(call: Call, value: int) -> str:
    return percent(value * 10_000 // call.facts.governor.quorum_denominator)


def _update_timelock(call: Call) -> Told:
    new, old = call.args["newTimelock"], call.facts.governor.timelock
    sentence = _("What passes is carried out by another timelock: %(new)s instead of %(old)s.")
    beware = _("Whatever the old timelock owns stays with it, and this vote can no longer reach it.")
    changes = [Change(_("Timelock"), short(old), short(new))]
    return Told(sentence % {"new": short(new), "old": short(old)}, changes, str(VOTERS), beware)


TELLERS: dict[tuple[str, str], Callable[[Call], Told | None]] = {
    ("GuildGovernor", "setVotingDelay"): _setting(
        gettext_lazy("Voting delay"),
        NAME.VOTING_DELAY,
        gettext_lazy("Voting starts {1} after a proposal is made; today it is {0}."),
        _time,
    ),
    ("GuildGovernor", "setVotingPeriod"): _setting(
        gettext_lazy("Voting period"),
        NAME.VOTING_PERIOD,
        gettext_lazy("A vote is open for {1} instead of {0}. Running votes keep theirs."),
        _time,
    ),
    ("GuildGovernor", "setProposalThreshold"): _setting(
        gettext_lazy("Votes to propose"),
        NAME.PROPOSAL_THRESHOLD,
        gettext_lazy("Who wants to propose needs {1} instead of {0}."),
        _votes,
    ),
    ("GuildGovernor", "updateQuorumNumerator"): _setting(
        gettext_lazy("Quorum"),
        NAME.QUORUM_NUMERATOR,
        gettext_lazy("A vote counts when {1} of all votes take part, instead of {0}. Running votes keep theirs."),
        _fraction,
    ),
    ("GuildGovernor", "setLateQuorumVoteExtension"): _setting(
        gettext_lazy("Extension"),
        NAME.LATE_QUORUM_EXTENSION,
        gettext_lazy("A quorum reached late leaves {1} instead of {0} to answer it."),
        _time,
    ),
    ("GuildGovernor", "updateTimelock"): _update_timelock,
    ("GuildTimelock", "updateDelay"): _setting(
        gettext_lazy("Wait before execution"),
        NAME.MIN_DELAY,
        gettext_lazy("What passes waits {1} instead of {0} before it takes effect. What is queued keeps its date."),
        _seconds,
    ),
}
