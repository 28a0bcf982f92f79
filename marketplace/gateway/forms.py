"""Forms: keys and tries; and, from the catalog, the form of a tool."""

from django import forms
from django.utils.translation import gettext_lazy

from marketplace.catalog.forms.tool import ToolForm

__all__ = ["KeyForm", "KeyLimitForm", "ServiceKeyForm", "ToolForm", "TrialTermsForm"]


def monthly_calls() -> forms.IntegerField:
    """How many calls a key may make in a month."""
    return forms.IntegerField(
        min_value=1,
        max_value=1_000_000_000,
        required=False,
        label=gettext_lazy("Calls a month"),
        help_text=gettext_lazy("The key stops there until the next month. Leave it empty for as many as it likes."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=40,
        label=gettext_lazy("Name of the key"),
        help_text=gettext_lazy("Where will it be used? For example: accounting server."),
    )
    monthly_calls = monthly_calls()
    may_sell = forms.BooleanField(
        required=False,
        label=gettext_lazy("It may also write listings"),
        help_text=gettext_lazy("For programs that keep your offers up to date. A moderator still reads each text."),
    )


class KeyLimitForm(forms.Form):
    monthly_calls = monthly_calls()


class ServiceKeyForm(forms.Form):
    service_key = forms.CharField(
        max_length=500,
        label=gettext_lazy("Key of your service"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Sent as “Authorization: Bearer …” to the address of your listing and nowhere else. Kept encrypted."
        ),
    )


class TrialTermsForm(forms.Form):
    calls = forms.IntegerField(
        min_value=0,
        max_value=1000,
        label=gettext_lazy("Free calls of each organization"),
        help_text=gettext_lazy(
            "In all. People who are not signed in have as many a day from their network. 0 switches tries off."
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    calls_a_day = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        label=gettext_lazy("Free calls a day of all together"),
        help_text=gettext_lazy("Your service gets no more of them than this, whoever comes."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
