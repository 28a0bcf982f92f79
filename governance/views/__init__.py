"""Voting pages. Anybody reads them; a wallet signs what they offer."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from governance import delegating, doors, relaying, simulating
from governance.approving import approval
from governance.discussions import discussed_at
from governance.effects import Effect, effect_of
from governance.facts import Facts, fee_change
from governance.following import delegation_life, life_of
from governance.forms import AddressForm, FeeForm
from governance.lists import governor_or_own
from governance.markdown import rendered
from governance.models import Proposal, Support
from governance.power import Standing, checked_address, eligibility, threshold
from governance.projection import NOBODY
from governance.reading import for_show, governor_named, standing_context, votes_of
from governance.words import amount

LONGEST_REASON = 2_000
SUPPORTS = [(side.value, side.label) for side in (Support.FOR, Support.AGAINST, Support.ABSTAIN)]


def proposal_or_404(governor: str, proposal_id: str) -> Proposal:
    """With all that its page shows; 404 also for what is no number of 256 bits."""
    if not proposal_id.isascii() or not proposal_id.isdigit() or len(proposal_id) > 78:
        raise Http404("No such proposal.")
    named = Proposal.objects.filter(governor__in=governor_named(governor), proposal_id=int(proposal_id))
    return get_object_or_404(for_show(named).annotate(discussed_at=discussed_at()))


@doors.public
@require_safe
def proposal(request: HttpRequest, governor: str, proposal_id: str) -> HttpResponse:
    """One proposal: effect, standing, votes, and what the visitor's wallet can do."""
    return proposal_page(request, proposal_or_404(governor, proposal_id), request.GET.get("address", ""))


def proposal_page(
    request: HttpRequest, row: Proposal, given: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of a proposal for whoever looks up an address there; `problem` is what did not work just now."""
    context = {
        **standing_context(row),
        **_found_votes(request, row),
        **_your_vote(row, given, request),
        "simulation": simulating.of(row),
        "address_error": bool(given) and checked_address(given) is None,
        "description": rendered(row.description, title=row.title),
        "socket_path": f"/ws/governance/{row.governor.slug}/{row.proposal_id}/",
        "problem": problem,
    }
    return render(request, "governance/proposal.html", context, status=status)


def _found_votes(request: HttpRequest, row: Proposal) -> dict[str, Any]:
    """The votes that ?side= and ?voter= ask for; nothing where neither does."""
    side, voter = request.GET.get("side", ""), request.GET.get("voter", "").strip()
    only: dict[str, Any] = {"support": int(side)} if side in {"0", "1", "2"} else {}
    address = checked_address(voter)
    if voter:
        only["voter"] = address or voter
    if not only:
        return {"sides": SUPPORTS}
    votes, following = votes_of(row, _place(request), **only)
    narrowed = urlencode({"side": side, "voter": voter})
    return {"sides": SUPPORTS, "side": side, "voter": voter, "narrowed": narrowed, "votes": votes,
            "following": following, "voter_error": bool(voter) and address is None}  # fmt: skip


def _place(request: HttpRequest) -> int:
    """From which vote on, as ?after= says; from the first where it says nothing usable."""
    after = request.GET.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0


def _your_vote(row: Proposal, given: str, request: HttpRequest) -> dict[str, Any]:
    """What the account can do, and what became of a vote that it signed."""
    address = checked_address(given)
    ballot = relaying.ballot_of(row, address) if address else None
    found = eligibility(row, address) if address else None
    return {
        "address": given,
        "address_error": address is None,
        "eligibility": found,
        "supports": SUPPORTS,
        "life": life_of(ballot) if ballot else None,
        "approval": approval(row, address) if address and found and found.can_vote else {},
        "wish": {"support": request.GET.get("support", ""), "reason": request.GET.get("reason", "")[:LONGEST_REASON]},
        "not_relayed": relaying.why_not(row, address) if address and found and found.can_vote else "",
    }


@doors.public
@require_safe
def standing(request: HttpRequest, governor: str, proposal_id: str) -> HttpResponse:
    """The part that changes by itself, for pages without a socket."""
    row = proposal_or_404(governor, proposal_id)
    return render(request, "governance/standing.html", standing_context(row))


@doors.public
@require_safe
def votes(request: HttpRequest, governor: str, proposal_id: str) -> HttpResponse:
    """Further votes, from ?after= on; a page of their own without htmx."""
    row = proposal_or_404(governor, proposal_id)
    found = _found_votes(request, row)
    if "votes" not in found:
        rows, following = votes_of(row, _place(request))
        found |= {"votes": rows, "following": following}
    context = {"governor": row.governor, "proposal": row, **found}
    part = "#rows" if request.headers.get("HX-Request") else ""
    return render(request, f"governance/votes.html{part}", context)


@doors.public
@require_safe
def eligible(request: HttpRequest, governor: str, proposal_id: str) -> HttpResponse:
    """What ?address= may do on this proposal, before it signs anything."""
    row = proposal_or_404(governor, proposal_id)
    context = {"governor": row.governor, "proposal": row, **_your_vote(row, request.GET.get("address", ""), request)}
    return render(request, "governance/proposal.html#your_vote", context)


@doors.public
@require_safe
def delegate(request: HttpRequest, governor: str | None = None) -> HttpResponse:
    """Whom an account's votes count for, and how to change it."""
    dao = governor_or_own(governor)
    given = request.GET.get("address", "")
    address = checked_address(given)
    context: dict[str, Any] = {
        "governor": dao,
        "form": AddressForm({"address": given}) if given else AddressForm(),
        "address": given,
        "to": request.GET.get("to", ""),
        "standing": Standing.of(dao, address) if dao and address else None,
        "nobody": NOBODY,
    }
    if dao is not None:
        row = delegating.latest(dao, address) if address else None
        context["life"] = delegation_life(row) if row else None
        context["not_relayed"] = delegating.why_not(dao, address) if address else relaying.not_relayed(dao)
    return render(request, "governance/delegate.html", context)


@doors.public
def propose(request: HttpRequest, governor: str | None = None) -> HttpResponse:
    """A change of the fee: the form, and what it would do before a wallet is asked."""
    dao = governor_or_own(governor)
    context: dict[str, Any] = {"governor": dao, "form": FeeForm()}
    status = 200
    if dao is not None:
        facts = Facts.of(dao)
        context |= {"threshold": amount(threshold(dao), dao.token), **_today(facts)}
        if request.method == "POST":
            form = context["form"] = FeeForm(request.POST)
            status = 200 if form.is_valid() else 422
            if form.is_valid():
                context |= _preview(facts, form)
    part = "#preview" if request.headers.get("HX-Request") and status == 200 and request.method == "POST" else ""
    return render(request, f"governance/propose.html{part}", context, status=status)


def _today(facts: Facts) -> dict[str, Any]:
    escrow = facts.escrow()
    today = facts.params[escrow.address.lower()].before(None) if escrow else None
    return {"today": today, "fee_today": f"{today['feeBps'] / 100:g} %" if today else ""}


def _preview(facts: Facts, form: FeeForm) -> dict[str, Any]:
    call = fee_change(facts, form.bps)
    effect: Effect | None = effect_of(facts, call[0], 0, call[1]) if call else None
    return {"effect": effect, "description": rendered(form.description, title=form.cleaned_data["title"].strip())}
