"""Home and settings of an organization, and the way to them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import Wallet
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.access import EVERYBODY, MAY_MANAGE, MAY_OWN, Role
from marketplace.organizations.forms import PayoutForm, ProfileForm
from marketplace.organizations.home import parts
from marketplace.organizations.models import Membership, Organization, Verification
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.person
@require_GET
def mine(request: ActedRequest) -> HttpResponse:
    """Where a person goes after signing in: to their organization, to a choice of several, or to make one."""
    memberships = list(Membership.objects.of(person_of(request.actor)))
    if not memberships:
        return redirect("organizations:create")
    if len(memberships) == 1:
        return redirect("organizations:home", org=memberships[0].org.slug)
    return render(request, "organizations/mine.html", {"memberships": memberships})


@door.member(*EVERYBODY)
@require_GET
def home(request: ActedRequest) -> HttpResponse:
    """What to do next, and how things stand."""
    shown = parts(request.org, person_of(request.actor), request.actor.role)
    left = [step for step in shown.steps if not step.is_done]
    context = {"steps": shown.steps, "left": left, "figures": shown.figures, "verification": _last_asked(request.org)}
    return render(request, "organizations/home.html", context)


def _last_asked(org: Organization) -> Verification | None:
    return Verification.objects.for_org(org.pk).first()


def _settings_page(request: ActedRequest, status: int = 200, **bound: forms.Form) -> HttpResponse:
    """All forms of the settings; `bound` replaces the one that was sent."""
    org = request.org
    addresses = list(Wallet.objects.held_by(person_of(request.actor)).values_list("address", flat=True))
    chosen = org.payout_address or next(iter(addresses), "")
    context: dict[str, Any] = {
        "profile": _profile_form(org),
        "payout": PayoutForm(addresses, initial={"address": chosen}, auto_id="payout_%s"),
        "addresses": addresses,
        "is_owner": request.actor.role == Role.OWNER,
        **bound,
    }
    return render(request, "organizations/settings.html", context, status=status)


def _profile_form(org: Organization, data: Any = None) -> ProfileForm:
    is_fixed = org.state in (Organization.State.SUBMITTED, Organization.State.VERIFIED)
    initial = {"name": org.name, "about": org.about, "website": org.website}
    return ProfileForm(data, initial=initial, name_is_fixed=is_fixed)


@door.member(*MAY_MANAGE)
@require_http_methods(["GET", "POST"])
def settings(request: ActedRequest) -> HttpResponse:
    """What the organization says of itself, and where it is paid."""
    if request.method == "GET":
        return _settings_page(request)
    form = _profile_form(request.org, request.POST)
    if form.is_valid():
        try:
            services.update_profile(request.actor, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved."))
            return redirect("organizations:settings", org=request.org.slug)
    return _settings_page(request, 422, profile=form)


@door.member(*MAY_OWN)
@door.fresh
@require_POST
def payouts(request: ActedRequest) -> HttpResponse:
    """Choose the wallet that is paid."""
    addresses = list(Wallet.objects.filter(user_id=person_of(request.actor)).values_list("address", flat=True))
    form = PayoutForm(addresses, request.POST, auto_id="payout_%s")
    if form.is_valid():
        try:
            services.set_payout_wallet(request.actor, address=form.cleaned_data["address"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Coming orders are paid to this wallet."))
            return redirect("organizations:settings", org=request.org.slug)
    return _settings_page(request, 422, payout=form)
