"""Figures as a person writes them, in the language of who reads."""

from datetime import UTC, datetime
from decimal import Decimal

from django.utils import formats
from django.utils.translation import ngettext, npgettext

from governance.models import Token

SPACE = "\N{NO-BREAK SPACE}"
DAY, HOUR, MINUTE = 86_400, 3_600, 60
UNITS = (DAY, HOUR, MINUTE, 1)
END_OF_TIME = 253_402_300_799  # the last second of the year 9999; a contract may name any


def whole(count: int) -> str:
    """A whole number with its thousands apart."""
    return str(formats.number_format(count, force_grouping=True))


def tenths(value: float) -> str:
    """A number with one decimal."""
    return str(formats.number_format(value, 1))


def percent(bps: int) -> str:
    """Hundredths of a percent: 250 → 2.5 %, with a space that does not break."""
    value = Decimal(bps).scaleb(-2).normalize()
    places = max(0, -int(value.as_tuple().exponent))
    return f"{formats.number_format(value, places)}{SPACE}%"


def share(part: int, whole: int) -> float:
    """Percent with one decimal; never 100 for less than all, nor 0 for more than nothing."""
    if not whole:
        return 0.0
    found = round(part * 100 / whole, 1)
    if 0 < part < whole:
        return min(max(found, 0.1), 99.9)
    return found


def _counted(count: int, unit: int) -> str:
    words = {
        DAY: ngettext("%d day", "%d days", count),
        HOUR: ngettext("%d hour", "%d hours", count),
        MINUTE: ngettext("%d minute", "%d minutes", count),
        1: ngettext("%d second", "%d seconds", count),
    }
    return words[unit].replace("%d", whole(count))


def _away(count: int, unit: int) -> str:
    """As _counted, after "in" or before "ago": there some languages have other endings."""
    words = {
        DAY: npgettext("away", "%d day", "%d days", count),
        HOUR: npgettext("away", "%d hour", "%d hours", count),
        MINUTE: npgettext("away", "%d minute", "%d minutes", count),
        1: npgettext("away", "%d second", "%d seconds", count),
    }
    return words[unit].replace("%d", whole(count))


def duration(seconds: int) -> str:
    """Exactly, in the largest units: 129600 → 1 day 12 hours."""
    parts = []
    for unit in UNITS:
        count, seconds = divmod(seconds, unit)
        if count:
            parts.append(_counted(count, unit))
    return " ".join(parts) or _counted(0, 1)


def roughly(seconds: int, *, away: bool = False) -> str:
    """In one unit, for what is left of a wait: 129600 → 36 hours. `away`: as it stands after "in" or before "ago"."""
    unit = next((unit for unit in UNITS if seconds >= 2 * unit), 1)
    return (_away if away else _counted)(seconds // unit, unit)


def number(value: int, decimals: int, places: int | None = 2) -> str:
    """Base units as a number with thousands; `places` None writes all of it. What is cut off is never rounded up."""
    units, rest = divmod(abs(value), 10**decimals)
    digits = f"{rest:0{decimals}d}"[:places].rstrip("0") if decimals else ""
    point = formats.get_format("DECIMAL_SEPARATOR")
    return f"{'-' if value < 0 else ''}{whole(units)}{point + digits if digits else ''}"


def amount(value: int, token: Token, places: int | None = 2) -> str:
    return f"{number(value, token.decimals, places)}{SPACE}{token.symbol}"


def short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}"


def moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(min(timestamp, END_OF_TIME), UTC)
