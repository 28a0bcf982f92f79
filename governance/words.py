"""Figures as a person writes them."""

from datetime import UTC, datetime

from governance.models import Token

SPACE = "\N{NO-BREAK SPACE}"
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def percent(bps: int) -> str:
    """Hundredths of a percent: 250 → 2.5 %, with a space that does not break."""
    return f"{bps / 100:.2f}".rstrip("0").rstrip(".") + f"{SPACE}%"


def share(part: int, whole: int) -> float:
    """Percent with one decimal; never 100 for less than all, nor 0 for more than nothing."""
    if not whole:
        return 0.0
    found = round(part * 100 / whole, 1)
    if 0 < part < whole:
        return min(max(found, 0.1), 99.9)
    return found


def duration(seconds: int) -> str:
    """Exactly, in the largest units: 129600 → 1 day 12 hours."""
    parts = []
    for size, name in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {name}{'s' if count != 1 else ''}")
    return " ".join(parts) or "0 seconds"


def roughly(seconds: int) -> str:
    """In one unit, for what is left of a wait: 129600 → 36 hours."""
    for size, name in UNITS:
        if seconds >= 2 * size or size == 1:
            count = seconds // size
            return f"{count:,} {name}{'s' if count != 1 else ''}"
    return ""


def number(value: int, decimals: int, places: int | None = 2) -> str:
    """Base units as a number with thousands; `places` None writes all of it. What is cut off is never rounded up."""
    whole, rest = divmod(abs(value), 10**decimals)
    digits = f"{rest:0{decimals}d}"[:places].rstrip("0") if decimals else ""
    return f"{'-' if value < 0 else ''}{whole:,}{'.' + digits if digits else ''}"


def amount(value: int, token: Token, places: int | None = 2) -> str:
    return f"{number(value, token.decimals, places)}{SPACE}{token.symbol}"


def short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}"


def moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
