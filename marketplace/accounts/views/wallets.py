"""A person's own wallets."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.accounts import proofs, services
from marketplace.accounts.acting import person_of
from marketplace.accounts.forms import SignedForm
from marketplace.accounts.models import SignInNonce, Wallet
from marketplace.lifecycle import Refused
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

NO_SIGNATURE = gettext_lazy("Your wallet sent no signature. Try once more; nothing was changed.")


def short(address: str) -> str:
    """As people compare it."""
    return f"{address[:6]}…{address[-4:]}"


def message(issue: Any) -> JsonResponse:
    """What `issue` answers, as the page's script wants it; a no is its sentence."""
    try:
        return JsonResponse({"message": issue()})
    except Refused as refused:
        return JsonResponse({"sentence": str(refused)}, status=422)


def origin_of(request: Any) -> str:
    """The page's, as https://host; the host is one of ALLOWED_HOSTS."""
    return str(request.build_absolute_uri("/").rstrip("/"))


@door.person
@require_http_methods(["GET", "POST"])
def wallets(request: ActedRequest) -> HttpResponse:
    """The person's wallets; linking another one."""
    form = SignedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            wallet = services.link_wallet(request.actor, **form.cleaned_data)
        except Refused as refused:
            form.say(str(refused))
        else:
            return _linked(request, wallet)
    elif request.method == "POST":
        form.say(str(NO_SIGNATURE))
    context = {
        "wallets": Wallet.objects.held_by(person_of(request.actor)),
        "form": form,
        "proven": proofs.recent(request),
        "back": _back(request),
    }
    return render(request, "accounts/wallets.html", context, status=422 if request.method == "POST" else 200)


def _linked(request: ActedRequest, wallet: Wallet) -> HttpResponse:
    messages.success(request, _("The wallet %(address)s is yours to use here.") % {"address": short(wallet.address)})
    return redirect(_back(request) or "accounts:wallets")


def _back(request: ActedRequest) -> str:
    """Where the person came from to link a wallet, if it is a page of ours."""
    to = request.GET.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, {request.get_host()}, request.is_secure()) else ""


@door.person
@require_POST
def link_proven(request: ActedRequest) -> HttpResponse:
    """Link the wallet that this browser signed with before the person signed in."""
    address = proofs.recent(request)
    if not address:
        raise Refused(_("It is too long ago that this wallet signed. Link it once more; nothing was changed."))
    wallet = services.link_proven_wallet(request.actor, address=address)
    proofs.forget(request)
    return _linked(request, wallet)


@door.person
@require_GET
def wallet_message(request: ActedRequest) -> HttpResponse:
    """The message that a wallet has to sign to be linked, or to confirm who acts; as JSON."""
    purpose = SignInNonce.Purpose.CONFIRM if "confirm" in request.GET else SignInNonce.Purpose.LINK
    address, origin = request.GET.get("address", ""), origin_of(request)
    return message(lambda: services.issue_message(request.actor, address=address, origin=origin, purpose=purpose))


@door.person
@require_POST
def prefer(request: ActedRequest, wallet_id: int) -> HttpResponse:
    """Mark the wallet that is offered first for payouts."""
    wallet = get_object_or_404(Wallet.objects.held_by(person_of(request.actor)), pk=wallet_id)
    services.prefer_for_payouts(request.actor, wallet_id=wallet.pk)
    messages.success(request, _("%(address)s is offered first where payouts go.") % {"address": short(wallet.address)})
    return redirect("accounts:wallets")


@door.person
@door.fresh
@require_http_methods(["GET", "POST"])
def unlink(request: ActedRequest, wallet_id: int) -> HttpResponse:
    """Ask before, then forget a wallet."""
    wallet = get_object_or_404(Wallet.objects.held_by(person_of(request.actor)), pk=wallet_id)
    problem = ""
    if request.method == "POST":
        try:
            services.unlink_wallet(request.actor, wallet_id=wallet_id)
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(
                request, _("The wallet %(address)s is no longer linked.") % {"address": short(wallet.address)}
            )
            return redirect("accounts:wallets")
    context = {"wallet": wallet, "problem": problem}
    return render(request, "accounts/unlink.html", context, status=422 if problem else 200)
