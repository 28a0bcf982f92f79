"""What a version says, in one canonical form: hashed for the buyer's order, compared for the moderator."""

import hashlib
import json
from dataclasses import dataclass
from difflib import ndiff
from typing import Any

from marketplace.catalog import facts
from marketplace.catalog.models import ListingVersion


def content(version: ListingVersion) -> dict[str, Any]:
    """What a buyer agrees to. The endpoint is not part of it: it is the provider's secret, and may move.

    Facts that are not stated are left out, so that versions from before there were any keep their hash.
    """
    said = facts.said(version)
    return {
        **({"facts": said} if said else {}),
        "listing": version.listing.slug,
        "number": version.number,
        "name": version.name,
        "summary": version.summary,
        "description": version.description,
        "category": version.category.slug,
        "input_schema": version.input_schema,
        "output_schema": version.output_schema,
        "example": version.example,
        "plan": {
            "name": version.plan_name,
            "chain": version.currency.chain,
            "token": version.currency.address,
            "price": str(version.price),
            "period_seconds": version.period_seconds,
        },
    }


def canonical(value: Any) -> str:
    """JSON with sorted keys, without spaces, in plain UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(version: ListingVersion) -> str:
    """SHA-256 of the canonical content, as 0x and 64 digits."""
    return "0x" + hashlib.sha256(canonical(content(version)).encode()).hexdigest()


NOT_SHOWN = "address of the service"  # a field that only the provider and the moderators may see


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a version that differs from the one before, line by line as (sign, text)."""

    field: str
    lines: list[tuple[str, str]]


def _texts(version: ListingVersion) -> dict[str, str]:
    pretty = {"indent": 2, "sort_keys": True, "ensure_ascii": False}
    return {
        "name": version.name,
        "summary": version.summary,
        "description": version.description,
        "category": version.category.name,
        NOT_SHOWN: version.endpoint,
        "plan": version.plan_name,
        "price": f"{version.currency.in_units(version.price).normalize():f} {version.currency.symbol}",
        "period in seconds": str(version.period_seconds),
        "input schema": json.dumps(version.input_schema, **pretty),  # type: ignore[arg-type]
        "output schema": json.dumps(version.output_schema, **pretty),  # type: ignore[arg-type]
        "example": json.dumps(version.example, **pretty),  # type: ignore[arg-type]
        **{label.lower(): text for label, text in (*facts.of_kind(version), *facts.of_data(version))},
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
