"""What the doors ask about a session: was a second factor shown in it, and has the person been asked lately?"""

import time
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

SET_UP_FIRST = _(
    "Moderators need a second factor. Add an authenticator app or a passkey here; the console opens after that."
)
Type = Authenticator.Type


def second_factor(request: HttpRequest) -> HttpResponse | None:
    """Where to go for the second factor that this session lacks; None when it was shown."""
    held = set(Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True))
    if not held & {Type.TOTP, Type.WEBAUTHN}:
        messages.warning(request, SET_UP_FIRST)
        return redirect("mfa_index")
    if any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user)):
        return None
    page = "mfa_reauthenticate" if Type.TOTP in held else "mfa_reauthenticate_webauthn"
    return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': request.get_full_path()})}")


def be_fresh(request: HttpRequest) -> None:
    """Raise ReauthenticationRequired unless the person signed in, or was asked again, a few minutes ago.

    allauth's middleware then asks, keeps what was sent, and carries on with it afterwards.
    """
    records = get_authentication_records(request, request.user)
    if not records or time.time() - records[-1]["at"] > app_settings.REAUTHENTICATION_TIMEOUT:
        raise ReauthenticationRequired
