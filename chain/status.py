"""How far the copy of a chain is behind it."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from chain.models import CopyPosition

TOLERATED_SECONDS = 30.0


@dataclass(frozen=True)
class Lag:
    """Heights of the node's head, of what is copied and what is final; seconds since the copy was level with the head.

    `frozen` is the reason why nothing becomes final any more, or an empty text.
    """

    head: int
    copied: int
    final: int
    seconds_behind: float
    frozen: str = ""

    @property
    def ok(self) -> bool:
        return not self.frozen and self.seconds_behind < TOLERATED_SECONDS


def lag(chain: str | None = None) -> Lag:
    """As the watcher last saw it; asks the database only, so that a page may ask. Never watched: behind since ever."""
    position = CopyPosition.objects.filter(chain=chain or settings.CHAIN_ID).first()
    if position is None:
        return Lag(-1, -1, -1, float("inf"))
    behind = (timezone.now() - position.caught_up_at).total_seconds() if position.caught_up_at else float("inf")
    return Lag(position.head_number, position.copied_number, position.final_number, behind, position.frozen_reason)
