"""A call, decoded into a sentence: what will be different when it is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from chain.abi.artefacts import entries, names
from chain.abi.codec import signature_of, to_python, type_of
from chain.models import Log
from governance.facts import ESCROW, Facts, execution_of
from governance.models import ClockMode, Proposal, Setting
from governance.words import amount, duration, number, percent, short, whole

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ETHER = 18


@dataclass(frozen=True)
class Change:
    """One field: what it is today, or was before, and what it becomes."""

    label: str
    today: str
    then: str


@dataclass(frozen=True)
class Effect:
    """What one call of a proposal does. `call` is its decoded form, or an empty text where nobody can read it."""

    sentence: str
    target: str
    target_name: str
    data: str
    call: str = ""
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """A decoded call on its way to a sentence."""

    facts: Facts
    target: str
    function: str
    args: dict[str, Any]
    execution: Log | None


Told = tuple[str, list[Change]]


def effects_of(proposal: Proposal, facts: Facts) -> list[Effect]:
    """One effect a call, in the order in which they run. Wants `steps__log` prefetched."""
    execution = execution_of(proposal)
    calls = zip(proposal.targets, proposal.amounts, proposal.calldatas, strict=True)
    return [effect_of(facts, target, int(value), bytes.fromhex(data[2:]), execution) for target, value, data in calls]


def effect_of(facts: Facts, target: str, value: int, data: bytes, execution: Log | None = None) -> Effect:
    """The effect of one call, against today's values, or against those before its execution."""
    name, shown = facts.name(target), "0x" + data.hex()
    sent = f"{number(value, ETHER, None)} ETH"
    if not data:
        words = {"sent": sent, "name": name}
        told = _("Sends %(sent)s from the timelock to %(name)s.") if value else _("Calls %(name)s with nothing to say.")
        told = told % words
        return Effect(told, target, name, shown)
    known = facts.contracts.get(target.lower())
    decoded = decode(known.name, data) if known else None
    if decoded is None:
        told = _("Calls %(name)s with %(count)s bytes that this site cannot read. Ask the proposer what they do.")
        told = told % {"name": name, "count": whole(len(data))}
        return Effect(_with(told, value, sent), target, name, shown)
    call = Call(facts, target, decoded[0], decoded[1], execution)
    arguments = ", ".join(f"{key}: {_plain(each)}" for key, each in call.args.items())
    text = f"{name}.{call.function}({arguments})"
    teller = TELLERS.get((known.name, call.function)) or TELLERS.get(("*", call.function)) if known else None
    sentence, changes = (teller(call) if teller else None) or (_("Calls %(call)s.") % {"call": text}, [])
    return Effect(_with(sentence, value, sent), target, name, shown, text, changes)


def _with(sentence: str, value: int, sent: str) -> str:
    if not value:
        return sentence
    along = _("Sends %(sent)s along.") % {"sent": sent}
    return f"{sentence} {along}"


def decode(contract_name: str, data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Function and arguments by the contract's own ABI; None where it has no such function or the bytes do not fit."""
    if contract_name not in names():
        return None
    for entry in entries(contract_name, "function"):
        if keccak(text=signature_of(entry))[:4] == data[:4]:
            try:
                values = abi_decode([type_of(item) for item in entry["inputs"]], data[4:])
            except (DecodingError, UnicodeDecodeError, OverflowError):
                return None
            pairs = zip(entry["inputs"], values, strict=True)
            return entry["name"], {item["name"] or f"#{i}": to_python(item, v) for i, (item, v) in enumerate(pairs)}
    return None


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value)


# --- the market ---------------------------------------------------------------------------------------------------
PARAMS: dict[str, tuple[StrPromise, Callable[[Any], str], StrPromise]] = {
    "feeBps": (
        gettext_lazy("Fee"),
        percent,
        gettext_lazy("The fee on new subscriptions goes from {0} to {1}. Running ones keep theirs."),
    ),
    "treasury": (
        gettext_lazy("Fee goes to"),
        short,
        gettext_lazy("The fee on new subscriptions goes to {1} instead of {0}."),
    ),
    "hold": (
        gettext_lazy("Hold"),
        duration,
        gettext_lazy(
            "Providers wait {1} instead of {0} for each elapsed period of new subscriptions. Running ones keep theirs."
        ),
    ),
    "arbiterTime": (
        gettext_lazy("Time to rule"),
        duration,
        gettext_lazy("An arbiter has {1} instead of {0} to rule on a dispute."),
    ),
    "closeDelay": (
        gettext_lazy("Closing delay"),
        duration,
        gettext_lazy("A payment channel closes after {1} instead of {0}."),
    ),
}


