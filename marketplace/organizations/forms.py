"""The shape of what people type about their organization."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from marketplace.lifecycle import Refused, Words
from marketplace.organizations import numbers, papers
from marketplace.organizations.models import BusinessDetails, Invitation, Organization, VoteRequest
from marketplace.organizations.services import domains

Side = VoteRequest.Side
ROLES = Invitation._meta.get_field("role").flatchoices


def _blank_first() -> list[tuple[str, str]]:
    return [("", _("Choose one")), *((str(code), str(name)) for code, name in countries)]


class NumbersForm(forms.Form):
    """What an organization is known by; the numbers are checked by the rules of its country."""

    registration_number = forms.CharField(
        max_length=60,
        required=False,
        label=gettext_lazy("Registration number"),
        help_text=gettext_lazy("From your trade or company register."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    vat_number = forms.CharField(
        max_length=20,
        required=False,
        label=gettext_lazy("VAT number"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def check_numbers(self, cleaned: dict[str, Any], country: str) -> None:
        """Put each number into the form in which the country writes it, or say beside it what is wrong."""
        for field, check in (("registration_number", numbers.registration_number), ("vat_number", numbers.vat_number)):
            if country and cleaned.get(field):
                try:
                    cleaned[field] = check(country, cleaned[field])
                except Refused as refused:
                    self.add_error(field, str(refused))


class WhoForm(NumbersForm):
    """The first step: who you are."""

    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("Name of your organization"),
        help_text=gettext_lazy("As it stands on your invoices."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.ChoiceField(
        choices=_blank_first, label=gettext_lazy("Country"), widget=forms.Select(attrs={"autocomplete": "country"})
    )
    size = forms.ChoiceField(
        choices=[("", gettext_lazy("Rather not say")), *BusinessDetails.Size.choices],
        required=False,
        label=gettext_lazy("How many you are"),
    )
    sector = forms.ChoiceField(
        choices=[("", gettext_lazy("Rather not say")), *BusinessDetails.Sector.choices],
        required=False,
        label=gettext_lazy("What you work in"),
    )
    field_order = ("name", "country", "size", "sector", "registration_number", "vat_number")

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.check_numbers(cleaned, cleaned.get("country", ""))
        return cleaned


class WantForm(forms.Form):
    """The second step: what you want."""

    intention = forms.ChoiceField(
        choices=Organization.Intention.choices,
        label=gettext_lazy("What do you want to do here?"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy("You can do the other later too."),
    )


class InviteForm(forms.Form):
    """Somebody to be asked in."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    role = forms.ChoiceField(choices=ROLES, label=gettext_lazy("Role"), initial="developer")


InviteForms = forms.formset_factory(InviteForm, extra=3, max_num=10, validate_max=True, absolute_max=20)


class RoleForm(forms.Form):
    """What a member is to be; `roles` are those that the acting member may give."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), widget=forms.RadioSelect)

    def __init__(self, roles: Sequence[tuple[str, Words]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
        field.choices = roles


class ProfileForm(forms.Form):
    name = forms.CharField(
        max_length=80, label=gettext_lazy("Name"), widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    about = forms.CharField(max_length=160, required=False, label=gettext_lazy("What you do, in one line"))
    website = forms.URLField(
        required=False,
        max_length=200,
        assume_scheme="https",
        label=gettext_lazy("Website"),
        widget=forms.URLInput(attrs={"autocomplete": "url"}),
    )

    def __init__(self, *args: Any, name_is_fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if name_is_fixed:
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _("Part of what we check, so it stays while you are verified.")


class PayoutForm(forms.Form):
    address = forms.ChoiceField(label=gettext_lazy("Pay what we earn to"), widget=forms.RadioSelect)

    def __init__(self, addresses: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["address"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
        field.choices = [(address, f"{address[:10]}…{address[-8:]}") for address in addresses]


class VerificationForm(NumbersForm):
    """The request to a moderator."""

    website = forms.URLField(
        max_length=200,
        assume_scheme="https",
        label=gettext_lazy("Website"),
        help_text=gettext_lazy("Where we can see that it is you."),
    )
    note = forms.CharField(
        max_length=1000,
        required=False,
        label=gettext_lazy("What else helps us to check"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Only moderators read this."),
    )

    def __init__(self, country: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        self.fields["registration_number"].required = True
        self.fields["registration_number"].help_text = _(
            "From your trade or company register, or your VAT number if you have none."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._vat_number_serves_as_both(cleaned)
        self.check_numbers(cleaned, self.country)
        return cleaned

    def _vat_number_serves_as_both(self, cleaned: dict[str, Any]) -> None:
        """Who has no entry in a register may give the VAT number in its place."""
        typed = cleaned.get("registration_number", "")
        if typed and not cleaned.get("vat_number"):
            try:
                numbers.registration_number(self.country, typed)
            except Refused:
                try:
                    cleaned["vat_number"] = numbers.vat_number(self.country, typed)
                except Refused:
                    return
                cleaned["registration_number"] = ""


class DocumentForm(forms.Form):
    """A document for the moderators."""

    document = forms.FileField(
        label=gettext_lazy("Document"),
        help_text=gettext_lazy(
            "A PDF, or a picture as PNG, JPEG or WebP, of at most 8 MB. Archives such as ZIP are not taken."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.webp"}),
        max_length=200,
    )

    def clean_document(self) -> papers.Paper:
        try:
            return papers.vetted(self.cleaned_data["document"])
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None


class DomainForm(forms.Form):
    """A domain that the organization says is its own."""

    domain = forms.CharField(
        max_length=253,
        label=gettext_lazy("Your domain"),
        help_text=gettext_lazy("For example example.com, without www."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url", "spellcheck": "false"}),
    )

    def clean_domain(self) -> str:
        try:
            return domains.vetted(self.cleaned_data["domain"])
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None


class VoteForm(forms.Form):
    """A vote that a second person is asked about, as it would be signed."""

    support = forms.TypedChoiceField(
        coerce=int,
        choices=[(side.value, side.label) for side in (Side.FOR, Side.AGAINST, Side.ABSTAIN)],
        label=gettext_lazy("How do you want to vote?"),
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        max_length=2000,
        required=False,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Stands on the chain with the vote, for ever. The yes is to exactly these words."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("For your colleague"),
        help_text=gettext_lazy("Only your organization reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_reason(self) -> str:
        """As the voting page takes it: line ends as one sign."""
        return str(self.cleaned_data["reason"]).replace("\r\n", "\n")


class VoteAnswerForm(forms.Form):
    """What is done about a request: by a second person, or by who asked."""

    do = forms.ChoiceField(
        choices=[(name, name) for name in ("approve", "decline", "withdraw")],
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("Choose what to do."),
            "invalid_choice": gettext_lazy("Choose what to do."),
        },
    )
    answer = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Your reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed when you decline. Who asked reads it."),
    )
