"""Jinja2, for what a page repeats: there it is several times faster than a Django template. See docs/adr/0012."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.defaultfilters import linebreaksbr
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from marketplace.catalog.keeping import Kept
from marketplace.catalog.search.asking import Asked
from marketplace.catalog.search.cards import Card
from marketplace.catalog.search.finding import Found
from marketplace.organizations.models import Organization
from settings import figures
from settings.templatetags.icons import icon


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of `templates/jinja`, escaping everything; a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(settings.BASE_DIR / "templates" / "jinja"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=settings.DEBUG,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"icon": icon, "card": card, "facets_of": facets_of, "_": gettext}
    made.filters |= {"money": money, "exact_money": exact_money, "period": period, "month": month}
    made.filters |= {"bps": bps, "stars": stars, "checked_facts": checked_facts, "lines": linebreaksbr}
    return made


def drawn(name: str, **names: Any) -> Markup:
    """A whole template of `templates/jinja`."""
    return Markup(environment().get_template(name).render(names))  # noqa: S704 (it escapes everything itself)


def card(of: Card, url: str = "") -> Markup:
    """A card, drawn once for all that it says: what it shows is the key under which it is kept.

    A marked name equals the same text unmarked, so that it is marked is part of the key too.
    """
    return _drawn_card(of, get_language(), url, isinstance(of.name, SafeString))


kept_facets: Kept[Markup] = Kept(Markup)


def facets_of(asked: Asked, found: Found) -> Markup:
    """The facets beside a page, kept for a moment: they follow from what was asked and counted, and nothing else."""
    said = (get_language(), *asked.params.items(), found.total, found.is_capped, frozenset(found.counts.items()))
    return kept_facets.of(said, lambda: drawn("facets.html", facets=asked.facets(found)).strip())


# Each takes the language if the template has it at hand: to find it out costs more than the rest.
def money(amount: Any, decimals: int, language: str | None = None) -> str:
    """See figures.readable_amount."""
    return _money(int(amount), decimals, language or get_language())


def exact_money(amount: Any, decimals: int, language: str | None = None) -> str:
    """See figures.exact_amount."""
    return _exact(int(amount), decimals, language or get_language())


def period(seconds: int, language: str | None = None) -> str:
    """See figures.period."""
    return _period(seconds, language or get_language())


def month(moment: datetime, language: str | None = None) -> str:
    """The month of a moment: "May 2026"."""
    there = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return _month(there.year, there.month, language or get_language())


def bps(hundredths: int, language: str | None = None) -> str:
    """See figures.percent_of_bps."""
    return _bps(hundredths, language or get_language())


def stars(rating: tuple[int, int], language: str | None = None) -> str:
    """The mean of (sum, number) of stars, to one decimal."""
    total, count = rating
    return _stars(round(10 * total / count), language or get_language())


def checked_facts(checked: str, language: str | None = None) -> str:
    """What was checked of an organization, in words."""
    return _facts(checked, language or get_language())


# The same prices, periods and months stand on card after card; `language` is part of what is remembered.
@lru_cache(maxsize=4096)
def _money(amount: int, decimals: int, language: str | None) -> str:
    return figures.readable_amount(amount, decimals)


@lru_cache(maxsize=4096)
def _exact(amount: int, decimals: int, language: str | None) -> str:
    return figures.exact_amount(amount, decimals)


@lru_cache(maxsize=512)
def _period(seconds: int, language: str | None) -> str:
    return figures.period(seconds)


@lru_cache(maxsize=512)
def _month(year: int, number: int, language: str | None) -> str:
    return formats.date_format(datetime(year, number, 1), "M Y")


@lru_cache(maxsize=4096)
def _bps(hundredths: int, language: str | None) -> str:
    return figures.percent_of_bps(hundredths)


@lru_cache(maxsize=128)
def _stars(tenths: int, language: str | None) -> str:
    return str(formats.number_format(tenths / 10, 1))


@lru_cache(maxsize=128)
def _facts(checked: str, language: str | None) -> str:
    labels = dict(Organization.Fact.choices)
    return ", ".join(str(labels[fact]) for fact in checked.split())


@lru_cache(maxsize=2048)
def _drawn_card(of: Card, language: str | None, url: str, is_marked: bool) -> Markup:
    drawing: Any = environment().get_template("card.html").module
    return Markup(drawing.card(of, _says(language), url))  # noqa: S704 (it escapes everything itself)


@lru_cache(maxsize=16)
def _says(language: str | None) -> dict[str, str]:
    """The words that stand on every card, and their language."""
    return {
        "language": language or "en",
        "verified": gettext("Verified"),
        "domain": gettext("domain"),
        "record": gettext("DNS record of"),
        "seen": gettext("Domain seen"),
        "rated": gettext("Rated"),
        "reviews": gettext("reviews"),
        "down": gettext("Down"),
        "up": gettext("Up"),
        "updated": gettext("Updated"),
        "per": gettext("per"),
        "free": gettext("Free"),
        "trial": gettext("Free to try"),
        "not_on_sale": gettext("Not on sale"),
    }
