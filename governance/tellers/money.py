"""Calls that move tokens, or let somebody move them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from governance.tellers.told import Call, Change, Told
from governance.words import amount, short, whole

ENDLESS = 2**255


def _amount(call: Call, value: int) -> str:
    token = call.facts.tokens.get(call.target.lower())
    if token is not None:
        return amount(value, token, None)
    words = {"count": whole(value), "address": short(call.target)}
    return _("%(count)s base units of the token at %(address)s") % words


def _beware(call: Call) -> str:
    known = call.target.lower() in call.facts.tokens
    return "" if known else _("This site does not know the contract that is called. Look it up before you vote.")


def _named(call: Call, *names: str) -> Any:
    return next((call.args[name] for name in names if name in call.args), None)


def _transfer(call: Call) -> Told | None:
    to, value = _named(call, "to", "recipient"), _named(call, "value", "amount")
    if to is None or value is None:
        return None
    words = {"sent": _amount(call, value), "name": call.facts.name(to)}
    sentence = _("Sends %(sent)s from the timelock to %(name)s.") % words
    return Told(sentence, [], _("Concerns the treasury."), _beware(call))


def _transfer_from(call: Call) -> Told | None:
    origin, to, value = _named(call, "from", "sender"), _named(call, "to"), _named(call, "value", "amount")
    if origin is None or to is None or value is None:
        return None
    words = {"sent": _amount(call, value), "name": call.facts.name(to), "origin": call.facts.name(origin)}
    sentence = _("Sends %(sent)s from %(origin)s to %(name)s; %(origin)s has to have allowed it.") % words
    return Told(sentence, [], "", _beware(call))


def _approve(call: Call) -> Told | None:
    who, value = _named(call, "spender"), _named(call, "value", "amount")
    if who is None or value is None:
        return None
    name = call.facts.name(who)
    if not value:
        return Told(
            _("%(name)s may take no more of it from the timelock.") % {"name": name}, [], _("Concerns the treasury.")
        )
    if value >= ENDLESS:
        token = call.facts.tokens.get(call.target.lower())
        symbol = token.symbol if token else short(call.target)
        sentence = _("%(name)s may take all %(symbol)s that the timelock has or will have, at any time.")
        beware = _("There is no limit to it. A proposer who needs a sum can name it.")
        return Told(sentence % {"name": name, "symbol": symbol}, [], _("Concerns the treasury."), beware)
    words = {"name": name, "sent": _amount(call, value)}
    changes = [Change(_("May take"), _("unknown"), words["sent"])]
    sentence = _("%(name)s may take up to %(sent)s from the timelock, at any time.") % words
    return Told(sentence, changes, _("Concerns the treasury."), _beware(call))


def _mint(call: Call) -> Told | None:
    to, value = _named(call, "to", "account"), _named(call, "value", "amount")
    if to is None or value is None:
        return None
    words = {"made": _amount(call, value), "name": call.facts.name(to)}
    affects = _("Concerns everybody who holds the token: their share gets smaller.")
    return Told(_("Makes %(made)s for %(name)s.") % words, [], affects, _beware(call))


TELLERS: dict[tuple[str, str], Callable[[Call], Told | None]] = {
    ("*", "transfer"): _transfer,
    ("*", "transferFrom"): _transfer_from,
    ("*", "approve"): _approve,
    ("*", "mint"): _mint,
}
