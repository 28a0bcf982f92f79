"""The worker of the local stack with its clock inside: `python -m settings.local.worker`.

In production worker and beat are two processes. Here the clock is a thread of the worker, because a process of its
own costs 48 MB of the stack's 500. It keeps the schedule in memory, for a schedule file can be spoiled by a hard end,
and it leaves a sign of life.
"""

import os
import time
from pathlib import Path
from typing import Any

from celery.beat import EmbeddedService, Scheduler

from settings.celery import app

OPTIONS = ["--pool=threads", "-c", "4", "-l", "warning", "--without-gossip", "--without-mingle"]


class TickingScheduler(Scheduler):
    """Touches the file BEAT_TICK once a second."""

    _touched = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due and leave a sign of life."""
        if time.monotonic() - self._touched > 1:
            Path(os.environ["BEAT_TICK"]).touch()
            self._touched = time.monotonic()
        return super().tick(*args, **kwargs)

    def schedules_equal(self, old: Any, new: Any) -> bool:
        """Whether it is the one that was read at the start: nobody changes it, and comparing all for each is dear."""
        return old is not None


if __name__ == "__main__":
    clock: Any = EmbeddedService(app, max_interval=1, thread=True, scheduler_cls=TickingScheduler)
    clock.start()
    app.worker_main(["worker", *OPTIONS])
