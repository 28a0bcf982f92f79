"""What a DAO's accounts hold, and what came in and went out, as of a final block.

These rows are made from final blocks alone. Token transfers are asked of the node for these accounts and are not among
the copied logs, so they hang on no log; where the node's history was rewritten below what was final, all is read anew.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from chain.fields import Uint256Field
from governance.models.governors import Governor, Token
from governance.models.shapes import ADDRESS


class Treasury(models.Model):
    """How far the accounts of one DAO are read: all up to `number`, whose time is `block_at`.

    `first`: from which block on. `span`: how many blocks the node is asked for at once. `held_at`: the block of the
    holdings; while it is not `number`, the past is still being read. `accounts`: what each is, by address.
    """

    governor = models.OneToOneField(Governor, on_delete=models.CASCADE, related_name="treasury")
    first = models.BigIntegerField()
    number = models.BigIntegerField()
    block_hash = models.CharField(max_length=66, blank=True, default="")
    block_at = models.BigIntegerField(default=0)
    held_at = models.BigIntegerField(null=True)
    span = models.IntegerField(default=10_000)
    accounts = models.JSONField(default=dict)
    tokens = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [CheckConstraint(condition=Q(span__gte=1), name="treasury_span_positive")]

    def __str__(self) -> str:
        return f"{self.governor} at {self.number}"

    @property
    def is_level(self) -> bool:
        """Whether what it holds and what moved are of the same block."""
        return self.held_at is not None and self.held_at == self.number


class Holding(models.Model):
    """What one account has of one token at the treasury's block; no token is the chain's own coin. `escrow`: what
    that contract owes it and has not paid out; empty for what the account holds itself."""

    treasury = models.ForeignKey(Treasury, on_delete=models.CASCADE, related_name="holdings")
    account = models.CharField(max_length=42)
    escrow = models.CharField(max_length=42, blank=True, default="")
    token = models.ForeignKey(Token, null=True, on_delete=models.PROTECT, related_name="+")
    amount = Uint256Field()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["treasury", "account", "escrow", "token"], name="holding_once", nulls_distinct=False
            ),
            CheckConstraint(condition=Q(account__regex=ADDRESS), name="holding_account_is_hex"),
            CheckConstraint(condition=Q(amount__gte=0), name="holding_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"


class Movement(models.Model):
    """One log by which something came to an account or left it; `amount` is below zero for what left it.

    `kind`: a transfer, a fee that the escrow credited, what was withdrawn from there, or the chain's own coin that no
    log tells of: that had come at the end of the block `number` and not yet at that of `after`. `other`: from or to
    whom.
    """

    class Kind(models.TextChoices):
        TRANSFER = "transfer"
        FEE = "fee"
        WITHDRAWN = "withdrawn"
        COIN = "coin"

    treasury = models.ForeignKey(Treasury, on_delete=models.CASCADE, related_name="movements")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    account = models.CharField(max_length=42)
    escrow = models.CharField(max_length=42, blank=True, default="")
    token = models.ForeignKey(Token, null=True, on_delete=models.PROTECT, related_name="+")
    amount = Uint256Field()
    other = models.CharField(max_length=42, blank=True, default="")
    after = models.BigIntegerField(null=True)
    number = models.BigIntegerField()
    log_index = models.IntegerField()
    tx_hash = models.CharField(max_length=66, blank=True)
    at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["treasury", "account", "number", "log_index"], name="movement_once"),
            CheckConstraint(condition=Q(kind__in=["transfer", "fee", "withdrawn", "coin"]), name="movement_kind"),
            CheckConstraint(condition=Q(kind__in=["transfer", "coin"], escrow="")
                            | Q(kind__in=["fee", "withdrawn"]) & ~Q(escrow=""), name="movement_of_an_escrow_names_it"),
            CheckConstraint(condition=Q(kind="coin", token=None, tx_hash="", after__lt=F("number"))
                            | ~Q(kind="coin") & ~Q(tx_hash="") & Q(after=None), name="movement_of_coin_has_no_log"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["treasury", "-number", "-log_index"], name="movement_newest"),
            models.Index(fields=["treasury", "token", "at"], name="movement_of_token"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount:+}"


class CoinSearch(models.Model):
    """How far one account's own coin is explained: all up to `number`, where it had `balance`, in wei.

    `since`: from which block on, because the node keeps no older states; below the treasury's first block where nothing
    was left out. `readings`: balances at later blocks that were asked for already, as [block, decimal text].
    """

    treasury = models.ForeignKey(Treasury, on_delete=models.CASCADE, related_name="coin_searches")
    account = models.CharField(max_length=42)
    number = models.BigIntegerField()
    balance = Uint256Field()
    since = models.BigIntegerField()
    readings = models.JSONField(default=list)
    looked_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["treasury", "account"], name="coin_search_once"),
            CheckConstraint(condition=Q(balance__gte=0, since__lte=F("number")), name="coin_search_is_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.account} at {self.number}"


class FeeAccount(models.Model):
    """Which account a running order's or channel's fee goes to: it was fixed when that was paid."""

    treasury = models.ForeignKey(Treasury, on_delete=models.CASCADE, related_name="fee_accounts")
    escrow = models.CharField(max_length=42)
    agreement = models.CharField(max_length=66)
    account = models.CharField(max_length=42)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["treasury", "escrow", "agreement"], name="fee_account_once"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} → {self.account}"
