"""Fields for what people edit as text: JSON, and amounts of a currency."""

import json
from typing import Any

from django import forms

from marketplace.catalog import schemas
from marketplace.catalog.models import Currency
from marketplace.catalog.schemas import NotUsable


def pretty(value: Any) -> str:
    """JSON as people edit it."""
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


def amount(units: int, currency: Currency) -> str:
    """Base units as people edit them: 29000000 → 29.00."""
    whole, _, cents = f"{currency.in_units(units):f}".partition(".")
    cents = cents.rstrip("0").ljust(min(2, currency.decimals), "0")
    return f"{whole}.{cents}" if cents else whole


class JsonText(forms.CharField):
    """JSON in a text area; what was typed stays as typed when it is wrong."""

    def __init__(self, longest: int = schemas.LONGEST, rows: int = 12, **kwargs: Any) -> None:
        attrs = {"rows": rows, "spellcheck": "false", "autocapitalize": "off", "class": "code"}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)
        self.longest = longest

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return {}
        try:
            return schemas.parsed(text, self.longest)
        except NotUsable as problem:
            raise forms.ValidationError(str(problem)) from None
