"""How figures read: money from integer base units, addresses, spans of time. Pure functions; templates use ui.py."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

MINUS: Final = "\N{MINUS SIGN}"
UNITS: Final = ((31_536_000, "year"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def _in_units(amount: int, decimals: int) -> Decimal:
    # From digits, not by division: the context's 28 digits are too few for a uint256.
    return Decimal((int(amount < 0), tuple(int(digit) for digit in str(abs(amount))), -decimals))


def _written(value: Decimal, places: int) -> str:
    text = formats.number_format(value.copy_abs(), decimal_pos=places, use_l10n=True, force_grouping=True)
    return f"{MINUS}{text}" if value < 0 else str(text)


def exact_amount(amount: int, decimals: int) -> str:
    """Every digit of `amount` base units, grouped by locale: (1500000, 6) → "1.500000"."""
    return _written(_in_units(int(amount), decimals), decimals)


def readable_amount(amount: int, decimals: int) -> str:
    """`amount` base units with two decimals; less than a hundredth with two significant digits, never as 0.00."""
    value = _in_units(int(amount), decimals)
    places = min(2, decimals)
    if value and abs(value) < Decimal("0.01"):
        places = min(decimals, -value.adjusted() + 1)
    digits = len(str(abs(int(amount)))) + places + 1
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, Context(prec=max(digits, 28)))
    return _written(rounded, places)


def grouped(number: int) -> str:
    """A count as people read it: 12345 → "12,345"."""
    return str(formats.number_format(number, use_l10n=True, force_grouping=True))


def percent_of_bps(bps: int) -> str:
    """Hundredths of a percent as a percentage: 250 → "2.5 %" (narrow no-break space)."""
    value = Decimal(int(bps)).scaleb(-2).normalize()
    places = max(0, -int(value.as_tuple().exponent))
    return f"{_written(value, places)}\N{NARROW NO-BREAK SPACE}%"


def short_address(address: str) -> str:
    """The two ends of an address or hash, which is what people compare: 0x7099…79C8."""
    return address if len(address) <= 13 else f"{address[:6]}…{address[-4:]}"


def span(seconds: float) -> str:
    """A length of time in its largest one or two whole units: 93600 → "1 day, 2 hours"."""
    left = int(abs(seconds))
    if left < 1:
        return _("a moment")
    parts: list[str] = []
    for size, unit in UNITS:
        count, rest = divmod(left, size)
        if count:
            parts.append(_counted(count, unit))
            left = rest
        if len(parts) == 2 or (parts and not count):
            break
    return ", ".join(parts)


def _counted(count: int, unit: str) -> str:
    words = {
        "year": ngettext("%d year", "%d years", count),
        "day": ngettext("%d day", "%d days", count),
        "hour": ngettext("%d hour", "%d hours", count),
        "minute": ngettext("%d minute", "%d minutes", count),
        "second": ngettext("%d second", "%d seconds", count),
    }
    return str(words[unit]) % count


def period(seconds: int) -> str:
    """A period of a plan as it is said after "per": 0 → "call", 86400 → "day", 2592000 → "30 days"."""
    names = {0: _("call"), 3600: _("hour"), 86_400: _("day"), 604_800: _("week")}
    if seconds in names:
        return names[seconds]
    if seconds % 86_400 == 0:
        return _counted(seconds // 86_400, "day")
    return span(seconds)


def relative(moment: datetime, now: datetime) -> str:
    """How far `moment` is from `now`: "in 3 days", "2 hours ago", "now"."""
    distance = moment - now
    if abs(distance) < timedelta(seconds=45):
        return _("now")
    seconds = distance.total_seconds()
    size = next(size for size, _name in UNITS if abs(seconds) >= size * 0.95)
    text = _away(max(1, round(abs(seconds) / size)), dict(UNITS)[size])
    return _("in %s") % text if seconds > 0 else _("%s ago") % text


def _away(count: int, unit: str) -> str:
    """As _counted, after "in" or before "ago": there some languages have other endings."""
    words = {
        "year": npgettext("away", "%d year", "%d years", count),
        "day": npgettext("away", "%d day", "%d days", count),
        "hour": npgettext("away", "%d hour", "%d hours", count),
        "minute": npgettext("away", "%d minute", "%d minutes", count),
        "second": npgettext("away", "%d second", "%d seconds", count),
    }
    return str(words[unit]) % count


def initials(name: str) -> str:
    """One or two letters for a mark: "Ada Lovelace" → "AL", "ada@example.com" → "AE"."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"
