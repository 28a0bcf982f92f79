"""Vote by signature: what the wallet is asked to sign, what is done with it, and how far it has come."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance import doors, relaying, voting
from governance.ballots import ballot_call, ballot_file
from governance.following import life_of
from governance.forms import BallotForm
from governance.models import Ballot, Proposal, Support
from governance.power import checked_address
from governance.refusing import No, cleaned
from governance.views import proposal_or_404, proposal_page
from governance.wallet import asked, conversation


def _ballot_or_404(governor: str, proposal_id: str, voter: str) -> tuple[Proposal, Ballot]:
    proposal, address = proposal_or_404(governor, proposal_id), checked_address(voter)
    ballot = relaying.ballot_of(proposal, address) if address else None
    if ballot is None:
        raise Http404("No such ballot.")
    return proposal, ballot


@conversation
def sign(body: dict[str, Any], governor: str, proposal_id: str) -> dict[str, Any]:
    """The typed data of a vote, said in words first. Who has signed already is shown where that vote stands."""
    proposal, values = proposal_or_404(governor, proposal_id), cleaned(BallotForm(body))
    voter, support, reason = values["address"], values["support"], values["reason"]
    before = relaying.ballot_of(proposal, voter)
    if before is not None and before.sending.state not in relaying.OVER:
        return {"say": voting.signed_already()}
    found = voting.may_vote(proposal, voter, support, reason)
    typed = relaying.asked(proposal, voter, support, reason)
    say = _("You vote %(side)s with %(votes)s. Signing costs nothing. A vote cannot be changed.")
    if before is not None:
        say = _(
            "You vote %(side)s with %(votes)s. Signing costs nothing. The vote that you signed before stays valid too, "
            "until one of them is counted."
        )
    following = reverse("governance:ballot_signed", args=[proposal.governor.slug, str(proposal.proposal_id)])
    return {
        "typed": typed,
        "say": say % {"side": Support(support).label, "votes": found.power_text},
        "next": following,
        "with": {"support": str(support), "reason": reason},
    }


@conversation
def signed(body: dict[str, Any], governor: str, proposal_id: str) -> dict[str, Any]:
    """Take the signature, once: a second answer of the same wallet is told what became of the first."""
    proposal, values = proposal_or_404(governor, proposal_id), cleaned(BallotForm(body))
    ballot = voting.take(proposal, values, str(body.get("signature", "")))
    return {"say": life_of(ballot).sentence}


@conversation
def hand_over(body: dict[str, Any], governor: str, proposal_id: str, voter: str) -> dict[str, Any]:
    """The signed vote as a transaction of any wallet, for whoever does not want to wait for the market."""
    proposal, ballot = _ballot_or_404(governor, proposal_id, voter)
    sender = checked_address(str(body.get("address", ""))) or ballot.voter
    say = _("You hand in the signed vote yourself. It costs a network fee only.")
    return asked(proposal.governor, proposal.governor.address, ballot_call(ballot), sender, say)


@doors.public
@require_safe
def life(request: HttpRequest, governor: str, proposal_id: str, voter: str) -> HttpResponse:
    """How far a signed vote has come: the part of the page that asks again by itself."""
    proposal, ballot = _ballot_or_404(governor, proposal_id, voter)
    context = {"governor": proposal.governor, "proposal": proposal, "life": life_of(ballot)}
    return render(request, "governance/ballot.html#moving", context)


@doors.public
@require_safe
def download(request: HttpRequest, governor: str, proposal_id: str, voter: str) -> HttpResponse:
    """The signed vote as a file, with which anybody can hand it in."""
    _, ballot = _ballot_or_404(governor, proposal_id, voter)
    answer = JsonResponse(ballot_file(ballot), json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="vote-{str(ballot.proposal_id)[:8]}-{ballot.voter}.json"'
    return answer


@doors.public
@require_POST
def again(request: HttpRequest, governor: str, proposal_id: str, voter: str) -> HttpResponse:
    """Leave a signed vote that failed to be sent once more."""
    proposal, ballot = _ballot_or_404(governor, proposal_id, voter)
    try:
        relaying.send_again(proposal, ballot.voter)
    except No as no:
        return proposal_page(request, proposal, ballot.voter, problem=str(no), status=422)
    return redirect(f"{proposal.get_absolute_url()}?address={ballot.voter}#your-vote")
