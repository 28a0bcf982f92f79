"""Copy a chain's past with a progress bar. May be interrupted at any time, and run beside the watcher."""

import math
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from chain import watcher
from chain.models import Contract, CopyPosition, Log
from chain.watcher import Outcome

WIDTH = 30
PLAIN_EVERY = 10.0
PAUSE = 0.5
PATIENCE = 60.0


class Command(BaseCommand):
    help = "Copy the chain from where the copy stands, or again from a block on, until it is level with the node."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--chain", choices=list(settings.CHAINS), default=settings.CHAIN_ID)
        parser.add_argument("--from", dest="start", type=int, help="read again from this block on")

    def handle(self, *args: Any, chain: str, start: int | None, **options: Any) -> None:
        if start is not None:
            read_again(chain, start)
        progress = Progress(chain, self.stdout)
        waiting_since = time.monotonic()
        while True:
            outcome = watcher.watch(chain, seconds=1.0)
            if outcome is Outcome.BUSY and progress.is_level:
                outcome = Outcome.LEVEL  # by the other watcher's work
            progress.show(is_last=outcome is Outcome.LEVEL)
            if outcome is Outcome.LEVEL:
                return
            if outcome is Outcome.FROZEN:
                raise CommandError(f"{chain} is frozen. Run manage.py chain_status.")
            if outcome is Outcome.COPIED or progress.has_moved:
                waiting_since = time.monotonic()
            elif time.monotonic() - waiting_since > PATIENCE:
                raise CommandError(f"Nothing was copied for {PATIENCE:.0f} s: {outcome.value}. Run it again to go on.")
            if outcome in {Outcome.BUSY, Outcome.WAITING}:
                time.sleep(PAUSE)


def read_again(chain: str, start: int) -> None:
    """Set the position back to before `start`. It never goes forward, so that nothing is left out."""
    with transaction.atomic():
        CopyPosition.objects.get_or_create(chain=chain)
        position = CopyPosition.objects.select_for_update().get(chain=chain)
        if position.copied_number >= start:
            CopyPosition.objects.filter(pk=chain).update(copied_number=max(start, 0) - 1, copied_hash="")


class Progress:
    """A bar that is drawn over itself on a terminal, else a line now and then."""

    def __init__(self, chain: str, out: Any) -> None:
        self.chain, self.out, self.began_at = chain, out, timezone.now()
        self.began = self.shown = time.monotonic()
        self.first = self.last = self._copied()
        self.logs, self.newest = 0, self._newest_log()
        self.has_moved = False

    def show(self, *, is_last: bool) -> None:
        """Look at the position and draw."""
        copied, head = CopyPosition.objects.values_list("copied_number", "head_number").get(pk=self.chain)
        self.has_moved, self.last = copied != self.last, copied
        now = time.monotonic()
        if not (is_last or self.out.isatty() or now - self.shown >= PLAIN_EVERY):
            return
        self.shown = now
        line = self.line(copied, head, now - self.began)
        if self.out.isatty():
            self.out.write("\r\x1b[K" + line, ending="\n" if is_last else "")
        else:
            self.out.write(line)
        self.out.flush()

    @property
    def is_level(self) -> bool:
        """Whether somebody has reached the head since we began."""
        return CopyPosition.objects.filter(pk=self.chain, caught_up_at__gte=self.began_at).exists()

    def line(self, copied: int, head: int, seconds: float) -> str:
        """Blocks, logs, logs a second and the time left."""
        self._count()
        done, all_of_it = copied - self.first, max(head - self.first, 1)
        share = min(max(done / all_of_it, 0.0), 1.0)
        bar = "#" * round(share * WIDTH)
        left = seconds * (all_of_it - done) / done if done > 0 else math.inf
        rate = self.logs / seconds if seconds else 0.0
        ending = "level" if copied >= head else f"{clock(left)} left"
        return (
            f"{self.chain} [{bar:<{WIDTH}}] {share:4.0%}  block {max(copied, 0):,} of {max(head, 0):,}  "
            f"{self.logs:,} new logs, {rate:,.0f}/s  {ending}"
        )

    def _count(self) -> None:
        """Count on from the newest log that was counted: a bar must not cost more than the work."""
        fresh = Log.objects.filter(chain=self.chain, pk__gt=self.newest)
        self.logs, self.newest = self.logs + fresh.count(), max(self.newest, self._newest_log())

    def _newest_log(self) -> int:
        newest = Log.objects.order_by("-pk").values_list("pk", flat=True).first()
        return newest or 0

    def _copied(self) -> int:
        """The copied height; of a chain never copied, the one before the earliest that a contract needs."""
        found = CopyPosition.objects.filter(pk=self.chain).values_list("copied_number", flat=True).first()
        if found is not None and found >= 0:
            return found
        earliest = Contract.objects.watched(self.chain).order_by("deployed_block").first()
        return earliest.deployed_block - 1 if earliest else -1


def clock(seconds: float) -> str:
    """1:02:03, or a dash for never."""
    if math.isinf(seconds):
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
