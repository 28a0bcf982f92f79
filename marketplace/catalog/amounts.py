"""An amount of money as people type it."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

AMOUNT = re.compile(r"(\d{1,9})(?:([.,])(\d{1,18}))?")


class AmountField(forms.CharField):
    """A number with a point or a comma, as an exact Decimal; None when empty. "1,000" is asked about, not guessed."""

    def __init__(self, *, example: str = "29.00", **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "placeholder": example, "autocomplete": "off"})
        super().__init__(max_length=30, widget=widget, **kwargs)
        self.example = example

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        found = AMOUNT.fullmatch(text)
        if not found:
            raise forms.ValidationError(_("Write it as a number, for example %(example)s.") % {"example": self.example})
        whole, separator, rest = found.groups()
        if separator == "," and len(rest) == 3:
            question = _("Is this %(large)s or %(small)s? Write it without the comma.")
            raise forms.ValidationError(question % {"large": whole + rest, "small": f"{whole}.{rest}"})
        return Decimal(f"{whole}.{rest or 0}")
