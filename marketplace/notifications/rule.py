"""One rule of who is told of what."""

from dataclasses import dataclass
from typing import Final

from marketplace.notifications.models import Kind

MODERATORS: Final = ("moderators",)


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence to some people. `link` is a URL name and the names of its arguments."""

    kind: Kind
    says: str
    to: tuple[str, ...]
    link: str
    side: str = ""
    also_actor: bool = False
