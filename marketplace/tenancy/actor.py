"""Who acts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting for an organization, for the market (no organization), or the market's own clock (no person)."""

    user_id: int | None = None
    org_id: int | None = None
    role: str = ""


SYSTEM = Actor(role="system")
