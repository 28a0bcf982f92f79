"""Parts of a bundle that apps above this one know; each adds its own when it starts."""

from collections.abc import Callable
from typing import Any

from marketplace.subscriptions.models import Order

Maker = Callable[[Order], Any]
MAKERS: dict[str, Maker] = {}


def contribute(name: str, maker: Maker) -> None:
    """Let `maker(order)` say what stands in the JSON file of that name; for the `ready()` of an app above this one."""
    MAKERS[name] = maker


def parts_of(order: Order) -> dict[str, Any]:
    """All of them, in the scope of one of the order's sides or as the system."""
    return {name: maker(order) for name, maker in MAKERS.items()}
