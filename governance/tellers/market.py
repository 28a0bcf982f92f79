"""Calls of the market's escrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.facts import ESCROW
from governance.tellers.told import Call, Change, Told
from governance.words import duration, percent, short

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Param(NamedTuple):
    label: StrPromise
    write: Callable[[Any], str]
    sentence: StrPromise
    affects: StrPromise


PARAMS: dict[str, Param] = {
    "feeBps": Param(
        gettext_lazy("Fee"),
        percent,
        gettext_lazy("The fee on new subscriptions goes from {0} to {1}. Running ones keep theirs."),
        gettext_lazy("Concerns providers: the fee is kept from what they are paid."),
    ),
    "treasury": Param(
        gettext_lazy("Fee goes to"),
        short,
        gettext_lazy("The fee on new subscriptions goes to {1} instead of {0}."),
        gettext_lazy("Concerns the market's own income."),
    ),
    "hold": Param(
        gettext_lazy("Hold"),
        duration,
        gettext_lazy(
            "Providers wait {1} instead of {0} for each elapsed period of new subscriptions. Running ones keep theirs."
        ),
        gettext_lazy("Concerns providers, who wait, and buyers, who have so long to complain."),
    ),
    "arbiterTime": Param(
        gettext_lazy("Time to rule"),
        duration,
        gettext_lazy("An arbiter has {1} instead of {0} to rule on a dispute."),
        gettext_lazy("Concerns buyers and providers in disputes."),
    ),
    "closeDelay": Param(
        gettext_lazy("Closing delay"),
        duration,
        gettext_lazy("A payment channel closes after {1} instead of {0}."),
        gettext_lazy("Concerns whoever pays by the call, and who is paid so."),
    ),
}


def _set_params(call: Call) -> Told:
    today: dict[str, Any] = call.facts.params[call.target.lower()].before(call.execution) or {}
    sentences, changes, affects = [], [], []
    for name, param in PARAMS.items():
        old, new = today.get(name), call.args[name]
        if old == new:
            continue
        before, after = param.write(old) if old is not None else _("unknown"), param.write(new)
        sentences.append(param.sentence.format(before, after))
        changes.append(Change(str(param.label), before, after))
        affects.append(str(param.affects))
    nothing = _("Sets the market's parameters to what they are already. Nothing changes.")
    return Told(" ".join(sentences) or nothing, changes, " ".join(affects))


def _switched(call: Call, kind: str, subject: str, label: str, words: dict[bool, str]) -> list[Change]:
    """Off or on, today and then; `words` are what each is called."""
    today = call.facts.switch(call.target, kind, subject, call.execution)
    then = bool(call.args.get("allowed", kind == "paused" and call.function == "pause"))
    return [Change(label, words[today], words[then])]


def _set_token(call: Call) -> Told:
    token = call.facts.tokens.get(call.args["token"].lower())
    name = token.symbol if token else _("the token at %(address)s") % {"address": short(call.args["token"])}
    words = {True: _("accepted"), False: _("not accepted")}
    changes = _switched(call, "token", call.args["token"], _("Payment in %(token)s") % {"token": name}, words)
    if call.args["allowed"]:
        sentence = _("New subscriptions can be paid in %(token)s.")
        beware = "" if token else _("This site does not know that token. Look it up before you vote.")
        return Told(sentence % {"token": name}, changes, _("Concerns buyers, and providers who price in it."), beware)
    sentence = _("New subscriptions can no longer be paid in %(token)s. Running ones go on in it.")
    return Told(sentence % {"token": name}, changes, _("Concerns providers whose plans are priced in it."))


def _set_arbiter(call: Call) -> Told:
    who = call.args["arbiter"]
    words = {True: _("arbiter"), False: _("no arbiter")}
    changes = _switched(call, "arbiter", who, short(who), words)
    affects = _("Concerns buyers and providers in disputes.")
    if call.args["allowed"]:
        beware = _("An arbiter can give what a dispute is about to either side, and nothing beyond.")
        return Told(_("%(who)s may rule on disputes.") % {"who": short(who)}, changes, affects, beware)
    return Told(_("%(who)s may no longer rule on disputes.") % {"who": short(who)}, changes, affects)


def _pause(call: Call) -> Told:
    sentence = _("No new subscription can be paid until this is taken back. Releases, refunds and withdrawals go on.")
    words = {True: _("paused"), False: _("open")}
    return Told(sentence, _switched(call, "paused", "", _("New payments"), words), _("Concerns buyers and providers."))


def _unpause(call: Call) -> Told:
    words = {True: _("paused"), False: _("open")}
    changes = _switched(call, "paused", "", _("New payments"), words)
    return Told(_("New subscriptions can be paid again."), changes, _("Concerns buyers and providers."))


TELLERS = {
    (ESCROW, "setParams"): _set_params,
    (ESCROW, "setToken"): _set_token,
    (ESCROW, "setArbiter"): _set_arbiter,
    (ESCROW, "pause"): _pause,
    (ESCROW, "unpause"): _unpause,
}
