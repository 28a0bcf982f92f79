"""The shape of what people type about their organization."""

from typing import Any

from django import forms
from django_countries import countries

from marketplace.organizations.models import Organization

INTENTIONS = Organization.Intention.choices


def _blank_first() -> list[tuple[str, str]]:
    return [("", "Choose one"), *((str(code), str(name)) for code, name in countries)]


class CreateForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        label="Name of your organization",
        help_text="As it stands on your invoices.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.ChoiceField(
        choices=_blank_first, label="Country", widget=forms.Select(attrs={"autocomplete": "country"})
    )
    about = forms.CharField(
        max_length=160,
        required=False,
        label="What you do, in one line",
        help_text="For example: bakery with four shops.",
    )
    intention = forms.ChoiceField(
        choices=INTENTIONS,
        label="What do you want to do here?",
        initial=Organization.Intention.BUY,
        widget=forms.RadioSelect,
        help_text="You can do the other later too.",
    )


class ProfileForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name", widget=forms.TextInput(attrs={"autocomplete": "organization"}))
    about = forms.CharField(max_length=160, required=False, label="What you do, in one line")
    website = forms.URLField(
        required=False,
        max_length=200,
        assume_scheme="https",
        label="Website",
        widget=forms.URLInput(attrs={"autocomplete": "url"}),
    )

    def __init__(self, *args: Any, name_is_fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if name_is_fixed:
            self.fields["name"].disabled = True
            self.fields["name"].help_text = "Part of what we check, so it stays while you are verified."


class PayoutForm(forms.Form):
    address = forms.ChoiceField(label="Pay what we earn to", widget=forms.RadioSelect)

    def __init__(self, addresses: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["address"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
        field.choices = [(address, f"{address[:10]}…{address[-8:]}") for address in addresses]


class VerificationForm(forms.Form):
    registration_number = forms.CharField(
        max_length=60,
        label="Registration number",
        help_text="From your trade or company register, or your VAT number if you have none.",
    )
    website = forms.URLField(
        max_length=200, assume_scheme="https", label="Website", help_text="Where we can see that it is you."
    )
    note = forms.CharField(
        max_length=1000,
        required=False,
        label="What else helps us to check",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Only moderators read this.",
    )
