"""How far the copy of a chain is behind it."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from chain.freezing import GONE
from chain.models import Alarm, CopyPosition

TOLERATED_SECONDS = 30.0


@dataclass(frozen=True)
class Lag:
    """Heights of the node's head, of what is copied and what is final; seconds since the copy was level with the head.

    `frozen` is the reason why no money may move, or an empty text. `seconds_unconfirmed`: since the witness, where
    there is one, had confirmed all that was due.
    """

    head: int
    copied: int
    final: int
    seconds_behind: float
    frozen: str = ""
    seconds_unconfirmed: float = 0.0

    @property
    def ok(self) -> bool:
        behind = max(self.seconds_behind, self.seconds_unconfirmed)
        return not self.frozen and behind < TOLERATED_SECONDS


def lag(chain: str | None = None) -> Lag:
    """As the watcher last saw it; asks the database only, so that a page may ask. Never watched: behind since ever."""
    chain = chain or settings.CHAIN_ID
    position = CopyPosition.objects.filter(chain=chain).first()
    if position is None:
        return Lag(-1, -1, -1, float("inf"))
    return Lag(
        position.head_number,
        position.copied_number,
        position.final_number,
        _since(position.caught_up_at),
        position.frozen_reason or unresolved(chain),
        _since(position.witnessed_at) if settings.CHAINS[chain].get("witness_url") else 0.0,
    )


def _since(moment: dt.datetime | None) -> float:
    return (timezone.now() - moment).total_seconds() if moment else float("inf")


def unresolved(chain: str) -> str:
    """After a thaw with the node's history: what was acted upon and did not happen has to be put right first."""
    count = Alarm.objects.open().filter(chain=chain, kind=GONE).count()
    return f"{count} final logs are gone, and what they caused has not been put right." if count else ""
