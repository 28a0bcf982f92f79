"""Drafts that begin outside of these pages: an appeal against a ruling, which its author completes and proposes.

`settings` names `begin` and `standing` to whoever asks, who knows nothing else of this world, nor this world of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from chain import abi
from governance import drafting
from governance.drafting import Wanted
from governance.facts import ESCROW, Facts
from governance.models import Draft, Governor, State
from governance.refusing import No

ENDED = {
    State.EXECUTED: "accepted",
    State.DEFEATED: "rejected",
    State.CANCELED: "rejected",
    State.EXPIRED: "rejected",
}


def begin(*, origin: str, title: str, why: str, calls: Iterable[dict[str, Any]]) -> dict[str, str]:
    """A draft of the market's own DAO for `origin`: {path} of its secret link, or {no} with the reason.

    Each call is {kind: dismiss, account} or {kind: pay, token, to, units}, units in base units.
    """
    governor = Governor.objects.filter(chain=settings.CHAIN_ID, is_own=True).first()
    if governor is None:
        return {"no": _("The market's DAO is not known here yet. Try again in a minute.")}
    escrow = Facts.of(governor).escrow()
    if escrow is None:
        return {"no": _("The market's contract is not known here yet. Try again in a minute.")}
    wanted = [_call(escrow.address, each) for each in calls]
    kept = [[call.target, str(call.value), "0x" + call.data.hex()] for call in wanted]
    try:
        key = drafting.begin(governor, origin=origin, title=" ".join(title[:120].split()), why=why, calls=kept)
    except No as no:
        return {"no": str(no)}
    return {"path": reverse("governance:draft", args=[governor.slug, key])}


def _call(escrow: str, said: dict[str, Any]) -> Wanted:
    if said["kind"] == "dismiss":
        return Wanted(escrow, 0, abi.encode_call(ESCROW, "setArbiter", said["account"], False))
    return Wanted(said["token"], 0, abi.encode_call("GuildToken", "transfer", said["to"], int(said["units"])))


def standing(origin: str) -> dict[str, str] | None:
    """Where the draft for `origin` stands: {state} draft, open, accepted or rejected, and {path} once it is proposed.

    None when there is no such draft, or none any more. It is the proposal with the very calls and words of the draft,
    whoever made it; once found it stays found, whatever becomes of the draft.
    """
    draft = Draft.objects.filter(origin=origin).select_related("governor").first()
    if draft is None:
        return None
    proposal = drafting.proposal_of(draft)
    if proposal is None:
        return {"state": "draft", "path": ""}
    drafting.follow(draft, proposal)
    state = ENDED.get(State(proposal.state), "open") if proposal.settled else "open"
    return {"state": state, "path": proposal.get_absolute_url()}
