"""The shape of what people type."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.models import CommentReport, Support
from governance.power import checked_address

MOST_FEE = Decimal(10)


class AddressField(forms.CharField):
    """An address, in its EIP-55 form."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        found = checked_address(text) if text else ""
        if found is None:
            raise forms.ValidationError(_("This is not an address. It starts with 0x and has 40 digits after it."))
        return found


def stored(text: str) -> str:
    """A text as it is kept and signed: line ends as one sign, nothing that neither chain nor database can hold."""
    text = text.replace("\r\n", "\n")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise forms.ValidationError(_("The text holds signs that cannot be stored. Please type it again.")) from None
    return text


class AddressForm(forms.Form):
    address = AddressField(
        label=gettext_lazy("Wallet address"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "0x…"}),
    )


class BallotForm(AddressForm):
    support = forms.TypedChoiceField(
        coerce=int,
        choices=Support.choices,
        error_messages={
            "required": gettext_lazy("Choose For, Against or Abstain."),
            "invalid_choice": gettext_lazy("Choose one of the three."),
        },
    )
    reason = forms.CharField(
        required=False,
        max_length=2000,
        strip=True,
        error_messages={"max_length": gettext_lazy("A reason has at most 2,000 characters.")},
    )

    def clean_reason(self) -> str:
        return stored(self.cleaned_data["reason"])


class DelegateForm(AddressForm):
    delegate = AddressField(
        label=gettext_lazy("Delegate to"),
        error_messages={"required": gettext_lazy("Say to whom: an address, or your own.")},
    )


class StatementForm(forms.Form):
    """What a delegate says of themselves."""

    statement = forms.CharField(
        label=gettext_lazy("Your statement"),
        max_length=5_000,
        help_text=gettext_lazy("Who you are, how you decide, what you have an interest in. Markdown works."),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Write something first.")},
    )

    def clean_statement(self) -> str:
        return stored(self.cleaned_data["statement"])


class CommentForm(forms.Form):
    """What somebody says of a draft; `answers` is the number of the comment above it, if it answers one."""

    comment = forms.CharField(
        max_length=5_000,
        error_messages={
            "required": gettext_lazy("Write something first."),
            "max_length": gettext_lazy("A comment has at most 5,000 characters."),
        },
    )
    answers = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)

    def clean_comment(self) -> str:
        return stored(self.cleaned_data["comment"])


class ReportForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("What is wrong with it?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say what is wrong with it.")},
    )

    def clean_why(self) -> str:
        return stored(self.cleaned_data["why"])


class CommentReportForm(forms.Form):
    category = forms.ChoiceField(
        choices=CommentReport.Category.choices,
        widget=forms.RadioSelect,
        label=gettext_lazy("What is wrong"),
        error_messages={"required": gettext_lazy("Say what is wrong with it.")},
    )
    text = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Only the moderators read it."),
    )

    def clean_text(self) -> str:
        return stored(self.cleaned_data["text"])


class HideForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Say why it is hidden.")},
    )


class DraftForm(forms.Form):
    """The words of a proposal."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=10_000,
        help_text=gettext_lazy("Who gains, who pays, and what happens if it does not pass. Markdown works."),
        widget=forms.Textarea(attrs={"rows": 10}),
    )

    def clean_title(self) -> str:
        return " ".join(stored(self.cleaned_data["title"]).split())

    def clean_why(self) -> str:
        return stored(self.cleaned_data["why"])


class FeeForm(forms.Form):
    """A change of the fee, and why."""

    fee = forms.DecimalField(
        label=gettext_lazy("New fee in percent"),
        min_value=Decimal(0),
        max_value=MOST_FEE,
        decimal_places=2,
        help_text=gettext_lazy(
            "Of each payout, for subscriptions that start afterwards. The contract allows at most 10 %."
        ),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
        error_messages={
            "max_value": gettext_lazy("The contract allows at most 10 %%."),
            "min_value": gettext_lazy("A fee cannot be below 0 %%."),
        },
    )
    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=10_000,
        help_text=gettext_lazy("Who gains, who pays, and what happens if it does not pass. Markdown works."),
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    @property
    def bps(self) -> int:
        return int(self.cleaned_data["fee"] * 100)

    @property
    def description(self) -> str:
        """As it goes on the chain, but for the suffix with its proposer."""
        title = " ".join(self.cleaned_data["title"].split())
        return f"# {title}\n\n{self.cleaned_data['why'].strip()}"


class ProposeForm(AddressForm, FeeForm):
    """The same with the account that proposes."""
