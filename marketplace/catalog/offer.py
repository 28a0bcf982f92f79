"""What a version says, in one canonical form: hashed for the buyer's order, compared for the moderator."""

import hashlib
import json
from dataclasses import dataclass
from difflib import ndiff
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalog import facts, media, plans
from marketplace.catalog.models import ListingVersion
from marketplace.catalog.plans import in_words


def content(version: ListingVersion) -> dict[str, Any]:
    """What a buyer agrees to. The endpoint is not part of it: it is the provider's secret, and may move.

    Facts that are not stated, and pictures that are not there, are left out, and a single plan of the simplest kind is
    written as it always was, so that versions from before there were any keep their hash.
    """
    said = facts.said(version)
    return {
        **({"facts": said} if said else {}),
        **({"media": version.media} if version.media else {}),
        "listing": version.listing.slug,
        "number": version.number,
        "name": version.name,
        "summary": version.summary,
        "description": version.description,
        "category": version.category.slug if version.category else "",
        "input_schema": version.input_schema,
        "output_schema": version.output_schema,
        "example": version.example,
        **_offered(version.plans),
    }


def _offered(rows: list[dict[str, Any]]) -> dict[str, Any]:
    if len(rows) == 1 and set(rows[0]) == SIMPLEST and rows[0]["price"] != "0":
        return {"plan": rows[0]}
    return {"plans": rows}


def canonical(value: Any) -> str:
    """JSON with sorted keys, without spaces, in plain UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(version: ListingVersion) -> str:
    """SHA-256 of the canonical content, as 0x and 64 digits."""
    return "0x" + hashlib.sha256(canonical(content(version)).encode()).hexdigest()


SIMPLEST = {"name", "chain", "token", "price", "period_seconds"}
NOT_SHOWN = gettext_lazy("address of the service")  # a field that only the provider and the moderators may see


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a version that differs from the one before, line by line as (sign, text)."""

    field: str
    lines: list[tuple[str, str]]


def _texts(version: ListingVersion) -> dict[str, str]:
    pretty = {"indent": 2, "sort_keys": True, "ensure_ascii": False}
    return {
        _("name"): version.name,
        _("summary"): version.summary,
        _("description"): version.description,
        _("category"): str(version.category or ""),
        str(NOT_SHOWN): version.endpoint,
        **{_("plan %(name)s") % {"name": plan.name}: in_words(plan) for plan in plans.read(version.plans)},
        _("input schema"): json.dumps(version.input_schema, **pretty),  # type: ignore[arg-type]
        _("output schema"): json.dumps(version.output_schema, **pretty),  # type: ignore[arg-type]
        _("example"): json.dumps(version.example, **pretty),  # type: ignore[arg-type]
        **{
            _("picture %(number)d") % {"number": number}: media.in_words(picture)
            for number, picture in enumerate(version.media, start=1)
        },
        **dict((*facts.of_kind(version), *facts.of_data(version))),
    }


def changes(old: ListingVersion, new: ListingVersion) -> list[Change]:
    """What `new` says otherwise than `old`, field by field."""
    before, after = _texts(old), _texts(new)
    fields = [*after, *(field for field in before if field not in after)]
    pairs = [(field, before.get(field, ""), after.get(field, "")) for field in fields]
    return [Change(field, _lines(old_text, new_text)) for field, old_text, new_text in pairs if old_text != new_text]


def _lines(old: str, new: str) -> list[tuple[str, str]]:
    """Signs are "-", "+" and " "; the hint lines of ndiff are left out, and long unchanged stretches too."""
    lines = [(line[0], line[2:]) for line in ndiff(old.splitlines(), new.splitlines()) if line[0] in "-+ "]
    near = {i + step for i, (sign, _) in enumerate(lines) if sign != " " for step in (-2, -1, 0, 1, 2)}
    return [line for i, line in enumerate(lines) if i in near]
