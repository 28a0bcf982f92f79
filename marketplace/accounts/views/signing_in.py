"""Sign in, and confirm who acts, with a wallet. What follows is allauth's: a second factor is asked for as ever."""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import BaseReauthenticateView
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from marketplace.accounts import proofs, services, throttle
from marketplace.accounts.forms import SignedForm
from marketplace.accounts.views.wallets import NO_SIGNATURE, message, origin_of
from marketplace.lifecycle import Refused
from marketplace.tenancy import door
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.door import ActedRequest
from marketplace.tenancy.scope import scope


@door.public
@require_GET
def sign_in_message(request: ActedRequest) -> HttpResponse:
    """The message that a wallet has to sign to sign in, as JSON. The same for every address, linked or not."""
    try:
        throttle.consume(request, "wallet_message", throttle.network(request))
    except throttle.TooMany as tries:
        headers = {"Retry-After": str(tries.seconds)}
        return JsonResponse({"sentence": str(tries)}, status=429, headers=headers)
    facts = {
        "browser": proofs.browser(request),
        "address": request.GET.get("address", ""),
        "origin": origin_of(request),
    }
    return message(lambda: services.issue_sign_in_message(request.actor, **facts))


@door.public
@require_http_methods(["GET", "POST"])
def sign_in(request: ActedRequest) -> HttpResponse:
    """Sign in with a linked wallet; one that is not linked is led to an account."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _enter(request, **form.cleaned_data)
        except Refused as refused:
            form.say(str(refused))
        except throttle.TooMany as tries:
            form.say(str(tries))
            request.retry_after = tries.seconds  # type: ignore[attr-defined]
    elif request.method == "POST":
        form.say(str(NO_SIGNATURE))
    context = {"form": form, "next": get_next_redirect_url(request) or ""}
    return render(request, "accounts/sign_in.html", context, status=422 if request.method == "POST" else 200)


def _enter(request: ActedRequest, address: str, signature: str) -> HttpResponse:
    tries = throttle.consume(request, "wallet", f"{address.lower()}|{throttle.place(request, address)}")
    facts = {"browser": proofs.browser(request), "address": address, "signature": signature}
    address = services.prove_wallet(request.actor, **facts)
    tries.rollback()
    holder = services.holder_of(request.actor, address=address)
    if holder is None:
        proofs.keep(request, address)
        return redirect("accounts:unknown_wallet")
    record_authentication(request, holder, method="wallet", address=address)
    answer: HttpResponse = perform_login(request, Login(user=holder, redirect_url=get_next_redirect_url(request)))
    return answer


@door.public
@require_GET
def unknown_wallet(request: ActedRequest) -> HttpResponse:
    """For who has proved to hold a wallet that belongs to no account: make one, or sign in and link it."""
    address = proofs.recent(request)
    if not address or request.user.is_authenticated:
        return redirect("accounts:wallets" if request.user.is_authenticated else "account_login")
    return render(request, "accounts/unknown_wallet.html", {"address": address})


class ConfirmWithWallet(BaseReauthenticateView):  # type: ignore[misc]
    """As typing the password again, by a signature of one's own wallet."""

    form_class = SignedForm
    template_name = "accounts/confirm_with_wallet.html"

    def form_valid(self, form: SignedForm) -> HttpResponse:
        request = self.request
        try:
            with transaction.atomic(), scope(user_id=request.user.pk):
                address = services.confirm_with_wallet(Actor(request.user.pk), **form.cleaned_data)
        except Refused as refused:
            form.say(str(refused))
            return self.form_invalid(form)
        record_authentication(request, request.user, method="wallet", address=address, reauthenticated=True)
        answer: HttpResponse = super().form_valid(form)
        return answer

    def form_invalid(self, form: SignedForm) -> HttpResponse:
        if not form.non_field_errors():
            form.say(str(NO_SIGNATURE))
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=422)
        return answer


@login_required
def _confirm(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    answer: HttpResponse = ConfirmWithWallet.as_view()(request, **kwargs)
    return answer


confirm_with_wallet = door.marked(_confirm, "person")
