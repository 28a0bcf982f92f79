"""What tellers are given, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from chain.models import Log
from governance.facts import Facts


@dataclass(frozen=True)
class Change:
    """One field: what it is today, or was before, and what it becomes."""

    label: str
    today: str
    then: str


@dataclass(frozen=True)
class Call:
    """A decoded call on its way to a sentence. `value` in wei."""

    facts: Facts
    target: str
    function: str
    args: dict[str, Any]
    execution: Log | None
    value: int = 0


class Told(NamedTuple):
    """What happens, which figures change, whom it concerns, and what to beware of."""

    sentence: str
    changes: list[Change] = []  # noqa: RUF012  (never changed)
    affects: str = ""
    beware: str = ""
