"""What people type about themselves. Most forms are allauth's, in our words."""

import hashlib
from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.account.internal.flows.email_verification import get_address_for_login
from allauth.account.models import EmailConfirmationHMAC, Login
from allauth.account.utils import has_verified_email
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.cache import cache
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from marketplace.accounts import passkeys
from marketplace.accounts.models import User
from marketplace.lifecycle import Words

ADDRESS = _("E-mail address")
LONG_HINT = _("At least 10 characters. Three words that do not belong together are easy to remember and hard to guess.")
LONGEST_NAME = 80
USED_FOR = 120  # seconds; longer than any code of an authenticator app is taken


def bounded(field: Any) -> None:
    """Bound the length of a name in a form of allauth's, which bounds none."""
    field.max_length = LONGEST_NAME
    field.validators.append(MaxLengthValidator(LONGEST_NAME))
    field.widget.attrs["maxlength"] = str(LONGEST_NAME)


class SaidField(forms.JSONField):
    """What a script fills in; brackets within brackets without end are no JSON either."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as problem:
            raise forms.ValidationError(passkeys.UNFIT) from problem

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Not sent back: it counts once, and the script asks the device anew."""
        return None


def in_our_words(problem: forms.ValidationError) -> forms.ValidationError:
    """Nobody types the code that allauth speaks of when a passkey does not fit."""
    return forms.ValidationError(passkeys.UNFIT) if problem.code == "incorrect_code" else problem


class OurWords:
    """Labels, hints and attributes in place of allauth's; no placeholders that vanish when one types."""

    words: ClassVar[dict[str, Words]] = {}
    hints: ClassVar[dict[str, Words]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.words.get(name, field.label)
            field.help_text = self.hints.get(name, "")


class SignInForm(OurWords, account.LoginForm):  # type: ignore[misc]
    words: ClassVar = {"login": ADDRESS, "remember": _("Stay signed in on this device")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"


class SignUpForm(OurWords, account.SignupForm):  # type: ignore[misc]
    words: ClassVar = {"email": ADDRESS}
    hints: ClassVar = {"password1": LONG_HINT}

    def try_save(self, request: HttpRequest) -> Any:
        """As allauth's; but an address that is taken costs the same work, so the clock tells nothing."""
        if self.account_already_exists:
            with transaction.atomic():  # a commit waits for the disk although its savepoint was taken back
                self._make_a_stand_in(request)
            return super().try_save(request)
        with transaction.atomic():
            return super().try_save(request)

    def _make_a_stand_in(self, request: HttpRequest) -> None:
        """All that a new account takes, and take it back: the account itself, and how a first sign-in looks at it."""
        email = self.cleaned_data["email"]
        self.account_already_exists = False
        self.cleaned_data["email"] = f"{get_random_string(12)}@invalid.example"
        try:
            with transaction.atomic():
                stand_in = self.save(request)
                login = Login(user=stand_in, signup=True)
                if not has_verified_email(stand_in, login.email):
                    EmailConfirmationHMAC.create(get_address_for_login(login))
                transaction.set_rollback(True)
        finally:
            self.account_already_exists, self.cleaned_data["email"] = True, email


class ResetForm(OurWords, account.ResetPasswordForm):  # type: ignore[misc]
    words: ClassVar = {"email": ADDRESS}


class NewPasswordForm(OurWords, account.ResetPasswordKeyForm):  # type: ignore[misc]
    words: ClassVar = {"password1": _("New password"), "password2": _("New password, once more")}
    hints: ClassVar = {"password1": LONG_HINT}


class ChangePasswordForm(OurWords, account.ChangePasswordForm):  # type: ignore[misc]
    words: ClassVar = {"oldpassword": _("Present password"), **NewPasswordForm.words}
    hints: ClassVar = {"password1": LONG_HINT}


class ChangeEmailForm(OurWords, account.AddEmailForm):  # type: ignore[misc]
    words: ClassVar = {"email": _("New e-mail address")}
    hints: ClassVar = {"email": _("We send a link there. Until you follow it, your present address stays.")}


class PasswordAgainForm(OurWords, account.ReauthenticateForm):  # type: ignore[misc]
    words: ClassVar = {"password": _("Your password")}


class MailedCodeForm(OurWords, account.ConfirmLoginCodeForm):  # type: ignore[misc]
    words: ClassVar = {"code": _("Code from the e-mail")}


class OnceForm(OurWords):
    """A code counts once: allauth forgets a code after 30 seconds, and takes it for up to 90."""

    words: ClassVar = {"code": _("Code")}
    hints: ClassVar = {"code": _("Six digits from your authenticator app, or one of your recovery codes.")}
    user: User
    authenticator: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        digest = hashlib.sha256("".join(code.split()).encode()).hexdigest()
        if not cache.add(f"code-used:{self.user.pk}:{digest}", 1, USED_FOR):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OnceForm, mfa.AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(OnceForm, mfa.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateForm(OurWords, ActivateTOTPForm):  # type: ignore[misc]
    words: ClassVar = {"code": _("Code that the app shows now")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}


class AddPasskeyForm(OurWords, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    words: ClassVar = {"name": _("Name"), "passwordless": _("Sign in with it alone, without a password")}
    hints: ClassVar = {
        "name": _("So that you know it again, such as “Anna's phone”."),
        "passwordless": _("Your device then asks for your finger, your face or its PIN."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True
        self.fields["credential"] = SaidField()
        bounded(self.fields["name"])

    def clean_credential(self) -> dict[str, Any]:
        return passkeys.new_passkey(self.cleaned_data["credential"])

    def clean(self) -> dict[str, Any]:
        """What is wrong with what a script fills in stands above the form: it has no field to put right."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except forms.ValidationError as problem:
            raise in_our_words(problem) from problem
        if self.errors.pop("credential", None):
            self.add_error(None, passkeys.UNFIT)
        return cleaned


class RenamePasskeyForm(OurWords, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    words: ClassVar = {"name": _("Name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounded(self.fields["name"])


class ReadPasskey:
    """The answer of a passkey, read before allauth takes it for granted."""

    cleaned_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = {"required": passkeys.UNFIT, "invalid": passkeys.UNFIT}
        self.fields["credential"] = SaidField(error_messages=said)  # type: ignore[attr-defined]

    def clean_credential(self) -> Any:
        self.cleaned_data["credential"] = passkeys.used_passkey(self.cleaned_data["credential"])
        try:
            return super().clean_credential()  # type: ignore[misc]
        except forms.ValidationError as problem:
            raise in_our_words(problem) from problem


class PasskeySignInForm(ReadPasskey, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyStepForm(ReadPasskey, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyAgainForm(ReadPasskey, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        label=_("Your name"),
        help_text=_("The other members of your organizations see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class SignedForm(forms.Form):
    """Filled in by the page's script: the wallet's address, and its signature under our message."""

    address = forms.CharField(max_length=42, widget=forms.HiddenInput)
    signature = forms.CharField(max_length=20_000, widget=forms.HiddenInput)

    def say(self, sentence: str) -> None:
        """Show only this sentence: what a script fills in has no field to put right."""
        self.errors.clear()
        self.add_error(None, sentence)
