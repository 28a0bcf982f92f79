"""What time it is for the market: contracts run on the time of blocks, not on ours."""

from datetime import UTC, datetime

from django.conf import settings
from django.utils import timezone

from chain.models import Block


def block_time() -> datetime | None:
    """The time of the newest block that was copied; None before the first."""
    newest = Block.objects.filter(chain=settings.CHAIN_ID).order_by("-number").values_list("timestamp", flat=True)
    timestamp = newest.first()
    return None if timestamp is None else moment(timestamp)


def final_time() -> datetime | None:
    """The time of the newest final block: what had not happened by then never will have. None before the first."""
    newest = Block.objects.filter(chain=settings.CHAIN_ID, is_final=True).order_by("-number")
    timestamp = newest.values_list("timestamp", flat=True).first()
    return None if timestamp is None else moment(timestamp)


def market_time() -> datetime:
    """Now, by the chain where it is ahead of our clock (a local chain's time can be moved), by our clock otherwise."""
    now = timezone.now()
    seen = block_time()
    return max(now, seen) if seen else now


def moment(timestamp: int) -> datetime:
    """A block's unix time as an aware UTC datetime."""
    return datetime.fromtimestamp(timestamp, UTC)
