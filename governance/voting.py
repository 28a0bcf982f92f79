"""Vote by signature, whoever asks: a page, or a program by the REST interface."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from governance import relaying
from governance.approving import refuse_unapproved
from governance.models import Ballot, Proposal
from governance.power import Eligibility, eligibility
from governance.refusing import No


def signed_already() -> str:
    return _("You have signed a vote here already. A vote cannot be changed.")


def on_its_way(proposal: Proposal, voter: str) -> Ballot | None:
    """What the voter has signed before, unless it failed."""
    before = relaying.ballot_of(proposal, voter)
    return before if before is not None and before.sending.state not in relaying.OVER else None


def may_vote(proposal: Proposal, voter: str, support: int, reason: str) -> Eligibility:
    """What the account can do; raises No where it cannot vote, or where somebody has to agree to this vote first."""
    found = eligibility(proposal, voter)
    if not found.can_vote:
        raise No(found.sentence)
    refuse_unapproved(proposal, voter, support, reason)
    return found


def take(proposal: Proposal, values: dict[str, Any], signature: str) -> Ballot:
    """Leave a signed vote to be sent, once: a second answer of the same wallet is told what became of the first."""
    if on_its_way(proposal, values["address"]) is None:
        may_vote(proposal, values["address"], values["support"], values["reason"])
    return relaying.hand_in(
        proposal,
        voter=values["address"],
        support=values["support"],
        reason=values["reason"],
        signature=signature,
    )
