"""Amounts, fees and lengths of time as people read them. Whole numbers only: no amount is ever rounded."""

from datetime import datetime
from typing import Protocol

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
    return f"{sign}{whole:,}" + (f".{places}" if places else "")


def money(units: int, token: Token) -> str:
    """An amount with its currency: 29.00 TUSD."""
    return f"{amount(int(units), token.decimals)}{NARROW}{token.symbol}"


def percent(bps: int) -> str:
    """Hundredths of a percent as people read them: 250 → 2.5."""
    whole, part = divmod(int(bps), 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")


def length(seconds: int) -> str:
    """A span in the largest unit that divides it: 2592000 → 30 days."""
    for size, name in ((YEAR, "year"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds and seconds % size == 0:
            return counted(seconds // size, name)
    return counted(seconds, "second")


def counted(number: int, thing: str) -> str:
    """A number with its noun: 1 day, 30 days."""
    return f"{number:,}{NARROW}{thing}" + ("" if number == 1 else "s")


def day(at: datetime) -> str:
    """A moment with its weekday and time zone: Friday 1 January 2027, 12:00 UTC."""
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M} UTC"
