"""The questions by which the shop can be narrowed, and the tags by which an entry answers them.

A tag is the letter of a filter and the answer: `lde` for German. The indexer writes them; levels are cumulative, so
that "at least" is one tag too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from marketplace.catalog.facts import LANGUAGES, Kind, Region
from marketplace.catalog.models import Category


@dataclass(frozen=True, slots=True)
class Filter:
    """A question: its name in an address, and for each answer as an address has it the tag and what people read."""

    name: str
    label: Any
    answers: Mapping[str, tuple[str, Any]]


def _filter(name: str, letter: str, label: Any, answers: Mapping[str, tuple[str, Any]]) -> Filter:
    return Filter(name, label, {key: (letter + answer, text) for key, (answer, text) in answers.items()})


def _same(labels: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    return {key: (key, label) for key, label in labels.items()}


KINDS: Final = _filter("kind", "k", _("Kind"), _same({kind.value: kind.label for kind in Kind}))
FIXED: Final = (
    _filter(
        "pays", "m", _("How you pay"),
        {"free": ("free", _("Free")), "period": ("period", _("By the period")), "call": ("call", _("By the call"))},
    ),
    _filter(
        "price", "p", _("Price"),
        {"free": ("0", _("Free")), "under-20": ("1", _("Under 20 for 30 days")),
         "20-50": ("2", _("20 to 50 for 30 days")), "50-200": ("3", _("50 to 200 for 30 days")),
         "over-200": ("4", _("200 or more for 30 days"))},
    ),
    _filter("rating", "s", _("Rating"), {"4": ("4", _("4 stars and more")), "3": ("3", _("3 stars and more"))}),
    _filter(
        "checked", "v", _("Checked"),
        {"business": ("1", _("Business checked")), "domain": ("2", _("Business and web address checked"))},
    ),
    _filter("trial", "t", _("Trial"), {"free": ("1", _("Free to try"))}),
    _filter("code", "n", _("Without code"), {"without": ("1", _("Works without code"))}),
    _filter("language", "l", _("Language"), _same(LANGUAGES)),
    _filter("region", "r", _("Where data is processed"), _same({region.value: region.label for region in Region})),
    _filter("uptime", "u", _("Uptime"), {"99": ("99", _("99 % and more")), "95": ("95", _("95 % and more"))}),
    _filter(
        "updated", "f", _("Last update"),
        {"30": ("30", _("In the last 30 days")), "90": ("90", _("In the last 90 days")),
         "365": ("365", _("In the last year"))},
    ),
)  # fmt: skip


def filters(shelves: Sequence[Category]) -> tuple[Filter, ...]:
    """All of them in the order of the page; those of shelves and countries are made here."""
    return (_shelves(get_language(), tuple((shelf.slug, shelf.pk, shelf.name) for shelf in shelves)), KINDS, *FIXED,
            _countries(get_language()))  # fmt: skip


@lru_cache(maxsize=8)
def _shelves(language: str | None, shelves: tuple[tuple[str, int, str], ...]) -> Filter:
    """Shelves come and go by years, and each page asks for all of them."""
    return _filter("category", "c", _("Category"), {slug: (str(pk), gettext(name)) for slug, pk, name in shelves})


@lru_cache(maxsize=8)
def _countries(language: str | None) -> Filter:
    """Sorted as the language sorts; that takes milliseconds, so each language is made once."""
    return _filter("country", "o", _("Provider's country"), _same(dict(countries)))
