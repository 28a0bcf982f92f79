"""Which provider is asked: one that failed rests, longer each time, and meanwhile the next one in the list is asked.

What is known of a provider lives in this process and dies with it: another process finds out by itself.
"""

import os
import random
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

LONGEST_REST = 60.0
LONGEST_REST_AFTER = 7
STUCK_SECONDS = 120.0
LONGEST_WISH = 600.0
RATE_LIMITED = ("rate limit", "too many requests")


class Health:
    """How one provider has been doing: rests after a failure, until `rests_until` on the monotonic clock.

    `serves` is the chain id that it named last, `told` that for which an alarm was sounded or ended.
    """

    def __init__(self, url: str) -> None:
        self.name = name(url)
        self.failures, self.rests_until, self.why = 0, 0.0, ""
        self.serves: int | None = None
        self.told: int | None = None
        self.lacks_tag = False
        self.head, self.head_since, self.head_asked = -1, 0.0, 0.0
        self._lock = threading.Lock()

    @property
    def rest(self) -> float:
        """Seconds until it may be asked again; 0 when it may be asked now."""
        return max(self.rests_until - time.monotonic(), 0.0)

    def failed(self, why: str, wish: float = 0.0) -> None:
        """It did not answer, or not properly. `wish`: the seconds for which it asks to be left alone (Retry-After).

        With NODE_BACKOFF_SECONDS = 0 nobody ever rests.
        """
        with self._lock:
            self.failures += 1
            self.why = why
            pause = min(settings.NODE_BACKOFF_SECONDS * 2.0 ** min(self.failures - 1, 16), LONGEST_REST)
            pause = max(pause * random.uniform(0.5, 1.0), min(wish, LONGEST_WISH))  # noqa: S311  (spreads load)
            self.rests_until = time.monotonic() + (pause if settings.NODE_BACKOFF_SECONDS else 0.0)

    def worked(self) -> None:
        """It answered."""
        self.failures, self.rests_until, self.why = 0, 0.0, ""

    def names_chain(self, found: int, wanted: int) -> bool:
        """Note the chain that it serves; one that serves another rests as long as any, and is then asked again."""
        self.serves = found
        if found != wanted:
            self._out(f"it serves chain {found}")
        return found == wanted

    def saw_head(self, height: int) -> None:
        """Note its newest block; a provider whose newest block stays the same for too long may be stuck, and rests."""
        now = time.monotonic()
        if height != self.head or now - self.head_asked > STUCK_SECONDS:
            self.head, self.head_since = height, now
        elif now - self.head_since > STUCK_SECONDS:
            self._out(f"its newest block has been {height} for {STUCK_SECONDS:.0f} s")
        self.head_asked = now

    def _out(self, why: str) -> None:
        self.failures = max(self.failures, LONGEST_REST_AFTER)
        self.failed(why)


def name(url: str) -> str:
    """Host and port: the rest of a provider's address is often a secret."""
    return urlsplit(url).netloc.rpartition("@")[2] or "a provider without a name"


def wish(headers: Mapping[str, str]) -> float:
    """The seconds of a Retry-After header (RFC 9110, 10.2.3), in either of its forms; 0 without one."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def is_rate_limit(code: int, message: str) -> bool:
    """Whether an error within a healthy-looking answer means: not now."""
    return code == 429 or any(words in message.lower() for words in RATE_LIMITED)


@cache
def _known(url: str, process: int) -> Health:
    return Health(url)


def health(url: str) -> Health:
    """What this process knows of a provider."""
    return _known(url, os.getpid())


def pick(urls: Sequence[str]) -> str:
    """The first that does not rest; when all rest, the one whose rest ends first, which then says so itself."""
    known = [health(url) for url in urls]
    awake = [url for url, each in zip(urls, known, strict=True) if not each.rest]
    return awake[0] if awake else min(urls, key=lambda url: health(url).rests_until)