def _set_params(call: Call) -> Told:
    today: dict[str, Any] = call.facts.params[call.target.lower()].before(call.execution) or {}
    sentences, changes = [], []
    for name, (label, write, sentence) in PARAMS.items():
        old, new = today.get(name), call.args[name]
        if old == new:
            continue
        before, after = write(old) if old is not None else _("unknown"), write(new)
        sentences.append(sentence.format(before, after))
        changes.append(Change(str(label), before, after))
    nothing = _("Sets the market's parameters to what they are already. Nothing changes.")
    return " ".join(sentences) or nothing, changes


def _set_token(call: Call) -> Told:
    token = call.facts.tokens.get(call.args["token"].lower())
    name = token.symbol if token else _("the token at %(address)s") % {"address": short(call.args["token"])}
    if call.args["allowed"]:
        return _("New subscriptions can be paid in %(token)s.") % {"token": name}, []
    return _("New subscriptions can no longer be paid in %(token)s. Running ones go on in it.") % {"token": name}, []


def _pause(call: Call) -> Told:
    sentence = _("No new subscription can be paid until this is taken back. Releases, refunds and withdrawals go on.")
    return sentence, []


def _unpause(call: Call) -> Told:
    return _("New subscriptions can be paid again."), []


# --- the governor and its timelock --------------------------------------------------------------------------------
def _setting(
    label: StrPromise, name: str, sentence: StrPromise, write: Callable[[Call, int], str]
) -> Callable[[Call], Told]:
    def tell(call: Call) -> Told:
        new = next(iter(call.args.values()))
        old = call.facts.setting(name, call.execution)
        before = write(call, old) if old is not None else _("unknown")
        return sentence.format(before, write(call, new)), [Change(str(label), before, write(call, new))]

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


NAME = Setting.Name
GOVERNOR = {
    "setVotingDelay": _setting(
        gettext_lazy("Voting delay"),
        NAME.VOTING_DELAY,
        gettext_lazy("Voting starts {1} after a proposal is made; today it is {0}."),
        _time,
    ),
    "setVotingPeriod": _setting(
        gettext_lazy("Voting period"),
        NAME.VOTING_PERIOD,
        gettext_lazy("A vote is open for {1} instead of {0}. Running votes keep theirs."),
        _time,
    ),
    "setProposalThreshold": _setting(
        gettext_lazy("Votes to propose"),
        NAME.PROPOSAL_THRESHOLD,
        gettext_lazy("Who wants to propose needs {1} instead of {0}."),
        _votes,
    ),
    "updateQuorumNumerator": _setting(
        gettext_lazy("Quorum"),
        NAME.QUORUM_NUMERATOR,
        gettext_lazy("A vote counts when {1} of all votes take part, instead of {0}. Running votes keep theirs."),
        _fraction,
    ),
    "setLateQuorumVoteExtension": _setting(
        gettext_lazy("Extension"),
        NAME.LATE_QUORUM_EXTENSION,
        gettext_lazy("A quorum reached late leaves {1} instead of {0} to answer it."),
        _time,
    ),
}
_update_delay = _setting(
    gettext_lazy("Wait before execution"),
    NAME.MIN_DELAY,
    gettext_lazy("What passes waits {1} instead of {0} before it takes effect. What is queued keeps its date."),
    _seconds,
)


def _transfer(call: Call) -> Told | None:
    token = call.facts.tokens.get(call.target.lower())
    to, value = call.args.get("to"), call.args.get("value", call.args.get("amount"))
    if token is None or to is None or value is None:
        return None
    words = {"sent": amount(value, token, None), "name": call.facts.name(to)}
    return _("Sends %(sent)s from the timelock to %(name)s.") % words, []


TELLERS: dict[tuple[str, str], Callable[[Call], Told | None]] = {
    (ESCROW, "setParams"): _set_params,
    (ESCROW, "setToken"): _set_token,
    (ESCROW, "pause"): _pause,
    (ESCROW, "unpause"): _unpause,
    ("GuildTimelock", "updateDelay"): _update_delay,
    ("*", "transfer"): _transfer,
    **{("GuildGovernor", function): teller for function, teller in GOVERNOR.items()},
}
