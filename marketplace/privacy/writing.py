"""Rows as JSON: what a person can read and a program can take over."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import models

from chain.fields import Uint256Field
from marketplace.privacy.inventory import BUYERS_OWN, Table, fields_of
from marketplace.subscriptions.words import amount

CHUNK: Final = 500


def rows(table: Table, owner_id: int) -> Iterator[dict[str, Any]]:
    """The owner's rows of a table, one by one, however many there are."""
    found = table.rows_of(owner_id)
    if any(field.name == "currency" for field in table.model._meta.local_fields):
        found = found.select_related("currency")
    for row in found.iterator(chunk_size=CHUNK):
        yield as_dict(row, owner_id)


def as_dict(row: models.Model, owner_id: int) -> dict[str, Any]:
    """One row by the names of its fields."""
    label = row._meta.label
    is_other_side = getattr(row, "buyer_id", owner_id) != owner_id
    hidden = {name.rpartition(".")[2] for name in BUYERS_OWN if is_other_side and name.startswith(f"{label}.")}
    return {field.name: _value(row, field) for field in fields_of(type(row)) if field.name not in hidden}


def _value(row: Any, field: Any) -> Any:
    value = getattr(row, field.attname)
    if value is None or isinstance(value, bool | str | list | dict):
        return value
    if isinstance(field, Uint256Field):
        return _money(row, int(value))
    if isinstance(field, models.FileField):
        return file_name(row, field) if value else ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value if isinstance(value, int) else str(value)


def _money(row: Any, units: int) -> Any:
    """An amount as text with its currency; JSON's numbers would lose digits."""
    currency = getattr(row, "currency", None)
    if currency is None:
        return str(units)
    return {"amount": amount(units, currency.decimals), "currency": currency.symbol, "base_units": str(units)}


def file_name(row: models.Model, field: Any) -> str:
    """Where a row's file lies in the archive."""
    stored = getattr(row, field.name).name
    return f"files/{row._meta.label_lower}/{row.pk}-{field.name}{_suffix(stored)}"


def _suffix(name: str) -> str:
    tail = name.rpartition(".")[2]
    return f".{tail}" if "." in name and tail.isalnum() and len(tail) <= 5 else ""


def json_lines(found: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A JSON array, a row a line, written as the rows come."""
    before = b"[\n"
    for row in found:
        yield before + json.dumps(row, ensure_ascii=False).encode()
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"
