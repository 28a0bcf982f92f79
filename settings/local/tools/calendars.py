"""Dates as German and English files write them."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

from .answers import Wrong

Order = Literal["day first", "month first"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january januar jänner jan", "february februar feb", "march märz maerz mar mär mrz", "april apr", "may mai",
            "june juni jun", "july juli jul", "august aug", "september sept sep", "october oktober oct okt",
            "november nov", "december dezember dec dez",
        ],
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_ISO_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WEEK = re.compile(r"(\d{4})-?[WwKk][Ww]?(\d{1,2})")
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})(?:\s.*)?")
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?:\s.*)?")
_NAMED = re.compile(r"(?:(\d{1,2})\.?[\s-]+)?([A-Za-zä]+)\.?[\s-]+(\d{4})")
_NAMED_ENGLISH = re.compile(r"([A-Za-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")


def order_of(texts: Sequence[str]) -> Order | None:
    """Return whether 03/04/2025 means 3 April or 4 March in this column; None if nothing tells."""
    for text in texts:
        match = _SLASHED.fullmatch(text)
        if match and int(match[1]) > 12:
            return "day first"
        if match and int(match[2]) > 12:
            return "month first"
    return None


def is_open(text: str) -> bool:
    """Return whether the date is written with slashes, so that its order has to be known."""
    return _SLASHED.fullmatch(text) is not None


def date_of(text: str, order: Order = "day first") -> date | None:
    """Return the date a text names (a month or a week as its first day), or None if it names none."""
    try:
        found = _parts(text.strip(), order)
    except ValueError:
        return None
    return found if found and 1900 <= found.year <= 2200 else None


def _year(text: str) -> int:
    return int(text) + 2000 if len(text) == 2 else int(text)


def _parts(text: str, order: Order) -> date | None:
    if match := _ISO.fullmatch(text) or _ISO_COMPACT.fullmatch(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _WEEK.fullmatch(text):
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    if match := _DOTTED.fullmatch(text):
        return date(_year(match[3]), int(match[2]), int(match[1]))
    if match := _SLASHED.fullmatch(text):
        day, month = (match[1], match[2]) if order == "day first" else (match[2], match[1])
        return date(_year(match[3]), int(month), int(day))
    if match := _YEAR_MONTH.fullmatch(text):
        return date(int(match[1]), int(match[2]), 1)
    if match := _MONTH_YEAR.fullmatch(text):
        return date(int(match[2]), int(match[1]), 1)
    if match := _NAMED.fullmatch(text):
        number = _MONTHS.get(match[2].lower())
        return date(int(match[3]), number, int(match[1] or 1)) if number else None
    if match := _NAMED_ENGLISH.fullmatch(text):
        number = _MONTHS.get(match[1].lower())
        return date(int(match[3]), number, int(match[2])) if number else None
    return None


def column_of_dates(cells: Sequence[tuple[int, str]], wanted: str, field: str) -> tuple[list[date], str | None]:
    """Return the dates of a column (line, text) and, if their order had to be assumed, a note that says so."""
    texts = [text for _, text in cells]
    told = order_of(texts)
    order: Order = "month first" if wanted == "month first" else "day first"
    if wanted == "auto":
        order = told or "day first"
    dates = []
    for line, text in cells:
        found = date_of(text, order)
        if found is None:
            raise Wrong(f"Line {line}: '{text[:40]}' is not a date.", field)
        dates.append(found)
    note = None
    if wanted == "auto" and told is None and any(is_open(text) for text in texts):
        note = f"Dates such as {texts[0]} were read day first. If they are month first, choose that and run again."
    return dates, note
