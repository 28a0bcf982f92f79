"""The public log of rulings: copies of what the chain says anyway, with the kind of thing that was disputed."""

from typing import ClassVar

from django.db import models

from chain.fields import Uint256Field
from marketplace.catalog.models import Currency
from marketplace.disputes.models.kinds import Category, Outcome


class PublishedRulingQuerySet(models.QuerySet["PublishedRuling"]):
    def newest(self, before: int | None = None) -> "PublishedRulingQuerySet":
        """The newest first, from a place on: only those whose key is smaller."""
        found = self.select_related("currency").order_by("-pk")
        return found.filter(pk__lt=before) if before is not None else found


class PublishedRuling(models.Model):
    """How a dispute ended that an arbiter split, or that nobody ruled on in time. Public: it names nobody.

    The dispute points here, and nothing points back. Amounts in base units; `provider_bps` is the provider's share of
    what was contested, in 1/10,000.
    """

    chain = models.CharField(max_length=41)
    category = models.CharField(max_length=20, choices=Category)
    outcome = models.CharField(max_length=20, choices=Outcome)
    provider_bps = models.PositiveSmallIntegerField()
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    contested = Uint256Field()
    net = Uint256Field("to the provider")
    fee = Uint256Field("to the market")
    refund = Uint256Field("to the buyer")
    arbiter = models.CharField("who ruled; empty when the time did", max_length=42, blank=True)
    ruling_hash = models.CharField("hash of the reasons, bytes32", max_length=66, blank=True)
    tx_hash = models.CharField(max_length=66)
    block_number = models.PositiveBigIntegerField()
    resolved_at = models.DateTimeField("time of the block")
    decided_here = models.BooleanField("whether the contract has what was decided at this market")
    appealed = models.BooleanField("whether a side has appealed to the DAO", default=False)

    objects = PublishedRulingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(outcome="ruled") & ~models.Q(arbiter="") & ~models.Q(ruling_hash="")
                | models.Q(outcome="timed_out", arbiter="", ruling_hash=""),
                name="published_ruling_is_ruled_or_timed_out",
            ),
        ]

    def __str__(self) -> str:
        return f"ruling of {self.resolved_at:%Y-%m-%d}"
