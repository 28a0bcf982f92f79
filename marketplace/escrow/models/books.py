"""What was found when our books were compared with the contract's."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

GIVEN_UP = timedelta(minutes=10)


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    def of(self, chain: str) -> "ReconciliationQuerySet":
        """The runs of one chain, the newest first."""
        return self.filter(chain=chain).order_by("-pk")

    def waiting(self) -> "ReconciliationQuerySet":
        """Asked for, and taken by no worker yet."""
        return self.filter(began_at__isnull=True)

    def concluded(self) -> "ReconciliationQuerySet":
        """Those that compared everything and say how the books stand."""
        return self.filter(ended_at__isnull=False, error="")


class Reconciliation(models.Model):
    """One comparison of ledger, deposits and credits with the contracts of a chain, at a final block.

    `differences` are sentences with figures in base units, at most 200 of `found`; `contracts` are the addresses that
    they are about: no new release of these is sent until a later run finds none. With `error` nothing is known.
    """

    chain = models.CharField(max_length=41)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    block = models.BigIntegerField("the block at which was compared", null=True)
    compared = models.PositiveBigIntegerField("figures compared", default=0)
    found = models.PositiveBigIntegerField("figures that differ", default=0)
    differences = models.JSONField(default=list)
    contracts = ArrayField(models.CharField(max_length=42), default=list)
    error = models.TextField("why nothing was compared", blank=True)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain"], condition=Q(began_at__isnull=True), name="one_waiting_per_chain"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(began_at__isnull=False),
                name="reconciliation_began_before_ending",
            ),
            models.CheckConstraint(
                condition=Q(error="") | Q(found=0, contracts=[]), name="reconciliation_finds_or_fails"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["chain", "-id"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"reconciliation {self.pk}"

    def is_dead(self, now: datetime) -> bool:
        """Whether its worker must have died: begun, not ended, and long ago."""
        return bool(self.began_at and not self.ended_at and self.began_at < now - GIVEN_UP)
