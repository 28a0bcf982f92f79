"""A tool tried from its page in the shop: the form, the result, and what its provider allows."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.accounts.throttle import network
from marketplace.catalog.models import Listing
from marketplace.gateway import trials
from marketplace.gateway.forms import ToolForm, TrialTermsForm
from marketplace.gateway.models import TrialCall
from marketplace.gateway.result import presented
from marketplace.gateway.trials import Seeker
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_SELL, MAY_USE
from marketplace.organizations.models import Membership
from marketplace.tenancy import door
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.door import ActedRequest
from marketplace.tenancy.scope import scope

VISITOR: Final = "tries"  # where a stranger's secret stands in the session
STRANGERS_PREFIX: Final = 64


@dataclass(frozen=True, slots=True)
class Party:
    """The organizations of who is signed in that may use tools, and the one that tries now."""

    choices: list[Membership]
    chosen: Membership | None


def _mine(request: ActedRequest) -> list[Membership]:
    if request.actor.user_id is None:
        return []
    with transaction.atomic(), scope(user_id=request.actor.user_id):
        return list(Membership.objects.of(request.actor.user_id))


def _party(request: ActedRequest) -> Party:
    choices = [membership for membership in _mine(request) if membership.role in MAY_USE]
    asked = request.POST.get("org") or request.GET.get("org", "")
    named = [membership for membership in choices if membership.org.slug == asked]
    return Party(choices, next(iter([*named, *choices]), None))


def _seeker(request: ActedRequest, party: Party, *, remember: bool = False) -> Seeker:
    """Who tries. With `remember` a stranger's session gets the secret by which the result is found again."""
    if party.chosen:
        return Seeker(Actor(request.actor.user_id, party.chosen.org_id, party.chosen.role))
    if remember and VISITOR not in request.session:
        request.session[VISITOR] = secrets.token_urlsafe(24)
    visitor = request.session.get(VISITOR, "")
    return Seeker(Actor(request.actor.user_id), visitor, network(request, six=STRANGERS_PREFIX))


@door.public
@require_http_methods(["GET", "HEAD", "POST"])
def attempt(request: ActedRequest, slug: str) -> HttpResponse:
    """The form of one tool, for free; sending it leaves a try for the worker."""
    listing = get_object_or_404(Listing.objects.public().select_related("org", "category"), slug=slug)
    party = _party(request)
    fresh = {"initial": {"form_key": uuid.uuid4()}}
    if request.method == "POST":
        is_example = "use_example" in request.POST
        form = ToolForm(
            listing.input_schema, **(fresh if is_example else {"data": request.POST, "files": request.FILES})
        )
        if is_example or form.is_valid():
            key = uuid.uuid4() if is_example else form.cleaned_data["form_key"]
            payload = listing.example if is_example else form.payload()
            return _started(request, listing, party, form, payload=payload, key=key)
        return _try_page(request, listing, party, form, status=422)
    return _try_page(request, listing, party, ToolForm(listing.input_schema, **fresh))


def _started(
    request: ActedRequest, listing: Listing, party: Party, form: ToolForm, *, payload: dict[str, Any], key: uuid.UUID
) -> HttpResponse:
    try:
        trial = trials.start_trial(
            _seeker(request, party, remember=True), listing=listing, payload=payload, form_key=key
        )
    except trials.TryLater as later:
        response = _try_page(request, listing, party, form, refusal=str(later), status=429)
        response["Retry-After"] = str(later.seconds)
        return response
    except Refused as refused:
        return _try_page(request, listing, party, form, refusal=str(refused), status=422)
    return redirect("gateway:trial", slug=listing.slug, public_id=trial.public_id)


def _try_page(
    request: ActedRequest, listing: Listing, party: Party, form: ToolForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "listing": listing,
        "category": listing.category,
        "form": form,
        "party": party,
        "refusal": refusal,
        "left": trials.left(listing, _seeker(request, party)),
    }
    page = "gateway/try.html" + ("#try-form" if request.htmx else "")
    return render(request, page, context, status=status)


@door.public
@require_safe
def trial(request: ActedRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """What came of a try, for who made it; while it is not finished, the page asks again every second."""
    org_ids = [membership.org_id for membership in _mine(request)]
    found = trials.trial_of(public_id, org_ids=org_ids, visitor=request.session.get(VISITOR, ""))
    if found is None or found.listing.slug != slug:
        raise Http404("No such try.")
    page = "gateway/trial.html" + ("#trial-part" if request.htmx else "")
    context = {"trial": found, "listing": found.listing, "category": found.listing.category}
    response = render(request, page, {**context, "result": presented(found.result)})
    response["Cache-Control"] = "private, no-store"
    return response


@door.member(*MAY_SELL)
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: ActedRequest, slug: str) -> HttpResponse:
    """How many free calls a listing's provider gives, and what was made of them."""
    listing = get_object_or_404(Listing.objects.for_org(request.org.pk), slug=slug)
    initial = {"calls": listing.trial_calls, "calls_a_day": listing.trial_calls_a_day}
    form = TrialTermsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        set_now = trials.set_terms(request.actor, listing_id=listing.pk, **form.cleaned_data)
        messages.success(request, _("Saved.") if set_now.can_be_tried else _("Saved. Nobody can try it for free now."))
        return redirect("catalog:preview", org=request.org.slug, slug=listing.slug)
    since = timezone.now() - timedelta(days=30)
    made = TrialCall.objects.for_org(request.org.pk).filter(listing=listing, started_at__gte=since)
    figures = made.aggregate(calls=Count("pk"), answered=Count("pk", filter=Q(outcome="answered")))
    context = {"form": form, "listing": listing, "figures": figures}
    return render(request, "gateway/trial_terms.html", context, status=422 if form.is_bound else 200)
