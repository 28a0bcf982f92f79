"""A person's own wallets."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from marketplace.accounts import services
from marketplace.accounts.acting import person_of
from marketplace.accounts.forms import LinkForm
from marketplace.accounts.models import Wallet
from marketplace.lifecycle import Refused
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.person
@require_http_methods(["GET", "POST"])
def wallets(request: ActedRequest) -> HttpResponse:
    """The person's wallets; linking another one."""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            wallet = services.link_wallet(request.actor, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"The wallet {wallet.address[:6]}…{wallet.address[-4:]} is yours to use here.")
            return redirect(_back(request) or "accounts:wallets")
    elif request.method == "POST":
        form = LinkForm({"address": "", "signature": ""})
        form.errors.clear()
        form.add_error(None, "Your wallet sent no signature. Try once more; nothing was changed.")
    mine = Wallet.objects.filter(user_id=person_of(request.actor))
    status = 422 if request.method == "POST" else 200
    context = {"wallets": mine, "form": form, "back": _back(request)}
    return render(request, "accounts/wallets.html", context, status=status)


def _back(request: ActedRequest) -> str:
    """Where the person came from to link a wallet, if it is a page of ours."""
    to = request.GET.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, {request.get_host()}, request.is_secure()) else ""


@door.person
@require_GET
def wallet_message(request: ActedRequest) -> HttpResponse:
    """The message that a wallet has to sign to be linked, as JSON."""
    origin = request.build_absolute_uri("/").rstrip("/")
    try:
        text = services.issue_link_message(request.actor, address=request.GET.get("address", ""), origin=origin)
    except Refused as refused:
        return JsonResponse({"sentence": str(refused)}, status=422)
    return JsonResponse({"message": text})


@door.person
@require_http_methods(["GET", "POST"])
def unlink(request: ActedRequest, wallet_id: int) -> HttpResponse:
    """Ask before, then forget a wallet."""
    wallet = get_object_or_404(Wallet.objects.filter(user_id=person_of(request.actor)), pk=wallet_id)
    if request.method == "POST":
        services.unlink_wallet(request.actor, wallet_id=wallet_id)
        messages.success(request, f"The wallet {wallet.address[:6]}…{wallet.address[-4:]} is no longer linked.")
        return redirect("accounts:wallets")
    return render(request, "accounts/unlink.html", {"wallet": wallet})
