"""Your account: one page that leads to everything about a person."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketplace.accounts import services
from marketplace.accounts.acting import person_of
from marketplace.accounts.forms import NameForm
from marketplace.accounts.models import Wallet
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

Type = Authenticator.Type


@door.person
@require_http_methods(["GET", "POST"])
def overview(request: ActedRequest) -> HttpResponse:
    """What we know of the person, and where to change it."""
    form = NameForm(request.POST or None, initial={"name": request.user.name})  # type: ignore[union-attr]
    if request.method == "POST" and form.is_valid():
        services.rename(request.actor, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:overview")
    person = person_of(request.actor)
    held = list(Authenticator.objects.filter(user_id=person).values_list("type", flat=True))
    context = {
        "form": form,
        "coming": EmailAddress.objects.filter(user_id=person, verified=False).first(),
        "has_app": Type.TOTP in held,
        "passkeys": held.count(Type.WEBAUTHN),
        "sessions": UserSession.objects.filter(user_id=person).count(),
        "wallets": Wallet.objects.held_by(person),
    }
    return render(request, "accounts/overview.html", context, status=422 if request.method == "POST" else 200)
