"""Keyset pages: a mark says after which row to go on, so that page 1,000 costs what page 1 costs."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from marketplace.catalog.models import ListingQuerySet


@dataclass(frozen=True, slots=True)
class Page:
    """The ids of listings, and the mark of the next page, empty on the last."""

    ids: list[int]
    next_mark: str


def page(found: ListingQuerySet, *, by_rank: bool, mark: str, size: int) -> Page:
    """`size` listings after `mark`; `found` is ordered by rank or newest. An unreadable mark is the first page."""
    last, key = _read(mark, by_rank=by_rank), "rank" if by_rank else "published_at"
    if last:
        place, pk = last
        found = found.filter(Q(**{f"{key}__lt": place}) | Q(**{key: place}, id__lt=pk))
    rows = list(found.values_list("pk", key)[: size + 1])
    more = len(rows) > size
    return Page([pk for pk, _place in rows[:size]], _mark(*rows[size - 1]) if more else "")


def _mark(pk: int, place: float | datetime) -> str:
    written = place.isoformat() if isinstance(place, datetime) else place
    return base64.urlsafe_b64encode(json.dumps([written, pk]).encode()).decode().rstrip("=")


def _read(mark: str, *, by_rank: bool) -> tuple[float | datetime, int] | None:
    try:
        place, pk = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        return (float(place) if by_rank else datetime.fromisoformat(place), min(int(pk), 2**63 - 1))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
