"""What a tool's input and output may look like: the part of JSON Schema (2020-12) that our forms can show."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
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
KINDS = {
    "string": gettext_lazy("text"),
    "number": gettext_lazy("number"),
    "integer": gettext_lazy("whole number"),
    "boolean": gettext_lazy("yes or no"),
    "array": gettext_lazy("list"),
}
OBJECT = {"$schema", "title", "description", "type", "properties", "required", "anyOf", "additionalProperties"}


NOT_STORABLE = gettext_lazy("A number here is too large, a text is not Unicode, or it is nested too deeply.")


class NotUsable(ValueError):
    """A schema or an example that we cannot use, in a sentence that says why and what would do."""


def too_long(longest: int) -> NotUsable:
    """What is said of a text of more characters."""
    return NotUsable(
        _("This is longer than %(most)s characters.") % {"most": formats.number_format(longest, force_grouping=True)}
    )


def parsed(text: str, longest: int = LONGEST) -> dict[str, Any]:
    """The JSON object in `text`; raises NotUsable with the line of the mistake, or with what we cannot store."""
    if len(text) > longest:
        raise too_long(longest)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as problem:
        raise NotUsable(
            _("This is not valid JSON (line %(line)d). Look for a missing comma, quote or bracket.")
            % {"line": problem.lineno}
        ) from None
    except (ValueError, RecursionError):
        raise NotUsable(str(NOT_STORABLE)) from None
    return storable(value, longest)


def storable(value: Any, longest: int = LONGEST) -> dict[str, Any]:
    """A JSON object as it will be stored; raises NotUsable with what we cannot store."""
    try:
        _check_depth(value)
        stored = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        stored.encode()
    except (TypeError, ValueError, RecursionError):
        raise NotUsable(str(NOT_STORABLE)) from None
    if len(stored) > longest:
        raise too_long(longest)
    if "\\u0000" in stored:
        raise NotUsable(_("A text here contains the character NUL, which cannot be stored."))
    kept = json.loads(stored)
    if not isinstance(kept, dict):
        raise NotUsable(_("This should be a JSON object: it starts with { and ends with }."))
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
        raise NotUsable(_("This is not a JSON Schema: %(problem)s.") % {"problem": problem.message[:200]}) from None
    except RecursionError:
        raise NotUsable(_("This schema is nested too deeply.")) from None
    if schema.get("type") != "object":
        raise NotUsable(_('It should have "type": "object".'))


def check_input(schema: dict[str, Any]) -> None:
    """Raise NotUsable unless a form can be made from `schema`."""
    _check_schema(schema)
    if not schema.get("properties"):
        raise NotUsable(_('There should be at least one field under "properties".'))
    _only(schema, OBJECT, _("the input"))
    if len(schema["properties"]) > MOST_FIELDS:
        raise NotUsable(_("A form with more than %(most)d fields is too long for people.") % {"most": MOST_FIELDS})
    for name, field in schema["properties"].items():
        _check_field(name, field)
    if any(set(way) != {"required"} for way in schema.get("anyOf", [])):
        raise NotUsable(
            _('“anyOf” can only say which fields are needed: [{"required": ["file"]}, {"required": ["text"]}].')
        )
    for needed in (schema, *schema.get("anyOf", [])):
        if missing := [name for name in needed.get("required", []) if name not in schema["properties"]]:
            raise NotUsable(_("“%(name)s” is required but is not among the properties.") % {"name": missing[0]})


def _only(schema: dict[str, Any], allowed: set[str], where: str) -> None:
    if unknown := sorted(set(schema) - allowed):
        words = {"name": unknown[0], "where": where, "known": ", ".join(sorted(allowed))}
        raise NotUsable(_("Our form cannot show “%(name)s” in %(where)s. It knows: %(known)s.") % words)


def is_name(name: str) -> bool:
    """Whether a field may be called so."""
    return bool(NAME.fullmatch(name)) and name not in TAKEN


def _check_field(name: str, field: Any) -> None:
    if not is_name(name):
        raise NotUsable(
            _("“%(name)s” cannot be a field's name: use small letters, digits and _, at most 40.") % {"name": name}
        )
    kind = field.get("type") if isinstance(field, dict) else None
    if not isinstance(kind, str) or kind not in KEYWORDS:
        raise NotUsable(_("“%(name)s” needs a type: %(types)s.") % {"name": name, "types": ", ".join(KEYWORDS)})
    _only(field, KEYWORDS[kind] | ANNOTATIONS | {"type"}, f"“{name}”")
    if kind == "array" and field.get("items") != {"type": "string"}:
        raise NotUsable(
            _('“%(name)s” can only be a list of texts: give it "items": {"type": "string"}.') % {"name": name}
        )
    if field.get("contentEncoding", "base64") != "base64":
        raise NotUsable(_('“%(name)s” is a file only with "contentEncoding": "base64".') % {"name": name})
    if not all(isinstance(value, str) for value in field.get("enum", [])):
        raise NotUsable(_("“%(name)s” offers a choice: all its values should be texts.") % {"name": name})
    if "default" in field and not Draft202012Validator(field).is_valid(field["default"]):
        raise NotUsable(_("The default of “%(name)s” is not a value that it allows.") % {"name": name})


def check_output(schema: dict[str, Any]) -> None:
    """Raise NotUsable unless `schema` is a JSON Schema of an object; an empty one says nothing, and may."""
    if schema:
        _check_schema(schema)


def check_example(schema: dict[str, Any], example: dict[str, Any]) -> None:
    """Raise NotUsable, naming the field, unless `example` is an input that `schema` takes."""
    problem = next(iter(Draft202012Validator(schema).iter_errors(example)), None)
    if problem:
        if problem.path:
            sentence = _("The example does not fit the input in “%(name)s”: %(problem)s.")
            raise NotUsable(sentence % {"name": problem.path[0], "problem": problem.message[:200]})
        raise NotUsable(_("The example does not fit the input: %(problem)s.") % {"problem": problem.message[:200]})


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
        return {"text/csv": _("CSV file"), "application/pdf": _("PDF file")}.get(
            media, _("image") if "image/" in media else _("file")
        )
    if "enum" in part:
        return _("a choice")
    return str(KINDS.get(str(part.get("type")), gettext_lazy("data")))
