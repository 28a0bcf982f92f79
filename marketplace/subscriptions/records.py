"""How a subscription was used, for whoever has to judge it. Apps above add their own record when they start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marketplace.subscriptions.models import Subscription


@dataclass(frozen=True, slots=True)
class Record:
    """One table of plain results under a title; `facts` are figures above it, each with its label."""

    key: str
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[dict[str, Any], ...] = ()
    rows: tuple[tuple[dict[str, Any], ...], ...] = ()
    empty: str = ""


Maker = Callable[[Subscription], list[Record]]
MAKERS: list[Maker] = []


def contribute(maker: Maker) -> Maker:
    """Let `maker(subscription)` add to what is known of its use; for the `ready()` of an app above this one."""
    if maker not in MAKERS:
        MAKERS.append(maker)
    return maker


def records_of(subscription: Subscription) -> list[Record]:
    """All that is known, in the scope of one of its sides or as the system."""
    return [record for maker in MAKERS for record in maker(subscription)]
