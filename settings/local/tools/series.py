"""From a sales CSV to one evenly spaced series: days, weeks or months."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal

from . import calendars, numerals
from .answers import Wrong, counted
from .files import Table, column

Frequency = Literal["daily", "weekly", "monthly"]
_DATE_NAMES = ("date", "datum", "day", "tag", "month", "monat", "week", "woche", "period", "periode", "belegdatum")
_AMOUNT_NAMES = (
    "amount",
    "betrag",
    "umsatz",
    "sales",
    "revenue",
    "turnover",
    "total",
    "summe",
    "value",
    "wert",
    "netto",
)
NOUN = {"daily": "day", "weekly": "week", "monthly": "month"}
CYCLE = {"daily": 7, "weekly": 52, "monthly": 12}
LONGEST = 1000


@dataclass
class Series:
    """Sums per period, without gaps: `starts[i]` is the first day of the period of `values[i]`."""

    frequency: Frequency
    starts: list[date]
    values: list[float]
    notes: list[str] = field(default_factory=list)


def start_of(day: date, frequency: Frequency) -> date:
    """Return the first day of the period that a day falls into; weeks start on Monday (ISO 8601)."""
    if frequency == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if frequency == "monthly" else day


def after(start: date, frequency: Frequency) -> date:
    """Return the first day of the next period."""
    if frequency == "monthly":
        return date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return start + timedelta(days=7 if frequency == "weekly" else 1)


def label(start: date, frequency: Frequency) -> str:
    """Return a period's name: 2025-03 for a month, the first day for a week or a day."""
    return f"{start:%Y-%m}" if frequency == "monthly" else start.isoformat()


def series_of(found: Table, frequency: str, gaps: str, date_order: str) -> Series:
    """Return the series in a table; `frequency` auto looks at the distance between the dates."""
    date_place, amount_place = _columns(found)
    dated = [(line, cells[date_place]) for line, cells in found.rows]
    amounts = [(line, cells[amount_place]) for line, cells in found.rows]
    for name, cells in ((found.columns[date_place], dated), (found.columns[amount_place], amounts)):
        for line, text in cells:
            if not text:
                raise Wrong(f"Line {line}: the column “{name}” is empty.", "file")
    style = numerals.common_style(amounts, "german" if found.separator == ";" else "english", "file")
    days, note = calendars.column_of_dates(dated, date_order, "file")
    values = [float(numerals.value_of(text, style)) for _, text in amounts]
    every = _frequency(days, frequency)
    result = _summed(days, values, every, gaps)
    result.notes[:0] = [note] if note else []
    if any(numerals.style_of(text) == "unclear" and not numerals.bare(text)[1].isdigit() for _, text in amounts):
        result.notes.append(f"Numbers such as {amounts[0][1]} were read the {style.capitalize()} way.")
    return result


def _columns(found: Table) -> tuple[int, int]:
    sample = [cells for _, cells in found.rows[:50]]

    def fits(place: int, test: Callable[[str], bool]) -> bool:
        filled = [cells[place] for cells in sample if cells[place]]
        return bool(filled) and sum(map(test, filled)) * 2 >= len(filled)

    def pick(names: tuple[str, ...], test: Callable[[str], bool], taken: int | None) -> int | None:
        named = column(found.columns, names)
        if named is not None and named != taken:
            return named
        return next((p for p in range(len(found.columns)) if p != taken and fits(p, test)), None)

    listing = ", ".join(f"“{name}”" for name in found.columns)
    dates = pick(_DATE_NAMES, lambda text: calendars.date_of(text) is not None, None)
    if dates is None:
        raise Wrong(f"No column with dates was found among {listing}; name one of them “date”.", "file")
    amounts = pick(_AMOUNT_NAMES, lambda text: numerals.style_of(text) is not None, dates)
    if amounts is None:
        raise Wrong(f"No column with amounts was found among {listing}; name one of them “amount”.", "file")
    return dates, amounts


def _frequency(days: list[date], wanted: str) -> Frequency:
    if wanted in ("daily", "weekly", "monthly"):
        return wanted  # type: ignore[return-value]
    distinct = sorted(set(days))
    if len(distinct) < 2:
        raise Wrong("All rows bear the same date, so there is nothing to forecast from.", "file")
    distance = median((later - earlier).days for earlier, later in pairwise(distinct))
    if distance <= 4:
        return "daily"
    if distance <= 10:
        return "weekly"
    if distance <= 35:
        return "monthly"
    raise Wrong(f"The dates are typically {distance:g} days apart; this tool forecasts days, weeks or months.", "file")


def _summed(days: list[date], values: list[float], every: Frequency, gaps: str) -> Series:
    sums: Counter[date] = Counter()
    for day, value in zip(days, values, strict=True):
        sums[start_of(day, every)] += value  # type: ignore[assignment]
    starts, start, last = [], min(sums), max(sums)
    while start <= last:
        starts.append(start)
        start = after(start, every)
        if len(starts) > 40_000:
            raise Wrong(f"The dates run from {min(sums)} to {last}; please check the first and the last one.", "file")
    noun, notes = NOUN[every], []
    if len(days) > len(sums):
        notes.append(f"{counted(len(days), 'row')} were added up to {counted(len(sums), noun)}.")
    missing = len(starts) - len(sums)
    filled = [float(sums[s]) if s in sums else None for s in starts]
    if missing:
        how = "counted as 0" if gaps == "zero" else "filled in between their neighbours"
        notes.append(f"{counted(missing, noun)} without an entry {'was' if missing == 1 else 'were'} {how}.")
    series = Series(every, starts, _complete(filled, gaps), notes)
    if len(starts) > LONGEST:
        series.starts, series.values = starts[-LONGEST:], series.values[-LONGEST:]
        notes.append(f"Only the last {LONGEST:,} {noun}s were used.")
    return series


def _complete(values: list[float | None], gaps: str) -> list[float]:
    complete: list[float] = []
    for place, value in enumerate(values):
        if value is not None:
            complete.append(value)
        elif gaps == "zero":
            complete.append(0.0)
        else:
            ahead = next(k for k in range(place, len(values)) if values[k] is not None)
            complete.append(complete[-1] + (float(values[ahead] or 0) - complete[-1]) / (ahead - place + 1))
    return complete
