"""What each tool is, costs, takes and gives, read from `catalogue/`; needs the standard library only."""

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_CATALOGUE = Path(__file__).parent / "catalogue"
_ORDER = ("sales-forecast", "invoice-fields", "review-sentiment", "duplicate-customers")
_CELL = {"type": ["string", "number", "boolean", "null"]}
_POINTS = {"type": "array", "items": {"type": ["number", "null"]}}


@dataclass(frozen=True)
class Price:
    """A suggested price: `amount` in TUSD as a decimal string, for each `period_days` days."""

    amount: str
    token: str
    period_days: int


@dataclass(frozen=True)
class Manifest:
    """A tool as its provider lists it; the schemas are JSON Schema 2020-12, `example` satisfies `input_schema`."""

    slug: str
    name: str
    summary: str
    description: str
    category: str
    price: Price
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    example: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the manifest as GET /<slug>/ shows it."""
        return {**vars(self), "price": vars(self.price)}


def _output_schema(slug: str, data: dict[str, Any]) -> dict[str, Any]:
    named = {"title": {"type": "string"}}
    series = {
        "type": "object",
        "required": ["name", "values"],
        "properties": {"name": {"type": "string"}, "values": _POINTS, "low": _POINTS, "high": _POINTS},
        "additionalProperties": False,
    }
    columns = {"type": "array", "items": {"type": "string"}}
    rows = {"type": "array", "items": {"type": "array", "items": _CELL}}
    shown = {**named, "description": {"type": "string"}, "kind": {"const": "line"}, "x": columns}
    shown["series"] = {"type": "array", "items": series}
    properties = {
        "summary": {"type": "string", "title": "Summary"},
        "tables": {"type": "array", "title": "Tables", "items": _closed({**named, "columns": columns, "rows": rows})},
        "charts": {"type": "array", "title": "Charts", "items": _closed(shown)},
        "data": data,
        "notes": {"type": "array", "title": "Notes", "items": {"type": "string"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Result of {slug}",
        **_closed(properties),
    }


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


def _example(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Return the example input, where {"$base64": name} and {"$text": name} stand for a file beside it."""
    filled = {}
    for field, value in given.items():
        if isinstance(value, dict) and "$base64" in value:
            filled[field] = base64.b64encode((folder / value["$base64"]).read_bytes()).decode()
        elif isinstance(value, dict):
            filled[field] = (folder / value["$text"]).read_text(encoding="utf-8")
        else:
            filled[field] = value
    return filled


def _read(slug: str) -> Manifest:
    folder = _CATALOGUE / slug
    given = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return Manifest(
        slug=slug,
        name=given["name"],
        summary=given["summary"],
        description=(folder / "description.md").read_text(encoding="utf-8"),
        category=given["category"],
        price=Price(**given["price"]),
        input_schema={"$schema": "https://json-schema.org/draft/2020-12/schema", **given["input_schema"]},
        output_schema=_output_schema(slug, given["data_schema"]),
        example=_example(folder, given["example"]),
    )


MANIFESTS: list[Manifest] = [_read(slug) for slug in _ORDER]


@cache
def by_slug() -> dict[str, Manifest]:
    """Return the manifests by slug."""
    return {manifest.slug: manifest for manifest in MANIFESTS}
