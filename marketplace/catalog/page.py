"""What other parts of the market add to a tool's page; they stand above the catalogue and hand it their parts."""

from collections.abc import Callable
from typing import Any

from marketplace.catalog.models import Listing

# A part answers names for the page's templates, for a listing and the person who reads (None: nobody signed in).
Part = Callable[[Listing, int | None], dict[str, Any]]

_parts: list[Part] = []


def contribute(part: Part) -> None:
    """Add a part to every tool's page; an app calls this when it is ready."""
    if part not in _parts:
        _parts.append(part)


def parts(listing: Listing, user_id: int | None) -> dict[str, Any]:
    """All that was contributed, as one mapping."""
    return {name: value for part in _parts for name, value in part(listing, user_id).items()}
