"""Votes that somebody else has to agree to first: who says so is named by settings, for we do not import the market."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from governance.models import Governor, Proposal, State
from governance.power import checked_address
from governance.reading import for_show, shown
from governance.refusing import No


def on_their_own(**vote: Any) -> dict[str, str]:
    """Every wallet votes as it likes; the answer when settings name nobody."""
    return {}


def approval(proposal: Proposal, voter: str, support: int | None = None, reason: str = "") -> dict[str, str]:
    """Nothing where the account may vote so; else {no} with the reason and {path} of where to ask.

    Without `support`: nothing where no vote of the account needs anybody's yes.
    """
    ask: Callable[..., dict[str, str]] = import_string(
        getattr(settings, "VOTE_APPROVAL_HOOK", "governance.approving.on_their_own")
    )
    governor = proposal.governor
    return ask(
        wallet=voter,
        chain=governor.chain,
        governor=governor.address,
        proposal=str(proposal.proposal_id),
        support=support,
        reason=reason,
    )


def refuse_unapproved(proposal: Proposal, voter: str, support: int, reason: str) -> None:
    """Raise No where somebody has to agree to this vote, and has not. What a wallet sends by itself passes us by."""
    if answer := approval(proposal, voter, support, reason):
        raise No(answer["no"])


def told(*, chain: str, governor: str, proposal: str) -> dict[str, Any] | None:
    """What a proposal is, for who decides about a vote: {title, path, effects, is_open}; None where there is none."""
    address = checked_address(governor)
    dao = Governor.objects.filter(chain=chain, address=address).first() if address else None
    if dao is None or not proposal.isascii() or not proposal.isdigit() or len(proposal) > 78:
        return None
    found = shown(dao, for_show(Proposal.objects.filter(governor=dao, proposal_id=int(proposal))))
    if not found:
        return None
    row = found[0]
    return {
        "title": row.proposal.title,
        "path": row.proposal.get_absolute_url(),
        "effects": [effect.sentence for effect in row.effects],
        "is_open": row.proposal.state in {State.PENDING, State.ACTIVE},
    }
