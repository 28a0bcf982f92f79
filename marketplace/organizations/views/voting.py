"""Votes of the organization's wallets: which need a second person, what is asked, and the answer."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import Wallet
from marketplace.lifecycle import Refused
from marketplace.organizations import services, votes
from marketplace.organizations.access import EVERYBODY, MAY_AGREE, MAY_OWN
from marketplace.organizations.forms import VoteAnswerForm, VoteForm
from marketplace.organizations.models import VoteRequest, VotingWallet
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

NEWEST = 50
NAMED = ("wallet", "chain", "governor", "proposal")


@door.person
@require_GET
def find(request: ActedRequest) -> HttpResponse:
    """From a proposal's page to the organization that the person's wallet votes for."""
    wallet = request.GET.get("wallet", "")
    if not Wallet.objects.filter(user_id=person_of(request.actor), address=wallet).exists():
        return redirect("accounts:wallets")
    org = votes.org_of_wallet(wallet)
    if org is None:
        raise Http404("No vote of this wallet needs anybody's yes.")
    return redirect(f"{reverse('organizations:ask_vote', args=[org.slug])}?{urlencode(_named(request))}")


def _named(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:78] for name in NAMED}


@door.member(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def overview(request: ActedRequest) -> HttpResponse:
    """The wallets whose votes need a second person, which owners choose, and what was asked."""
    owns, problem = request.actor.role in MAY_OWN, ""
    mine = list(Wallet.objects.held_by(person_of(request.actor)).values_list("address", flat=True)) if owns else []
    if request.method == "POST":
        act = services.release_wallet if "release" in request.POST else services.guard_wallet
        try:
            act(request.actor, address=request.POST.get("address", ""))
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(request, _("Saved. The owners and admins are told."))
            return redirect("organizations:votes", org=request.org.slug)
    guarded = list(VotingWallet.objects.for_org(request.org.pk))
    context = {
        "guarded": guarded,
        "offered": [address for address in mine if address not in {row.address for row in guarded}],
        "owns": owns,
        "problem": problem,
        "asked": VoteRequest.objects.for_org(request.org.pk).select_related("asked_by")[:NEWEST],
    }
    return render(request, "organizations/votes.html", context, status=422 if problem else 200)


@door.member(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def ask(request: ActedRequest) -> HttpResponse:
    """Ask a second person about a vote on the proposal that the address names."""
    named = _named(request)
    about = votes.proposal_of(named["chain"], named["governor"], named["proposal"])
    if about is None:
        return redirect("organizations:votes", org=request.org.slug)
    form = VoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.ask_vote(
                request.actor, address=named["wallet"], chain=named["chain"], governor=named["governor"],
                proposal=named["proposal"], **form.cleaned_data,
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("organizations:vote", request.org.slug, made.public_id)
    context = {"about": about, "form": form, "wallet": named["wallet"], "action": request.get_full_path()}
    return render(request, "organizations/ask_vote.html", context, status=422 if form.is_bound else 200)


def _request_of(request: ActedRequest, public_id: uuid.UUID) -> VoteRequest:
    asked = VoteRequest.objects.for_org(request.org.pk).select_related("asked_by", "decided_by")
    return get_object_or_404(asked, public_id=public_id)


@door.member(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def vote(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """One request: another owner or admin answers, who asked goes on to vote or takes it back."""
    found, form = _request_of(request, public_id), VoteAnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _act(request, public_id, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
            found = _request_of(request, public_id)
        else:
            return redirect("organizations:vote", request.org.slug, public_id)
    is_mine = found.asked_by_id == request.actor.user_id
    about = votes.proposal_of(found.chain, found.governor, found.proposal)
    wish = {"address": found.wallet, "support": found.support, "reason": found.reason}
    context: dict[str, Any] = {
        "asked": found,
        "about": about,
        "form": form,
        "is_mine": is_mine,
        "may_decide": found.state == "waiting" and request.actor.role in MAY_AGREE and not is_mine,
        "may_withdraw": found.state in ("waiting", "approved") and is_mine,
        "vote_url": f"{about['path']}?{urlencode(wish)}#your-vote" if about and found.state == "approved" else "",
    }
    return render(request, "organizations/vote.html", context, status=422 if form.is_bound else 200)


def _act(request: ActedRequest, public_id: uuid.UUID, *, do: str, answer: str) -> None:
    if do == "withdraw":
        services.withdraw_vote(request.actor, public_id=public_id)
    else:
        services.decide_vote(request.actor, public_id=public_id, approve=do == "approve", answer=answer)
        messages.success(request, _("Your answer is noted. Who asked is told."))
