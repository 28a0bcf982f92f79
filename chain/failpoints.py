"""Named places where a test may kill, raise or stall this process: `FAILPOINT=name:kill|raise|sleep[:n-th hit]`."""

import os
import signal
import time
from collections import Counter
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# name → what has just happened when it is reached
FAILPOINTS = {
    "watcher.after_lock": "the chain's lock is held, nothing is read",
    "watcher.after_fetch": "blocks and logs are in memory",
    "watcher.after_orphans": "orphaned blocks are deleted, not committed",
    "watcher.after_blocks": "blocks are inserted, logs are not",
    "watcher.after_logs": "logs are inserted, the position has not moved",
    "watcher.after_position": "the position has moved, nothing is final yet",
    "watcher.before_commit": "all of a step is written, not committed",
    "watcher.after_commit": "one step is committed",
    "witness.after_answer": "the witness has answered, nothing is noted",
    "witness.after_final": "a stretch that the witness confirmed is final",
    "sender.after_claim": "queued rows are locked and estimated, no nonce is taken",
    "sender.after_nonce": "nonces are taken, nothing is signed",
    "sender.after_sign": "bytes are signed, not committed",
    "sender.after_sign_commit": "bytes are committed, nobody has seen them",
    "sender.after_broadcast": "the node has the bytes, we have not noted it",
    "sender.after_broadcast_commit": "the broadcast is noted",
    "sender.after_receipts": "receipts are read, nothing is noted",
    "sender.after_check_commit": "mined, final or lost is noted",
    "sender.after_bump_sign": "a dearer attempt is signed, not committed",
    "sender.after_bump_commit": "a dearer attempt is committed, nobody has seen it",
    "sender.after_balances": "the accounts' balances are noted, no alarm is sounded or ended",
}
LOCAL_CHAINS = ("eip155:31337", "eip155:1337")


class FailpointReached(Exception):
    """Raised by a failpoint that is told to raise."""


class Armed(NamedTuple):
    name: str
    action: str
    hit: int


_hits: Counter[str] = Counter()


@cache
def armed() -> Armed | None:
    """What the environment asks for; raises on a name or action that does not exist."""
    text = os.environ.get("FAILPOINT", "")
    if not text:
        return None
    name, action, hit = [*text.split(":"), "1"][:3]
    if name not in FAILPOINTS or action not in {"kill", "raise", "sleep"} or not hit.isdigit():
        raise ImproperlyConfigured(
            f"FAILPOINT={text} is not <name>:kill|raise|sleep[:n] with a name of chain/failpoints.py."
        )
    return Armed(name, action, int(hit))


def refuse_in_production() -> None:
    """Raise ImproperlyConfigured when a failpoint is set and this is neither DEBUG nor a local chain."""
    if os.environ.get("FAILPOINT") and not (settings.DEBUG or settings.CHAIN_ID in LOCAL_CHAINS):
        raise ImproperlyConfigured("FAILPOINT is set. It kills workers on purpose and is refused in production.")


def failpoint(name: str) -> None:
    """Do nothing, or what FAILPOINT says when this is the named place and its n-th hit."""
    plan = armed()
    if plan is None or plan.name != name:
        return
    _hits[name] += 1
    if _hits[name] != plan.hit:
        return
    if plan.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if plan.action == "raise":
        raise FailpointReached(name)
    time.sleep(30)
