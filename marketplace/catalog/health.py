"""How a tool's service answers, as its listing carries it; the gateway probes and writes it."""

from datetime import datetime, timedelta
from typing import Final

from django.db import models

STAYS_DOWN: Final = timedelta(hours=24)


class Health(models.Model):
    """What a card says of a service: nothing until it was probed."""

    is_down_since = models.DateTimeField("first of at least three probes in a row without an answer", null=True)
    uptime_bps = models.PositiveSmallIntegerField("answered probes of the last 30 days, in 1/10,000", null=True)

    class Meta:
        abstract = True

    def stays_down(self, now: datetime) -> bool:
        """Whether it has been down so long that it is left out of the first page."""
        return self.is_down_since is not None and self.is_down_since <= now - STAYS_DOWN
