"""The shape of what people send in a dispute."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalog.models import Currency
from marketplace.disputes.models import Appeal, Dispute
from marketplace.disputes.papers import MOST_FILES, Piece, vetted
from marketplace.lifecycle import Refused

SHARE = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?")
KINDS = [choice for choice in Dispute.Category.choices if choice[0] != Dispute.Category.UNSAID]


class FilesInput(forms.FileInput):
    """Takes several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files, each vetted; the answer is a list of pieces."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Every file that was sent; the first that does not pass is named with the reason."""
        uploads = data if isinstance(data, list | tuple) else [data] if data else []
        if len(uploads) > MOST_FILES:
            raise forms.ValidationError(_("Add at most %(number)s files at a time.") % {"number": MOST_FILES})
        return [self._vetted(super(FilesField, self).clean(upload)) for upload in uploads]

    def _vetted(self, upload: "UploadedFile[bytes]") -> Piece:
        try:
            return vetted(upload)
        except Refused as refused:
            raise forms.ValidationError(f"{upload.name}: {refused}") from None


def _files() -> FilesField:
    return FilesField(
        required=False,
        max_length=200,
        label=gettext_lazy("Files"),
        help_text=gettext_lazy(
            "Up to five, 16 MB together: PDF, picture or plain text. The other side and the arbiters read them."
        ),
        widget=FilesInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.webp,.txt,.log,.csv"}),
    )


class OpenForm(forms.Form):
    """What is wrong, in the buyer's words."""

    category = forms.ChoiceField(choices=KINDS, widget=forms.RadioSelect, label=gettext_lazy("What is wrong"))
    text = forms.CharField(
        min_length=20,
        max_length=4000,
        label=gettext_lazy("What happened"),
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=gettext_lazy("What was promised, what you got, since when, and what you would call fair."),
    )
    shown = _files()


class SayForm(forms.Form):
    """More words and files of either side."""

    text = forms.CharField(
        min_length=5,
        max_length=4000,
        label=gettext_lazy("What you want to say"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    shown = _files()


class RulingForm(forms.Form):
    """A share and the reasons for it."""

    share = forms.CharField(
        max_length=6,
        label=gettext_lazy("The provider gets, in percent"),
        help_text=gettext_lazy("Of what is contested, 0 to 100, with up to two decimals. The buyer gets the rest."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reasons = forms.CharField(
        min_length=20,
        max_length=4000,
        label=gettext_lazy("Your reasons"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Both sides read them; their hash goes on the chain."),
    )

    def clean_share(self) -> int:
        """The share in 1/10,000, exactly as typed."""
        found = SHARE.fullmatch(self.cleaned_data["share"].strip().rstrip("%").strip())
        bps = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else 10_001
        if bps > 10_000:
            raise forms.ValidationError(_("Type a number from 0 to 100, such as 60 or 12.5."))
        return bps


class AppealForm(forms.Form):
    """What a side asks the DAO for."""

    remedy = forms.ChoiceField(
        choices=Appeal.Remedy.choices, widget=forms.RadioSelect, label=gettext_lazy("What the DAO should do")
    )
    amount = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=40,
        label=gettext_lazy("Compensation"),
        help_text=gettext_lazy("At most what was contested. Leave it empty when you ask for none."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    text = forms.CharField(
        min_length=20,
        max_length=4000,
        label=gettext_lazy("Why"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "The other side and the moderators read this. It stays out of the draft; what you write there is public."
        ),
    )

    def __init__(self, *args: Any, currency: Currency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].label = _("Compensation in %(symbol)s") % {"symbol": currency.symbol}

    def clean_amount(self) -> int:
        """In base units; 0 when none is asked for."""
        try:
            return self.currency.in_base_units(self.cleaned_data.get("amount") or Decimal(0))
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None
