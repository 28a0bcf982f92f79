"""Up to four listings side by side: one row a question, and which of the rows differ."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_countries import countries

from marketplace.catalog import facts, schemas
from marketplace.catalog.estimate import MONTH
from marketplace.catalog.models import Currency, Listing

MOST: Final = 4
HERE: Final = "/compare/"


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in base units; `seconds` is the period that it is for, 0 for a call, none where the row says it."""

    amount: int
    currency: Currency
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer: prices, a share in 1/10,000, or text; `is_missing` where there is none."""

    text: str = ""
    prices: tuple[Price, ...] = ()
    bps: int | None = None
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One question and its answers, in the order of the listings."""

    label: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether the answers are not all the same."""
        return len(set(self.cells)) > 1


# What others know of listings: rows for the listings given, in one query however many there are.
Rows = Callable[[Sequence[Listing]], list[Row]]
_contributed: list[Rows] = []


def contribute(rows: Rows) -> None:
    """Add rows to every comparison; an app calls this when it is ready."""
    if rows not in _contributed:
        _contributed.append(rows)


def address(slugs: Iterable[str]) -> str:
    """Where these listings are compared."""
    asked = urlencode([("tool", slug) for slug in slugs])
    return f"{HERE}?{asked}" if asked else HERE


def compared(listings: Sequence[Listing]) -> list[Row]:
    """The rows of listings that were read `with_offers`; price first, then what it is, its data, how it stands."""
    rows = [
        Row(_("Price"), tuple(_prices(listing) for listing in listings)),
        Row(_("For 30 days, all included"), tuple(_for_a_month(listing) for listing in listings)),
        Row(_("Free tries"), tuple(_tries(listing) for listing in listings)),
        *_labelled([facts.of_kind(listing) for listing in listings]),
        Row(_("Category"), tuple(_said(str(listing.category or "")) for listing in listings)),
        Row(_("What goes in"), tuple(_fields(listing.input_schema) for listing in listings)),
        Row(_("What comes out"), tuple(_fields(listing.output_schema) for listing in listings)),
        *_labelled([facts.of_data(listing) for listing in listings]),
        Row(_("Answered in 30 days"), tuple(_uptime(listing) for listing in listings)),
    ]
    for more in _contributed:
        rows += more(listings)
    return [*rows, *_of_providers(listings)]


def _of_providers(listings: Sequence[Listing]) -> list[Row]:
    return [
        Row(_("Provider"), tuple(_said(listing.org.name) for listing in listings)),
        Row(_("Checked of the provider"), tuple(_checked(listing) for listing in listings)),
        Row(_("Country"), tuple(_said(str(countries.name(listing.org.country))) for listing in listings)),
    ]


def _said(text: str) -> Cell:
    return Cell(text=text) if text else Cell(is_missing=True)


def _prices(listing: Listing) -> Cell:
    offers: list[Any] = getattr(listing, "offers", [])
    prices = tuple(Price(int(plan.price), plan.currency, plan.period_seconds) for plan in offers)
    return Cell(prices=prices, is_missing=not prices)


def _for_a_month(listing: Listing) -> Cell:
    """The cheapest paid plan for 30 days, rounded up: what a buyer pays, with the market's fee inside."""
    offers: list[Any] = getattr(listing, "offers", [])
    offers = [plan for plan in offers if not plan.is_free] or offers
    each = [
        (-(-int(plan.price) * MONTH // plan.period_seconds), plan.currency) for plan in offers if plan.period_seconds
    ]
    if not each:
        return Cell(is_missing=True)
    amount, currency = min(each, key=lambda pair: pair[0])
    return Cell(prices=(Price(amount, currency),))


def _tries(listing: Listing) -> Cell:
    if not listing.can_be_tried:
        return Cell(text=_("None"))
    return Cell(text=ngettext("%d call", "%d calls", listing.trial_calls) % listing.trial_calls)


def _labelled(pairs: list[list[tuple[str, str]]]) -> list[Row]:
    """Rows of label and text; a label that one listing has and another has not is a row with a gap."""
    labels = list(dict.fromkeys(label for of_one in pairs for label, _text in of_one))
    said = [dict(of_one) for of_one in pairs]
    gap = Cell(is_missing=True)
    return [
        Row(
            label, tuple(gap if one.get(label, facts.NOT_SAID) == facts.NOT_SAID else _said(one[label]) for one in said)
        )
        for label in labels
    ]


def _fields(schema: dict[str, Any]) -> Cell:
    return _said(", ".join(field.title for field in schemas.fields(schema)))


def _uptime(listing: Listing) -> Cell:
    return Cell(bps=listing.uptime_bps, is_missing=listing.uptime_bps is None)


def _checked(listing: Listing) -> Cell:
    org = listing.org
    known = [*(org.checked_facts if org.is_verified else ()), *([org.domain] if org.domain else ())]
    return _said(", ".join(str(fact) for fact in known))
