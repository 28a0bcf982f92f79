"""Calls that give or take rights: roles (AccessControl) and ownership."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from eth_utils.crypto import keccak

from governance.facts import NOBODY
from governance.tellers.told import Call, Change, Told
from governance.words import short

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ADMIN = "0x" + 64 * "0"
ROLES: dict[str, StrPromise] = {
    ADMIN: gettext_lazy("give and take all roles"),
    **{
        "0x" + keccak(text=name).hex(): words
        for name, words in {
            "PROPOSER_ROLE": gettext_lazy("put calls into the timelock without a vote"),
            "EXECUTOR_ROLE": gettext_lazy("carry out what has waited long enough"),
            "CANCELLER_ROLE": gettext_lazy("stop what waits in the timelock"),
            "ARBITER_ROLE": gettext_lazy("rule on disputes"),
            "ATTESTOR_ROLE": gettext_lazy("vouch for where data comes from"),
            "MINTER_ROLE": gettext_lazy("make new tokens"),
            "PAUSER_ROLE": gettext_lazy("pause the contract"),
            "UPGRADER_ROLE": gettext_lazy("replace the contract's code"),
        }.items()
    },
}


def _right(call: Call) -> str:
    role = call.args["role"]
    known = ROLES.get(role)
    return str(known) if known else _("do what role %(role)s is for") % {"role": f"{role[:10]}…"}


def _who(call: Call) -> str:
    account = call.args["account"]
    return _("anybody") if account == NOBODY else call.facts.name(account)


def _role(call: Call, then: bool) -> list[Change]:
    words = {True: _("yes"), False: _("no")}
    known = call.facts.switch(call.target, call.args["role"], call.args["account"], call.execution)
    return [Change(_("Has this right"), words[known], words[then])]


def _grant(call: Call) -> Told:
    words = {"who": _who(call), "right": _right(call), "contract": call.facts.name(call.target)}
    beware = ""
    if call.args["role"] not in ROLES:
        beware = _("This site does not know this role. Ask the proposer what it may do.")
    elif call.args["account"] != call.facts.governor.address:
        beware = _("Whoever has this right needs no vote to use it.")
    affects = _("Concerns everybody who relies on %(contract)s.") % words
    return Told(_("%(who)s may %(right)s, on %(contract)s.") % words, _role(call, True), affects, beware)


def _revoke(call: Call) -> Told:
    words = {"who": _who(call), "right": _right(call), "contract": call.facts.name(call.target)}
    affects = _("Concerns everybody who relies on %(contract)s.") % words
    beware = ""
    if call.args["account"] == call.facts.governor.address:
        beware = _("It takes a right from the voting contract itself: later votes may come to nothing.")
    return Told(_("%(who)s may no longer %(right)s, on %(contract)s.") % words, _role(call, False), affects, beware)


def _own(call: Call) -> Told:
    words = {"contract": call.facts.name(call.target), "who": short(call.args.get("newOwner", NOBODY))}
    beware = _("The timelock, and so the votes, lose their say over this contract.")
    if call.function == "renounceOwnership":
        return Told(_("Nobody owns %(contract)s any more.") % words, beware=beware)
    return Told(_("%(contract)s belongs to %(who)s from then on.") % words, beware=beware)


def _upgrade(call: Call) -> Told:
    words = {"contract": call.facts.name(call.target), "code": short(call.args["newImplementation"])}
    beware = _("New code can do anything with what this contract holds. Read it before you vote.")
    return Told(_("%(contract)s runs other code from then on: that at %(code)s.") % words, beware=beware)


TELLERS: dict[tuple[str, str], Callable[[Call], Told | None]] = {
    ("*", "grantRole"): _grant,
    ("*", "revokeRole"): _revoke,
    ("*", "renounceRole"): _revoke,
    ("*", "transferOwnership"): _own,
    ("*", "renounceOwnership"): _own,
    ("*", "upgradeToAndCall"): _upgrade,
}
