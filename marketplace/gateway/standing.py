"""What the gateway adds to a tool's page and to comparisons: how services have answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from marketplace.catalog.comparing import Cell, Row
from marketplace.catalog.models import Listing
from marketplace.catalog.search.statements import planned
from marketplace.gateway.probing import DAY, HOUR, KEPT

FEW_DAYS: Final = 3
A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A service's last 30 days, or its last day by the hour while it is new; rows are (when, figure)."""

    span: str
    uptime: list[tuple[str, float]]
    p95: list[tuple[str, int]]

    @property
    def is_a_course(self) -> bool:
        """Whether there is more than one figure to draw."""
        return len(self.uptime) > 1

    @property
    def latest_p95(self) -> int | None:
        """Milliseconds in which 95 of 100 probes of the latest span were answered."""
        return self.p95[-1][1] if self.p95 else None


def part(listing: Listing, user_id: int | None) -> dict[str, Any]:
    """The standing under the name `health`; None until the service was probed."""
    now = timezone.now()
    found = [Span(*row) for row in planned(READ_SPANS, [listing.pk, DAY, now - KEPT, HOUR, now - A_DAY])]
    return {"health": _standing(found) if found else None}


class Span(NamedTuple):
    """What is shown of a HealthSpan; `starts` in seconds since 1970."""

    seconds: int
    starts: int
    probes: int
    up: int
    p95: int | None


# Numbers and no models: there may be fifty of them, on a page that is otherwise a dozen rows.
READ_SPANS: Final = """
SELECT seconds, extract(epoch FROM starts_at)::bigint, probes, up, p95 FROM gateway_healthspan
WHERE listing_id = %s::bigint
    AND (seconds = %s::int AND starts_at > %s::timestamptz OR seconds = %s::int AND starts_at > %s::timestamptz)
ORDER BY starts_at
"""


def _standing(found: list[Span]) -> Standing:
    days = [span for span in found if span.seconds == DAY]
    if len(days) >= FEW_DAYS:
        return _rows("day", "j M", days)
    return _rows("hour", "H:i", [span for span in found if span.seconds == HOUR] or days)


@lru_cache(maxsize=1024)
def _said(language: str | None, starts: int, written: str) -> str:
    """The same days and hours stand on every tool's page."""
    return date_format(datetime.fromtimestamp(starts, tz=UTC), written)


def _rows(name: str, written: str, spans: list[Span]) -> Standing:
    language = get_language()
    when = [_said(language, span.starts, written) for span in spans]
    return Standing(
        name,
        [(at, round(100 * span.up / span.probes, 2)) for at, span in zip(when, spans, strict=True)],
        [(at, span.p95) for at, span in zip(when, spans, strict=True) if span.p95 is not None],
    )


READ_LATEST: Final = """
SELECT DISTINCT ON (listing_id) listing_id, p95 FROM gateway_healthspan
WHERE listing_id = ANY(%s::bigint[]) AND seconds = %s::int AND p95 IS NOT NULL ORDER BY listing_id, starts_at DESC
"""


def compared(listings: Sequence[Listing]) -> list[Row]:
    """How fast each service answered on its latest day, as a row of a comparison."""
    latest: dict[int, int] = dict(planned(READ_LATEST, [[listing.pk for listing in listings], DAY]))
    found = [latest.get(listing.pk) for listing in listings]
    cells = tuple(Cell(is_missing=True) if p95 is None else Cell(text=_("%d ms or less") % p95) for p95 in found)
    return [Row(_("Time to answer, 95 times in 100"), cells)]
