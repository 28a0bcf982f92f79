"""What a vote has decided about orders, as the contract tells it: fee, hold, arbiter's time, whether it takes money.

Written by the escrow's settlement; it stands here because an order is placed on these terms. Public.
"""

from typing import ClassVar

from django.db import models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from marketplace.subscriptions.words import percent


class OfContract(models.Model):
    """What one contract says."""

    chain = models.CharField(max_length=32)
    contract = models.CharField(max_length=42)

    class Meta:
        abstract = True


class Told(OfContract):
    """What one event told of: where it stands in the contract's events, and in the chain."""

    seq = models.PositiveBigIntegerField("place in the contract's events")
    block_number = models.PositiveBigIntegerField()
    tx_hash = models.CharField(max_length=66)
    at = models.DateTimeField("time of the block")

    class Meta:
        abstract = True


class Pause(Told):
    """New funding was stopped, or allowed again: one row a change, the newest by `seq` counts."""

    paused = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "contract", "seq"], name="one_pause_per_event")
        ]


class MarketParamsQuerySet(models.QuerySet["MarketParams"]):
    def current(self) -> "MarketParams | None":
        """What the DAO has set last, as far as it is final, with `is_paused`; None before the first log."""
        here = Pause.objects.filter(chain=OuterRef("chain"), contract=OuterRef("contract")).order_by("-seq")
        paused = Coalesce(Subquery(here.values("paused")[:1]), Value(False))
        return self.annotate(paused_now=paused).order_by("-block_number", "-seq").first()


class MarketParams(Told):
    """The market's parameters as a vote has set them: one row a change, newest by `seq`."""

    fee_bps = models.PositiveSmallIntegerField("fee, in hundredths of a percent")
    treasury = models.CharField(max_length=42)
    hold_seconds = models.PositiveIntegerField("how long a period's money waits after it has elapsed")
    arbiter_seconds = models.PositiveIntegerField()
    close_delay_seconds = models.PositiveIntegerField()

    objects = MarketParamsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "market parameters"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "contract", "seq"], name="one_parameter_change_per_event")
        ]

    @property
    def is_paused(self) -> bool:
        """Whether no new payments are taken; for what `current()` gave."""
        return bool(getattr(self, "paused_now", False))

    @property
    def fee_percent(self) -> str:
        """The fee as people read it: 250 → "2.5"."""
        return percent(self.fee_bps)
