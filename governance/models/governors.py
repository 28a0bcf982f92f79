"""Whom we mirror: tokens and governors, and what kind of governor each is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.models import Block
from governance.models.shapes import ADDRESS


class TokenKind(models.TextChoices):
    """What a Transfer moves: an amount, one vote each, or nothing that we know of."""

    ERC20 = "erc20"
    ERC721 = "erc721"
    VOTES = "votes"


class Token(models.Model):
    """How amounts of a token are written, and how its votes are made."""

    Kind = TokenKind
    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    symbol = models.CharField(max_length=40)
    decimals = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=6, choices=TokenKind.choices, default=TokenKind.ERC20, db_default="erc20")

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="token_once"),
            CheckConstraint(condition=Q(address__regex=ADDRESS), name="token_address_is_hex"),
            CheckConstraint(condition=Q(decimals__lte=77), name="token_decimals_possible"),
            CheckConstraint(condition=Q(kind__in=TokenKind.values), name="token_kind"),
        ]

    def __str__(self) -> str:
        return self.symbol


class ClockMode(models.TextChoices):
    """What a governor counts time in (ERC-6372)."""

    TIMESTAMP = "timestamp"
    BLOCK_NUMBER = "blocknumber"


class SaltKind(models.TextChoices):
    """What tells a timelock's operations apart: `bytes20(governor) ^ descriptionHash` (5.x), the hash alone (4.x)."""

    GOVERNOR = "governor"
    DESCRIPTION = "description"


class QuorumKind(models.TextChoices):
    """Reckoned from supply and numerator as they were, or asked of the contract for each proposal."""

    FRACTION = "fraction"
    ASKED = "asked"


class TimelockKind(models.TextChoices):
    """OpenZeppelin's TimelockController, a timelock of Compound's kind, in which what waits expires, or none."""

    CONTROL = "control"
    COMPOUND = "compound"
    NONE = "none"


class NoncesKind(models.TextChoices):
    """Of signed ballots: `nonces(address,uint192)` as well, `nonces(address)` alone, or none."""

    KEYED = "keyed"
    PLAIN = "plain"
    NONE = "none"


class Governor(models.Model):
    """An OpenZeppelin Governor, 4.9 to 5.x, with GovernorCountingSimple and GovernorVotes.

    `timelock` is the one it was found with, empty without any; a later one is a Setting. `grace`: seconds after which
    what waits in a Compound timelock expires. `constants`: voting delay, voting period and proposal threshold of a
    governor that says no changes of them. `read_log_id`: the mirror has applied all its logs up to this id.
    `counted_number`, `counted_hash`: the block that its proposals were last counted at. `caught_up_at`: when its past
    was first read to the end. `torn_at`: since when its logs cannot be applied.
    """

    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    is_own = models.BooleanField(default=False, db_default=False)
    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="governors")
    timelock = models.CharField(max_length=42, blank=True)
    timelock_kind = models.CharField(
        max_length=8, choices=TimelockKind.choices, default=TimelockKind.CONTROL, db_default="control"
    )
    grace = models.BigIntegerField(null=True)
    clock_mode = models.CharField(max_length=12, choices=ClockMode.choices)
    salt = models.CharField(max_length=11, choices=SaltKind.choices, default=SaltKind.GOVERNOR, db_default="governor")
    quorum_kind = models.CharField(
        max_length=8, choices=QuorumKind.choices, default=QuorumKind.FRACTION, db_default="fraction"
    )
    quorum_denominator = models.BigIntegerField(default=100)
    nonces = models.CharField(max_length=5, choices=NoncesKind.choices, default=NoncesKind.KEYED, db_default="keyed")
    has_late_quorum = models.BooleanField(default=True, db_default=True)
    has_storage = models.BooleanField(default=False, db_default=False)
    has_settings = models.BooleanField(default=True, db_default=True)
    constants = models.JSONField(default=dict, db_default={})
    read_log_id = models.BigIntegerField(default=0)
    counted_number = models.BigIntegerField(default=-1, db_default=-1)
    counted_hash = models.CharField(max_length=66, blank=True, default="", db_default="")
    counted_final = models.BigIntegerField(default=-1, db_default=-1)
    caught_up_at = models.DateTimeField(null=True)
    torn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="governor_once"),
            CheckConstraint(condition=Q(address__regex=ADDRESS), name="governor_address_is_hex"),
            CheckConstraint(
                condition=Q(timelock__regex=ADDRESS) & ~Q(timelock_kind="none") | Q(timelock="", timelock_kind="none"),
                name="governor_timelock_fits_its_kind",
            ),
            CheckConstraint(condition=Q(clock_mode__in=ClockMode.values), name="governor_clock_mode"),
            CheckConstraint(condition=Q(quorum_denominator__gt=0), name="governor_denominator_positive"),
            CheckConstraint(
                condition=Q(salt__in=SaltKind.values, quorum_kind__in=QuorumKind.values)
                & Q(timelock_kind__in=TimelockKind.values, nonces__in=NoncesKind.values),
                name="governor_kinds",
            ),
            CheckConstraint(condition=~Q(timelock_kind="compound") | Q(grace__gte=0), name="governor_grace_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def clock(self, block: Block) -> int:
        """The governor's time in a block: unix seconds, or the block's number."""
        return block.number if self.clock_mode == ClockMode.BLOCK_NUMBER else block.timestamp

    def latest_block(self) -> Block | None:
        """The newest block that was copied: the chain's clock, as far as we know it."""
        return Block.objects.filter(chain=self.chain).order_by("-number").first()
