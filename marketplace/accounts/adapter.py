"""What we do otherwise than allauth: how tries are counted, how mails look, how second factors are kept."""

import base64
import os
from contextlib import suppress
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.models import Login
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.accounts import devices, throttle
from marketplace.accounts.mails import as_html
from marketplace.accounts.models import User, Wallet
from marketplace.tenancy.scope import scope

WORDS = {
    "account_inactive": gettext_lazy("This account is closed."),
    "duplicate_email": gettext_lazy("This is your address already."),
    "email_password_mismatch": gettext_lazy("E-mail address and password do not fit together."),
    "email_taken": gettext_lazy("This address cannot be used here."),
    "enter_current_password": gettext_lazy("This is not your present password."),
    "incorrect_code": gettext_lazy("This code is not right, or it is too old. Type the newest one."),
    "incorrect_password": gettext_lazy("This is not your password."),
    "invalid_password_reset": gettext_lazy("This link has been used already, or it is too old."),
    "same_as_current": gettext_lazy("This is what you have now."),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts of people."""

    error_messages: ClassVar = {**DefaultAccountAdapter.error_messages, **WORDS}

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """A sentence; one about too many codes also becomes the status of the answer."""
        if code == "too_many_login_attempts":
            return self._too_many(throttle.TooMany(900))
        error: ValidationError = super().validation_error(code, *args)
        return error

    def _too_many(self, tries: throttle.TooMany) -> ValidationError:
        context.request.retry_after = tries.seconds
        return ValidationError(str(tries), code="too_many")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try, before anything is looked up: what is counted is what was typed, known or not."""
        email = str(credentials.get("email", "")).lower()
        where = throttle.place(request, email)
        self._tries = []
        try:
            self._tries.append(throttle.consume(request, "sign_in", f"{email}|{where}"))
            self._tries.append(throttle.consume(request, "sign_in_place", where))
        except throttle.TooMany as tries:
            raise self._too_many(tries) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        for usage in self._tries if user else []:
            usage.rollback()
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note that somebody, somewhere, did not know the password."""
        with suppress(throttle.TooMany):  # then the right password is answered with a code by e-mail, see below
            throttle.consume(request, "sign_in_anywhere", str(credentials.get("email", "")).lower())

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Who reset the password by e-mail begins anew."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        email = str(credentials.get("email", "")).lower()
        ratelimit.clear(request, app=throttle.APP, action="sign_in", key=f"{email}|{throttle.place(request, email)}")

    def is_login_by_code_required(self, login: Login) -> bool:
        """While many places guess a password, knowing it is not enough in a browser that has not been here before."""
        records = get_authentication_records(context.request, login.user)
        if not records or records[-1]["method"] != "password":
            return False
        email = login.user.email
        if devices.known(context.request, email):
            return False
        return throttle.is_spent(context.request, "sign_in_anywhere", email)

    def post_login(self, request: HttpRequest, user: Any, **hook: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **hook)
        if hook["signup"] and not get_authentication_records(request, user):
            record_authentication(request, user, method="password")  # chosen in this very session
        proven = [record["address"] for record in get_authentication_records(request, user) if "address" in record]
        devices.remember(request, response, [user.email, *proven])
        return response

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """As allauth's, and by a linked wallet. A passkey comes first where there is one."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code of your authenticator app"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        for method in methods:
            method["description"] = words[method["id"]]
        if not user.is_authenticated:
            return methods
        with transaction.atomic(), scope(user_id=user.pk):
            holds_a_wallet = Wallet.objects.held_by(user.pk).exists()
        if holds_a_wallet:
            where = reverse("accounts:confirm_with_wallet")
            methods.append({"id": "wallet", "description": _("Use your wallet"), "url": where})
        return methods

    def unstash_verified_email(self, request: HttpRequest) -> str | None:
        """The address that the link of an invitation was sent to, if it is the one signed up with; else nothing.

        allauth would give the account that address whatever was typed.
        """
        shown: str | None = super().unstash_verified_email(request)
        return shown if shown and shown == request.POST.get("email", "").strip().lower() else None

    def render_mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: Any = None
    ) -> EmailMessage:
        """A mail from its text; the HTML says the same in the market's own frame."""
        context = {**context, "base_url": settings.BASE_URL}
        subject = " ".join(render_to_string(f"{template_prefix}_subject.txt", context).split())
        text = render_to_string(f"{template_prefix}_message.txt", context).strip() + "\n"
        to = [email] if isinstance(email, str) else email
        mail = EmailMultiAlternatives(subject, text, self.get_from_email(), to, headers=headers)
        mail.attach_alternative(as_html(subject, text), "text/html")
        return mail


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: their secrets are stored as ciphertext."""

    error_messages: ClassVar = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": WORDS["incorrect_code"],
        "unverified_email": gettext_lazy("Confirm your e-mail address first: without it you could lock yourself out."),
    }

    def get_totp_issuer(self) -> str:
        return "Guildhall"

    def _get_site_name(self) -> str:
        return "Guildhall"

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002  (allauth's name)
        """What a new passkey is called until its owner says otherwise."""
        held = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("My passkey") if not held else _("Passkey %(number)s") % {"number": held + 1}

    def encrypt(self, text: str) -> str:
        """AES-256-GCM under SEALING_KEY, as text."""
        nonce = os.urandom(12)
        return base64.b64encode(nonce + AESGCM(_key()).encrypt(nonce, text.encode(), b"second factor")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        raw = base64.b64decode(encrypted_text)
        return AESGCM(_key()).decrypt(raw[:12], raw[12:], b"second factor").decode()


def _key() -> bytes:
    return base64.b64decode(settings.SEALING_KEY)
