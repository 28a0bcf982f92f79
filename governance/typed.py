"""Figures as people type them: lengths of time with a unit, and amounts of a token, exact to the last digit."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from governance.words import DAY, HOUR, MINUTE

UNITS = {"s": 1, "min": MINUTE, "h": HOUR, "d": DAY}


class SpanField(forms.CharField):
    """A length of time in seconds, typed as “36 h”; a plain number where the clock counts blocks."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip().lower()
        match = re.fullmatch(r"(\d{1,9})\s*(s|min|h|d)?", text)
        if not match:
            raise forms.ValidationError(_("Write a number and a unit, such as 36 h."))
        return int(match[1]) * UNITS[match[2] or "s"]


def span(seconds: int) -> str:
    """In the largest unit that keeps it exact."""
    unit = next(name for name, size in reversed(UNITS.items()) if seconds % size == 0 and (seconds or size == 1))
    return f"{seconds // UNITS[unit]} {unit}"


def base_units(value: Decimal, decimals: int) -> int:
    """Whole units as base units, exactly; raises ValidationError for more decimals than there are."""
    scaled = Fraction(value) * 10**decimals
    if scaled.denominator != 1:
        raise forms.ValidationError(_("This token has at most %(decimals)s decimals.") % {"decimals": decimals})
    return int(scaled)


def whole_units(value: int, decimals: int) -> str:
    """Base units as somebody types them, with all their decimals."""
    units, rest = divmod(value, 10**decimals)
    return f"{units}.{rest:0{decimals}d}".rstrip("0").rstrip(".") if rest else str(units)
