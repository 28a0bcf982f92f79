"""The clock of the local stack: `python -m settings.local.beat`, Celery's beat with the market's own schedule.

It sends task names, so it loads neither Django nor the tasks, which halves the stack's smallest process. It keeps the
schedule in memory, for a schedule file can be spoiled by a hard end, and it leaves a sign of life.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from celery.beat import Scheduler, Service

from settings.celery import app


class TickingScheduler(Scheduler):
    """Touches the file BEAT_TICK once a second."""

    _touched = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due and leave a sign of life."""
        if time.monotonic() - self._touched > 1:
            Path(os.environ["BEAT_TICK"]).touch()
            self._touched = time.monotonic()
        return super().tick(*args, **kwargs)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    Service(app, max_interval=1, scheduler_cls=TickingScheduler).start()
