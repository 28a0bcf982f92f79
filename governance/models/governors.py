"""Whom we mirror: tokens and governors."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.models import Block, Log
from governance.models.shapes import ADDRESS


class Token(models.Model):
    """How amounts of a token are written."""

    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    symbol = models.CharField(max_length=40)
    decimals = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="token_once"),
            CheckConstraint(condition=Q(address__regex=ADDRESS), name="token_address_is_hex"),
            CheckConstraint(condition=Q(decimals__lte=77), name="token_decimals_possible"),
        ]

    def __str__(self) -> str:
        return self.symbol


class ClockMode(models.TextChoices):
    """What a governor counts time in (ERC-6372)."""

    TIMESTAMP = "timestamp"
    BLOCK_NUMBER = "blocknumber"


class Governor(models.Model):
    """An OpenZeppelin Governor with GovernorCountingSimple, GovernorVotes and GovernorTimelockControl.

    `read_log_id` is the id of the last Log that the mirror applied.
    """

    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="governors")
    timelock = models.CharField(max_length=42)
    clock_mode = models.CharField(max_length=12, choices=ClockMode.choices)
    quorum_denominator = models.BigIntegerField(default=100)
    read_log_id = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="governor_once"),
            CheckConstraint(condition=Q(address__regex=ADDRESS), name="governor_address_is_hex"),
            CheckConstraint(condition=Q(timelock__regex=ADDRESS), name="governor_timelock_is_hex"),
            CheckConstraint(condition=Q(clock_mode__in=ClockMode.values), name="governor_clock_mode"),
            CheckConstraint(condition=Q(quorum_denominator__gt=0), name="governor_denominator_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def clock(self, block: Block) -> int:
        """The governor's time in a block: unix seconds, or the block's number."""
        return block.number if self.clock_mode == ClockMode.BLOCK_NUMBER else block.timestamp

    def latest_block(self) -> Block | None:
        """The newest block that was copied: the chain's clock, as far as we know it."""
        return Block.objects.filter(chain=self.chain).order_by("-number").first()

    def unread_logs(self) -> models.QuerySet[Log]:
        """Logs of governor, timelock and token that the mirror has not applied, in the order they were copied."""
        addresses = [self.address.lower(), self.timelock.lower(), self.token.address.lower()]
        logs = Log.objects.filter(chain=self.chain, address__in=addresses, id__gt=self.read_log_id)
        return logs.select_related("block").order_by("id")
