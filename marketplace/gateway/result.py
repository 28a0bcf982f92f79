"""What came back, in the shape that the result page draws.

A provider may answer any JSON. An answer with `summary`, `tables`, `charts` and `notes` is drawn as such; anything else
is shown as it came.
"""

import json
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

MAX_SHOWN = 100_000
MAX_ROWS = 500


def presented(result: Any) -> dict[str, Any] | None:
    """Summary, tables, charts, notes, and the whole answer as text; None while there is no result."""
    if result is None:
        return None
    parts = result if isinstance(result, dict) else {}
    return {
        "summary": parts["summary"] if isinstance(parts.get("summary"), str) else "",
        "tables": [_table(table, f"table-{i}") for i, table in enumerate(_list(parts, "tables")) if _is_table(table)],
        "charts": [
            each for i, chart in enumerate(_list(parts, "charts")) if _is_chart(chart) for each in _drawn(chart, i)
        ],
        "notes": [str(note) for note in _list(parts, "notes")],
        "text": json.dumps(result, indent=2, ensure_ascii=False)[:MAX_SHOWN],
    }


def _list(parts: dict[str, Any], name: str) -> list[Any]:
    value = parts.get(name)
    return value if isinstance(value, list) else []


def _is_table(table: Any) -> bool:
    return (
        isinstance(table, dict)
        and isinstance(table.get("columns"), list)
        and isinstance(table.get("rows"), list)
        and all(isinstance(row, list) and len(row) == len(table["columns"]) for row in table["rows"])
    )


def _is_chart(chart: Any) -> bool:
    if not isinstance(chart, dict) or not isinstance(chart.get("x"), list) or not isinstance(chart.get("series"), list):
        return False
    count = len(chart["x"])
    return bool(count) and all(
        isinstance(series, dict) and isinstance(series.get("values"), list) and len(series["values"]) == count
        for series in chart["series"]
    )


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    """Columns and cells as components/table.html wants them; a column of numbers is set as figures."""
    numbers = [all(_is_number(row[i]) for row in table["rows"]) for i in range(len(table["columns"]))]
    columns = [{"text": str(text), "number": number} for text, number in zip(table["columns"], numbers, strict=True)]
    rows = [
        [
            {"text": _cell(cell), "label": column["text"], "number": column["number"]}
            for cell, column in zip(row, columns, strict=True)
        ]
        for row in table["rows"][:MAX_ROWS]
    ]
    left_out = max(0, len(table["rows"]) - MAX_ROWS)
    title = str(table.get("title", _("Result")))
    return {"title": title, "key": key, "columns": columns, "rows": rows, "left_out": left_out}


def _cell(cell: Any) -> str:
    if not isinstance(cell, float):
        return "" if cell is None else str(cell)
    text = str(formats.number_format(cell, 2, force_grouping=True))
    return text.rstrip("0").rstrip(formats.get_format("DECIMAL_SEPARATOR"))


def _is_number(cell: Any) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _charts(charts: list[Any]) -> list[dict[str, Any]]:
    return [drawn for place, chart in enumerate(charts) if _is_chart(chart) for drawn in _drawn(chart, place)]


def _drawn(chart: dict[str, Any], place: int) -> list[dict[str, Any]]:
    """Series that follow each other, as measured and expected do, make one line; those that overlap, one chart each."""
    series = chart["series"]
    filled = [{i for i, value in enumerate(one["values"]) if _is_figure(value)} for one in series]
    overlaps = sum(len(places) for places in filled) > len(set().union(*filled))
    groups = [[one] for one in series] if overlaps else [series]
    title, description = str(chart.get("title", _("Chart"))), str(chart.get("description", ""))
    return [
        {
            "title": f"{title}: {group[0].get('name', '')}" if overlaps else title,
            "description": description,
            "rows": rows,
            "key": f"chart-{place}-{i}",
        }
        for i, group in enumerate(groups)
        if (rows := _points(chart["x"], group))
    ]


def _points(labels: list[Any], group: list[dict[str, Any]]) -> list[tuple[str, float, float | None, float | None]]:
    points = []
    for i, label in enumerate(labels):
        for one in group:
            if _is_figure(one["values"][i]):
                points.append((str(label), one["values"][i], _bound(one.get("low"), i), _bound(one.get("high"), i)))
                break
    return points


def _bound(bounds: Any, place: int) -> float | None:
    found = bounds[place] if isinstance(bounds, list) and place < len(bounds) else None
    return found if _is_figure(found) else None


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
