"""What a tool's input and output may look like: the part of JSON Schema (2020-12) that our forms can show."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

MOST_FIELDS = 20
DEEPEST = 30
LONGEST = 20_000  # characters of a schema
LONGEST_EXAMPLE = 400_000  # an example may carry a small file
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
TAKEN = {"form_key", "use_example", "csrfmiddlewaretoken"}  # what the form itself sends
ANNOTATIONS = {"title", "description", "default"}
KEYWORDS: dict[str, set[str]] = {
    "string": {"enum", "format", "contentEncoding", "contentMediaType", "minLength", "maxLength"},
    "number": {"minimum", "maximum"},
    "integer": {"minimum", "maximum"},
    "boolean": set(),
    "array": {"items", "minItems", "maxItems"},
}
OBJECT = {"$schema", "title", "description", "type", "properties", "required", "anyOf", "additionalProperties"}


NOT_STORABLE = "A number here is too large, a text is not Unicode, or it is nested too deeply."


class NotUsable(ValueError):
    """A schema or an example that we cannot use, in a sentence that says why and what would do."""


def parsed(text: str, longest: int = LONGEST) -> dict[str, Any]:
    """The JSON object in `text`; raises NotUsable with the line of the mistake, or with what we cannot store."""
    if len(text) > longest:
        raise NotUsable(f"This is longer than {longest:,} characters.")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as problem:
        raise NotUsable(
            f"This is not valid JSON (line {problem.lineno}). Look for a missing comma, quote or bracket."
        ) from None
    except (ValueError, RecursionError):
        raise NotUsable(NOT_STORABLE) from None
    return storable(value, longest)


def storable(value: Any, longest: int = LONGEST) -> dict[str, Any]:
    """A JSON object as it will be stored; raises NotUsable with what we cannot store."""
    try:
        _check_depth(value)
        stored = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        stored.encode()
    except (TypeError, ValueError, RecursionError):
        raise NotUsable(NOT_STORABLE) from None
    if len(stored) > longest:
        raise NotUsable(f"This is longer than {longest:,} characters.")
    if "\\u0000" in stored:
        raise NotUsable("A text here contains the character NUL, which cannot be stored.")
    kept = json.loads(stored)
    if not isinstance(kept, dict):
        raise NotUsable("This should be a JSON object: it starts with { and ends with }.")
    return kept


def _check_depth(value: Any) -> None:
    """Raise RecursionError for more than DEEPEST levels: what later walks the value has an interpreter's own limits."""
    level, depth = [value], 0
    while level:
        level = [inner for outer in level for inner in _inside(outer)]
        depth += 1
        if depth > DEEPEST:
            raise RecursionError


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _check_schema(schema: dict[str, Any]) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as problem:
        raise NotUsable(f"This is not a JSON Schema: {problem.message[:200]}.") from None
    except RecursionError:
        raise NotUsable("This schema is nested too deeply.") from None
    if schema.get("type") != "object":
        raise NotUsable('It should have "type": "object".')


def check_input(schema: dict[str, Any]) -> None:
    """Raise NotUsable unless a form can be made from `schema`."""
    _check_schema(schema)
    if not schema.get("properties"):
        raise NotUsable('There should be at least one field under "properties".')
    _only(schema, OBJECT, "the input")
    if len(schema["properties"]) > MOST_FIELDS:
        raise NotUsable(f"A form with more than {MOST_FIELDS} fields is too long for people.")
    for name, field in schema["properties"].items():
        _check_field(name, field)
    if any(set(way) != {"required"} for way in schema.get("anyOf", [])):
        raise NotUsable(
            '“anyOf” can only say which fields are needed: [{"required": ["file"]}, {"required": ["text"]}].'
        )
    for needed in (schema, *schema.get("anyOf", [])):
        if missing := [name for name in needed.get("required", []) if name not in schema["properties"]]:
            raise NotUsable(f"“{missing[0]}” is required but is not among the properties.")


def _only(schema: dict[str, Any], allowed: set[str], where: str) -> None:
    if unknown := sorted(set(schema) - allowed):
        raise NotUsable(f"Our form cannot show “{unknown[0]}” in {where}. It knows: {', '.join(sorted(allowed))}.")


def _check_field(name: str, field: Any) -> None:
    if not NAME.fullmatch(name) or name in TAKEN:
        raise NotUsable(f"“{name}” cannot be a field's name: use small letters, digits and _, at most 40.")
    kind = field.get("type") if isinstance(field, dict) else None
    if not isinstance(kind, str) or kind not in KEYWORDS:
        raise NotUsable(f"“{name}” needs a type: {', '.join(KEYWORDS)}.")
    _only(field, KEYWORDS[kind] | ANNOTATIONS | {"type"}, f"“{name}”")
    if kind == "array" and field.get("items") != {"type": "string"}:
        raise NotUsable(f'“{name}” can only be a list of texts: give it "items": {{"type": "string"}}.')
    if field.get("contentEncoding", "base64") != "base64":
        raise NotUsable(f'“{name}” is a file only with "contentEncoding": "base64".')
    if not all(isinstance(value, str) for value in field.get("enum", [])):
        raise NotUsable(f"“{name}” offers a choice: all its values should be texts.")
    if "default" in field and not Draft202012Validator(field).is_valid(field["default"]):
        raise NotUsable(f"The default of “{name}” is not a value that it allows.")


def check_output(schema: dict[str, Any]) -> None:
    """Raise NotUsable unless `schema` is a JSON Schema of an object; an empty one says nothing, and may."""
    if schema:
        _check_schema(schema)


def check_example(schema: dict[str, Any], example: dict[str, Any]) -> None:
    """Raise NotUsable, naming the field, unless `example` is an input that `schema` takes."""
    problem = next(iter(Draft202012Validator(schema).iter_errors(example)), None)
    if problem:
        where = f" in “{problem.path[0]}”" if problem.path else ""
        raise NotUsable(f"The example does not fit the input{where}: {problem.message[:200]}.")


@dataclass(frozen=True, slots=True)
class Field:
    """One line of "what goes in" or "what comes out"."""

    title: str
    kind: str
    description: str
    is_required: bool
    choices: list[str]


def fields(schema: dict[str, Any]) -> Iterator[Field]:
    """The fields of a schema in words, for people who never saw JSON."""
    required = schema.get("required", [])
    for name, given in (schema.get("properties") or {}).items():
        part = given if isinstance(given, dict) else {}
        yield Field(
            title=str(part.get("title") or name.replace("_", " ").capitalize()),
            kind=_kind(part),
            description=str(part.get("description", "")),
            is_required=name in required,
            choices=[str(value) for value in part.get("enum", [])],
        )


def _kind(part: dict[str, Any]) -> str:
    if part.get("contentEncoding") == "base64":
        media = str(part.get("contentMediaType", ""))
        return {"text/csv": "CSV file", "application/pdf": "PDF file"}.get(
            media, "image" if "image/" in media else "file"
        )
    if "enum" in part:
        return "a choice"
    names = {"string": "text", "number": "number", "integer": "whole number", "boolean": "yes or no", "array": "list"}
    return names.get(str(part.get("type")), "data")
