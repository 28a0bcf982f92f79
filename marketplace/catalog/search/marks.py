"""Keyset marks: a mark says after which row to go on, so that page 1,000 costs what page 1 costs."""

import base64
import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

LARGEST: Final = 2**63 - 1
COLUMNS: Final = {
    "rank": ("rank", "popularity", "listing_id"),
    "popular": ("popularity", "listing_id"),
    "newest": ("published_at", "listing_id"),
    "rating": ("rating", "listing_id"),
    "price": ("price", "listing_id"),
}
# As what they are compared: an address may name any number.
TYPES: Final = {
    "rank": "float8", "popularity": "bigint", "rating": "bigint", "price": "bigint", "listing_id": "bigint",
    "published_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in one of the orders: the values of its columns, the listing's id last."""

    key: str
    values: list[Any]

    @property
    def listing_id(self) -> int:
        return int(self.values[-1])

    def __str__(self) -> str:
        """For an address."""
        values = [value.isoformat() if isinstance(value, datetime) else value for value in self.values]
        return base64.urlsafe_b64encode(json.dumps([self.key, *values]).encode()).decode().rstrip("=")


def read(text: str) -> Mark | None:
    """A mark out of an address; None for one that cannot be read."""
    try:
        key, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        columns = COLUMNS[key]
        return Mark(key, [_read(column, value) for column, value in zip(columns, values, strict=True)])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _read(column: str, value: Any) -> Any:
    if column == "published_at":
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone")
        return moment
    if column == "rank":
        rank = float(value)
        if not math.isfinite(rank):
            raise ValueError("not a rank")
        return rank
    return max(-LARGEST, min(int(value), LARGEST))
