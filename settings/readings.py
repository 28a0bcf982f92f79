"""How figures and moments read in one language, remembered: the same prices, periods and days stand on page after page.

Every function takes the language first, for it is part of what is remembered; it must be the one that is active.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from django.template.defaultfilters import floatformat
from django.utils import formats, timezone
from django_countries import countries

from marketplace.organizations.models import Organization
from settings import figures

Language = str | None


def money(language: Language, amount: Any, decimals: int) -> str:
    """See figures.readable_amount."""
    return _money(language, int(amount), decimals)


def exact_money(language: Language, amount: Any, decimals: int) -> str:
    """See figures.exact_amount."""
    return _exact(language, int(amount), decimals)


def month(language: Language, at: datetime) -> str:
    """The month of a moment: "May 2026"."""
    there = timezone.localtime(at) if timezone.is_aware(at) else at
    return _date(language, there.year, there.month, 1, "MONTH_FORMAT")


def day(language: Language, at: datetime) -> str:
    """The day of a moment: "14 May 2026"."""
    there = timezone.localtime(at) if timezone.is_aware(at) else at
    return _date(language, there.year, there.month, there.day, "DATE_FORMAT")


def moment(language: Language, at: datetime) -> str:
    """A moment with its weekday, time and zone."""
    return formats.date_format(timezone.localtime(at), "MOMENT_FORMAT")


def until(language: Language, at: datetime) -> str:
    """How far a moment is from now."""
    return figures.relative(at, timezone.now())


def stars(language: Language, rating: tuple[int, int]) -> str:
    """The mean of (sum, number) of stars, to one decimal."""
    total, count = rating
    return _stars(language, round(10 * total / count))


@lru_cache(maxsize=4096)
def _money(language: Language, amount: int, decimals: int) -> str:
    return figures.readable_amount(amount, decimals)


@lru_cache(maxsize=4096)
def _exact(language: Language, amount: int, decimals: int) -> str:
    return figures.exact_amount(amount, decimals)


@lru_cache(maxsize=2048)
def _date(language: Language, year: int, number: int, day_of_month: int, written: str) -> str:
    return formats.date_format(datetime(year, number, day_of_month), written)


@lru_cache(maxsize=128)
def _stars(language: Language, tenths: int) -> str:
    return str(formats.number_format(tenths / 10, 1))


@lru_cache(maxsize=512)
def period(language: Language, seconds: int) -> str:
    """See figures.period."""
    return figures.period(seconds)


@lru_cache(maxsize=512)
def span(language: Language, seconds: int) -> str:
    """See figures.span."""
    return figures.span(seconds)


@lru_cache(maxsize=4096)
def bps(language: Language, hundredths: int) -> str:
    """See figures.percent_of_bps."""
    return figures.percent_of_bps(hundredths)


@lru_cache(maxsize=4096)
def grouped(language: Language, number: int) -> str:
    """See figures.grouped."""
    return figures.grouped(number)


@lru_cache(maxsize=4096)
def figure(language: Language, value: float) -> str:
    """A figure of a table: at most two decimals, its thousands grouped."""
    return str(floatformat(value, "-2g"))


@lru_cache(maxsize=4096)
def plain(language: Language, value: float) -> str:
    """A number as it is, with the separators of its reader."""
    return str(formats.localize(value))


@lru_cache(maxsize=256)
def tenths(language: Language, value: Decimal | int) -> str:
    """A number of stars: "4.5", but "4"."""
    return str(floatformat(value, "-1"))


@lru_cache(maxsize=256)
def tenth(language: Language, value: Decimal | int) -> str:
    """A mean of stars: "4.5" and "4.0"."""
    return str(floatformat(value, 1))


@lru_cache(maxsize=128)
def checked_facts(language: Language, checked: str) -> str:
    """What was checked of an organization, in words."""
    return ", ".join(str(Organization.Fact(fact).label) for fact in checked.split())


@lru_cache(maxsize=1024)
def country(language: Language, code: str) -> str:
    """The name of a country by its code."""
    return str(countries.name(code))


READINGS: Final[Mapping[str, Callable[..., str]]] = {
    each.__name__: each
    for each in (
        money, exact_money, month, day, moment, until, stars, period, span, bps, grouped, figure, plain, tenths,
        tenth, checked_facts, country,
    )
}  # fmt: skip
