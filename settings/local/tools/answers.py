"""What a tool gives back, and how it says no."""

from collections.abc import Mapping, Sequence
from typing import Any

Cell = str | int | float | bool | None
Json = dict[str, Any]


class Wrong(Exception):
    """Input that cannot be used: one sentence for the person, the form field it is about and the HTTP status."""

    def __init__(self, message: str, field: str | None = None, status: int = 422) -> None:
        super().__init__(message)
        self.message, self.field, self.status = message, field, status

    def as_json(self) -> Json:
        """Return the body of the refusal."""
        return {"error": {"message": self.message, "field": self.field}}


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Json:
    """Return a table of the envelope; every row has one cell per column."""
    return {"title": title, "columns": list(columns), "rows": [list(row) for row in rows]}


def line_chart(title: str, description: str, x: Sequence[str], series: Sequence[Json]) -> Json:
    """Return a line chart as points; each series has `name`, `values` and maybe `low` and `high`, as long as `x`."""
    return {"title": title, "description": description, "kind": "line", "x": list(x), "series": list(series)}


def envelope(
    summary: str,
    data: Mapping[str, Any],
    tables: Sequence[Json] = (),
    charts: Sequence[Json] = (),
    notes: Sequence[str] = (),
) -> Json:
    """Return the answer every tool gives: summary, tables, charts, the machine-readable data and notes."""
    return {
        "summary": summary,
        "tables": list(tables),
        "charts": list(charts),
        "data": dict(data),
        "notes": list(notes),
    }


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 row", "1,250 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
