"""A call, decoded into a sentence: what will be different when it is carried out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from chain.abi.artefacts import entries, names
from chain.abi.codec import Entry, signature_of, to_python, type_of
from chain.models import Log
from governance.facts import Facts, execution_of
from governance.models import Proposal
from governance.tellers import TELLERS, Call, Change, Told
from governance.words import number, whole

ETHER = 18
DEEPEST = 3
STANDARDS = """
transfer(address to, uint256 value)
transferFrom(address from, address to, uint256 value)
approve(address spender, uint256 value)
mint(address to, uint256 amount)
grantRole(bytes32 role, address account)
revokeRole(bytes32 role, address account)
renounceRole(bytes32 role, address account)
transferOwnership(address newOwner)
acceptOwnership()
renounceOwnership()
pause()
unpause()
upgradeToAndCall(address newImplementation, bytes data)
setVotingDelay(uint48 newVotingDelay)
setVotingPeriod(uint32 newVotingPeriod)
setProposalThreshold(uint256 newProposalThreshold)
updateDelay(uint256 newDelay)
"""


@dataclass(frozen=True)
class Effect:
    """What one call of a proposal does. `call` is its decoded form, or an empty text where nobody can read it."""

    sentence: str
    target: str
    target_name: str
    data: str
    call: str = ""
    changes: list[Change] = field(default_factory=list)
    affects: str = ""
    beware: str = ""


def effects_of(proposal: Proposal, facts: Facts) -> list[Effect]:
    """One effect a call, in the order in which they run. Wants `steps__log` prefetched."""
    execution = execution_of(proposal)
    calls = zip(proposal.targets, proposal.amounts, proposal.calldatas, strict=True)
    return [effect_of(facts, target, int(value), bytes.fromhex(data[2:]), execution) for target, value, data in calls]


def effect_of(
    facts: Facts, target: str, value: int, data: bytes, execution: Log | None = None, *, depth: int = 0
) -> Effect:
    """The effect of one call, against today's values, or against those before its execution."""
    name, shown = facts.name(target), "0x" + data.hex()
    sent = f"{number(value, ETHER, None)} ETH"
    if not data:
        words = {"sent": sent, "name": name}
        if value:
            told = _("Sends %(sent)s from the timelock to %(name)s.") % words
            return Effect(told, target, name, shown, affects=_("Concerns the treasury."))
        return Effect(_("Calls %(name)s with nothing to say.") % words, target, name, shown)
    kind = facts.kind(target) or ""
    decoded = decode(kind, data)
    if decoded is None:
        return _guessed(facts, target, value, data)
    call = Call(facts, target, decoded[0], decoded[1], execution, value)
    text = written(name, call)
    if (kind, call.function) == ("GuildGovernor", "relay") and depth < DEEPEST:
        return _relayed(call, text, shown, depth)
    teller = TELLERS.get((kind, call.function)) or TELLERS.get(("*", call.function))
    told_it = (teller(call) if teller else None) or Told(_("Calls %(call)s.") % {"call": text})
    sentence = _with(told_it.sentence, value, sent)
    return Effect(sentence, target, name, shown, text, told_it.changes, told_it.affects, told_it.beware)


def _relayed(call: Call, text: str, shown: str, depth: int) -> Effect:
    """The governor makes the call itself: what counts is what it calls."""
    args = call.args
    inner = effect_of(call.facts, args["target"], int(args["value"]), args["data"], call.execution, depth=depth + 1)
    told = _("As the voting contract itself: %(effect)s") % {"effect": inner.sentence}
    name = call.facts.name(call.target)
    return Effect(told, call.target, name, shown, text, inner.changes, inner.affects, inner.beware)


def _guessed(facts: Facts, target: str, value: int, data: bytes) -> Effect:
    """A contract that nobody here knows: the usual meaning of the first bytes, said as what it is; else the size."""
    name, shown, sent = facts.name(target), "0x" + data.hex(), f"{number(value, ETHER, None)} ETH"
    found = _by_standard(data) if facts.kind(target) is None else None
    if found is None:
        told = _("Calls %(name)s with %(count)s bytes that this site cannot read. Ask the proposer what they do.")
        beware = _("Nobody here can say what this call does.")
        return Effect(
            _with(told % {"name": name, "count": whole(len(data))}, value, sent), target, name, shown, beware=beware
        )
    call = Call(facts, target, found[0], found[1], None, value)
    text = written(name, call)
    teller = TELLERS.get(("*", call.function))
    told_it = teller(call) if teller else None
    sentence = told_it.sentence if told_it else _("Calls %(call)s.") % {"call": text}
    beware = _(
        "This site does not know the contract that is called; it is read by the usual meaning of its first bytes."
    )
    return Effect(
        _with(sentence, value, sent), target, name, shown, text, [], told_it.affects if told_it else "", beware
    )


def written(name: str, call: Call) -> str:
    """The call as a programmer writes it."""
    arguments = ", ".join(f"{key}: {_plain(each)}" for key, each in call.args.items())
    return f"{name}.{call.function}({arguments})"


def _with(sentence: str, value: int, sent: str) -> str:
    if not value:
        return sentence
    along = _("Sends %(sent)s along.") % {"sent": sent}
    return f"{sentence} {along}"


def decode(contract_name: str, data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Function and arguments by the contract's own ABI; None where it has no such function or the bytes do not fit."""
    if contract_name not in names():
        return None
    return _decoded(entries(contract_name, "function"), data)


def _by_standard(data: bytes) -> tuple[str, dict[str, Any]] | None:
    return _decoded(_standard_entries(), data)


@cache
def _standard_entries() -> list[Entry]:
    found = []
    for name, inside in re.findall(r"(\w+)\((.*)\)", STANDARDS):
        fields = [part.split() for part in inside.split(", ") if part]
        found.append({"name": name, "inputs": [{"type": kind, "name": field} for kind, field in fields]})
    return found


def _decoded(functions: list[Entry], data: bytes) -> tuple[str, dict[str, Any]] | None:
    for entry in functions:
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


__all__ = ["Change", "Effect", "decode", "effect_of", "effects_of"]
