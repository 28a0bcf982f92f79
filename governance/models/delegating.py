"""What delegators and delegates signed: a change of delegate for the market to hand in, and who a delegate is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.fields import Uint256Field
from chain.models import OutgoingTransaction
from governance.models.governors import Governor
from governance.models.shapes import ADDRESS


class SignedDelegation(models.Model):
    """A signed change of delegate, one for each nonce of the token's; `delegate` may be nobody's address."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="signed_delegations")
    delegator = models.CharField(max_length=42)
    delegate = models.CharField(max_length=42)
    nonce = Uint256Field()
    expiry = models.BigIntegerField()
    signature = models.BinaryField()
    sending = models.OneToOneField(OutgoingTransaction, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["governor", "delegator", "nonce", "delegate", "expiry"], name="delegation_signed_once"
            ),
            CheckConstraint(condition=Q(delegator__regex=ADDRESS, delegate__regex=ADDRESS), name="delegation_is_hex"),
        ]
        indexes: ClassVar = [models.Index(fields=["signed_at"], name="delegation_of_day")]

    def __str__(self) -> str:
        return f"{self.delegator} → {self.delegate}"


class Statement(models.Model):
    """What a delegate says of themselves, in Markdown, signed by wallet; the newest. `said_at` is signed too."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="statements")
    author = models.CharField(max_length=42)
    text = models.TextField()
    said_at = models.BigIntegerField()
    signature = models.BinaryField()
    hidden_at = models.DateTimeField(null=True)
    hidden_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["governor", "author"], name="statement_once"),
            CheckConstraint(condition=Q(author__regex=ADDRESS), name="statement_author_is_hex"),
            CheckConstraint(
                condition=Q(hidden_at__isnull=True, hidden_why="") | Q(hidden_at__isnull=False) & ~Q(hidden_why=""),
                name="statement_hidden_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author} at {self.said_at}"


class StatementReport(models.Model):
    """Why somebody thinks that a statement should not stand. From anybody; the operators decide."""

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="reports")
    why = models.CharField(max_length=500)
    reported_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.why
