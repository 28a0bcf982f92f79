"""A schema as rows of plain fields, for people who never saw JSON Schema, and back; what rows do not show stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy

from marketplace.lifecycle import Words

TEXT, LONG, CHOICE, FILE, NUMBER, INTEGER, BOOLEAN, LIST = (
    "text", "long", "choice", "file", "number", "integer", "boolean", "list",
)  # fmt: skip
KINDS: Final[dict[str, Words]] = {
    TEXT: gettext_lazy("A line of text"),
    LONG: gettext_lazy("A longer text"),
    CHOICE: gettext_lazy("One of several choices"),
    NUMBER: gettext_lazy("A number"),
    INTEGER: gettext_lazy("A whole number"),
    BOOLEAN: gettext_lazy("Yes or no"),
    LIST: gettext_lazy("A list of texts"),
    FILE: gettext_lazy("A file"),
}
BASE: Final[dict[str, dict[str, Any]]] = {
    TEXT: {"type": "string"},
    LONG: {"type": "string", "format": "textarea"},
    CHOICE: {"type": "string"},
    FILE: {"type": "string", "contentEncoding": "base64"},
    NUMBER: {"type": "number"},
    INTEGER: {"type": "integer"},
    BOOLEAN: {"type": "boolean"},
    LIST: {"type": "array", "items": {"type": "string"}},
}
LIMITS: Final = {
    TEXT: ("minLength", "maxLength"),
    LONG: ("minLength", "maxLength"),
    NUMBER: ("minimum", "maximum"),
    INTEGER: ("minimum", "maximum"),
    LIST: ("minItems", "maxItems"),
}
WHOLE: Final = {TEXT, LONG, INTEGER, LIST}  # kinds whose limits are whole numbers
COUNTED: Final = {TEXT, LONG, LIST}  # kinds whose limits count characters or lines
CARRIED: Final = {"contentMediaType", "minLength", "maxLength"}  # what a row of a file carries along unseen
SHOWN: Final = {"type", "title", "description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field in plain words. `was` is the name under which the schema knew it before."""

    name: str
    kind: str
    title: str = ""
    is_required: bool = False
    choices: list[str] = field(default_factory=list)
    least: float | int | None = None
    most: float | int | None = None
    help: str = ""
    was: str = ""


def rows_of(schema: Mapping[str, Any]) -> list[Row] | None:
    """The fields of a schema as rows; None when it says something that rows neither show nor carry along."""
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return None
    found = []
    for name, part in properties.items():
        row = _row(name, part, name in required) if isinstance(part, dict) else None
        if row is None:
            return None
        found.append(row)
    return found if set(required) <= set(properties) else None


def _row(name: str, part: dict[str, Any], is_required: bool) -> Row | None:
    kind = _kind(part)
    if kind is None:
        return None
    least, most = LIMITS.get(kind, ("", ""))
    known = SHOWN | set(BASE[kind]) | {"default", least, most}
    known |= {"enum"} if kind == CHOICE else CARRIED if kind == FILE else set()
    if set(part) - known or not all(isinstance(part.get(key, ""), str) for key in ("title", "description")):
        return None
    limits = {"least": part.get(least), "most": part.get(most)}
    if any(limit is not None and type(limit) not in (int, float) for limit in limits.values()):
        return None
    title, help_text = part.get("title", ""), part.get("description", "")
    choices = part.get("enum", [])
    return Row(
        name=name, kind=kind, title=title, is_required=is_required, choices=choices, help=help_text, was=name, **limits
    )


def _kind(part: dict[str, Any]) -> str | None:
    """The kind of row that shows a property, if any does."""
    if "enum" in part:
        texts = isinstance(part["enum"], list) and all(isinstance(one, str) and one.strip() for one in part["enum"])
        plain = texts and all(one == one.strip() and "\n" not in one for one in part["enum"])
        return CHOICE if plain and part.get("type") == "string" and part["enum"] else None
    for kind in (LONG, FILE, TEXT, NUMBER, INTEGER, BOOLEAN, LIST):
        if all(part.get(key) == value for key, value in BASE[kind].items()):
            return kind
    return None


def shaped(base: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """The schema that rows say, with all of `base` that they do not show; no rows are no schema."""
    if not rows:
        return {}
    old = base.get("properties", {})
    schema = {key: value for key, value in base.items() if key not in {"type", "properties", "required", "anyOf"}}
    schema |= {"type": "object", "properties": {row.name: _part(row, old.get(row.was, {})) for row in rows}}
    if required := [row.name for row in rows if row.is_required]:
        schema["required"] = required
    if "anyOf" in base:
        renamed = {row.was: row.name for row in rows if row.was}
        schema["anyOf"] = [_renamed(way, renamed) for way in base["anyOf"]]
    return schema


def _renamed(way: Any, renamed: Mapping[str, str]) -> Any:
    if not isinstance(way, dict) or not isinstance(way.get("required"), list):
        return way
    return {**way, "required": [renamed.get(str(name), name) for name in way["required"]]}


def _part(row: Row, old: Mapping[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = dict(BASE[row.kind])
    if row.title:
        part["title"] = row.title
    if row.help:
        part["description"] = row.help
    if row.kind == CHOICE:
        part["enum"] = list(row.choices)
    for key, limit in zip(LIMITS.get(row.kind, ()), (row.least, row.most), strict=False):
        if limit is not None:
            part[key] = int(limit) if row.kind in WHOLE or float(limit).is_integer() else limit
    if _kind(dict(old)) == row.kind:
        unseen = {"default"} | (CARRIED if row.kind == FILE else set())
        part |= {key: value for key, value in old.items() if key in unseen}
    return part
