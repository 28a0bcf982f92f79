"""What came back, in the shape that the result page draws.

A provider may answer any JSON. An answer with `summary`, `tables`, `charts` and `notes` is drawn as such; anything else
is shown as it came.
"""

import json
from typing import Any

MAX_SHOWN = 100_000


def presented(result: Any) -> dict[str, Any] | None:
    """Summary, tables, charts, notes, and the whole answer as text; None while there is no result."""
    if result is None:
        return None
    parts = result if isinstance(result, dict) else {}
    return {
        "summary": parts["summary"] if isinstance(parts.get("summary"), str) else "",
        "tables": [table for table in _list(parts, "tables") if _is_table(table)],
        "charts": [chart for chart in _list(parts, "charts") if _is_chart(chart)],
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
