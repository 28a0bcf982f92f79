"""Reviews as everybody reads them: how many give how many stars, and the words, newest first, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count
from django.db.models.functions import JSONObject
from django.utils.safestring import SafeString

from marketplace.catalog import prose
from marketplace.catalog.models import Listing
from marketplace.reviews.models import MOST_STARS, Answer, Review

SIZE: Final = 10
FEW: Final = 3
LARGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Bar:
    """How many give so many stars; `width` is its share of the longest bar, in percent."""

    stars: int
    count: int
    width: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All reviews of a listing in figures."""

    count: int
    average: Decimal
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Shown:
    """A review with its words as HTML."""

    review: Review
    text: SafeString
    answer: Answer | None
    answer_text: SafeString
    is_answer_older: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What a tool's own page shows of its reviews."""

    summary: Summary
    rows: list[Shown]
    are_more: bool


def part(listing: Listing, user_id: int | None) -> dict[str, Any]:
    """For a tool's page, under the name `reviews`: the first few, None where there are none."""
    if not listing.rating_count:
        return {"reviews": None}
    # One query for the page: the counts come with the rows, read once from an index over stars alone.
    counted = Review.objects.filter(listing=listing.pk).shown().order_by().values("stars").annotate(n=Count("pk"))
    tally = ArraySubquery(counted.values(pair=JSONObject(stars="stars", n="n")))
    found = Review.objects.filter(listing=listing.pk).shown().newest().annotate(tally=tally)
    rows = list(found[: FEW + 1])
    if not rows:
        return {"reviews": None}
    counts = {pair["stars"]: pair["n"] for pair in rows[0].tally}  # type: ignore[attr-defined]
    return {"reviews": Excerpt(_summary(counts), [shown(review) for review in rows[:FEW]], len(rows) > FEW)}


def summary(listing_id: int) -> Summary:
    """Read from an index over stars alone."""
    return _summary(Review.objects.filter(listing=listing_id).shown().by_stars())


def _summary(counts: Mapping[int, int]) -> Summary:
    counts = {stars: counts.get(stars, 0) for stars in range(MOST_STARS, 0, -1)}
    count, longest = sum(counts.values()), max(counts.values())
    total = sum(stars * number for stars, number in counts.items())
    average = (Decimal(total) / count).quantize(Decimal("0.1")) if count else Decimal(0)
    bars = [Bar(stars, number, round(100 * number / longest) if longest else 0) for stars, number in counts.items()]
    return Summary(count, average, bars)


def newest(listing_id: int, *, after: str, size: int) -> tuple[list[Shown], str]:
    """`size` reviews written before the one with the id `after`, and the mark of the next page, empty on the last."""
    found = Review.objects.filter(listing=listing_id).shown().newest()
    if after.isdecimal():
        found = found.filter(pk__lt=min(int(after), LARGEST_ID))
    rows = list(found[: size + 1])
    return [shown(review) for review in rows[:size]], str(rows[size - 1].pk) if len(rows) > size else ""


def shown(review: Review) -> Shown:
    """One review, its answer with it unless a moderator has hidden that."""
    answer: Answer | None = getattr(review, "answer", None)
    if answer and answer.state != Answer.State.SHOWN:
        answer = None
    is_older = bool(answer and review.changed_at and review.changed_at > answer.written_at)
    return Shown(review, prose.html(review.text), answer, prose.html(answer.text if answer else ""), is_older)
