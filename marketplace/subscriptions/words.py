"""Amounts, fees and lengths of time as people read them. Whole numbers only: no amount is ever rounded."""

from datetime import datetime
from typing import Protocol

from django.utils import formats
from django.utils.translation import ngettext

YEAR, DAY, HOUR, MINUTE = 31_536_000, 86_400, 3_600, 60
NARROW = "\N{NO-BREAK SPACE}"


class Token(Protocol):
    symbol: str
    decimals: int


def amount(units: int, decimals: int) -> str:
    """Base units as a decimal number, exact, with at least two places where the token has them: 29000000 → 29.00."""
    sign, units = ("−" if units < 0 else ""), abs(units)
    whole, part = divmod(units, 10**decimals)
    places = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    places = places.ljust(min(2, decimals), "0")
    return f"{sign}{number(whole)}" + (f"{formats.get_format('DECIMAL_SEPARATOR')}{places}" if places else "")


def number(whole: int) -> str:
    """A whole number, its thousands grouped as the reader's language does."""
    return str(formats.number_format(whole, force_grouping=True))


def money(units: int, token: Token) -> str:
    """An amount with its currency: 29.00 TUSD."""
    return f"{amount(int(units), token.decimals)}{NARROW}{token.symbol}"


def percent(bps: int) -> str:
    """Hundredths of a percent as people read them: 250 → 2.5."""
    whole, part = divmod(int(bps), 100)
    places = f"{part:02d}".rstrip("0")
    return f"{whole}{formats.get_format('DECIMAL_SEPARATOR')}{places}" if places else str(whole)


def length(seconds: int) -> str:
    """A span in the largest unit that divides it: 2592000 → 30 days."""
    size = next((size for size in (YEAR, DAY, HOUR, MINUTE) if seconds and seconds % size == 0), 1)
    count = seconds // size
    words = {
        YEAR: ngettext("%d year", "%d years", count),
        DAY: ngettext("%d day", "%d days", count),
        HOUR: ngettext("%d hour", "%d hours", count),
        MINUTE: ngettext("%d minute", "%d minutes", count),
        1: ngettext("%d second", "%d seconds", count),
    }
    return words[size].replace("%d", number(count)).replace(" ", NARROW, 1)


def day(at: datetime) -> str:
    """A moment with its weekday and time zone."""
    return formats.date_format(at, "LONG_MOMENT_FORMAT")
