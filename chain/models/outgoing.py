"""What is to be sent to a chain: intents, their signed bytes, and the counters of nonces."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from chain.fields import Uint256Field
from chain.models.patterns import ADDRESS_PATTERN, chain_check


class SendingAccount(models.Model):
    """An account that we sign for, with the one counter of its nonces."""

    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    next_nonce = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="sending_account_once"),
            chain_check("sending_account_chain_is_caip2"),
            CheckConstraint(condition=Q(next_nonce__gte=0), name="sending_account_nonce_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.address} next nonce {self.next_nonce}"


class State(models.TextChoices):
    """Of an outgoing transaction. `unknown`: its nonce is used, by what is not known yet."""

    QUEUED = "queued"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"
    REPLACED = "replaced"
    FAILED = "failed"
    UNKNOWN = "unknown"


MOVES: dict[str, set[str]] = {
    State.QUEUED: {State.SIGNED, State.FAILED},
    State.SIGNED: {State.SENT, State.MINED, State.UNKNOWN},
    State.SENT: {State.MINED, State.UNKNOWN},
    State.UNKNOWN: {State.SENT, State.MINED, State.REPLACED},
    State.MINED: {State.FINAL, State.FAILED, State.SENT},
    State.FINAL: set(),
    State.REPLACED: set(),
    State.FAILED: set(),
}
OPEN_STATES = [State.SIGNED, State.SENT, State.UNKNOWN, State.MINED]


class OutgoingTransaction(models.Model):
    """One intent to send, under a key that makes it happen at most once."""

    key = models.CharField(max_length=200, unique=True)
    chain = models.CharField(max_length=41)
    to = models.CharField(max_length=42)
    data = models.BinaryField(default=b"")
    value = Uint256Field(default=0)
    sender = models.CharField(max_length=42, blank=True, default="")
    nonce = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    refusal = models.TextField(blank=True, default="")
    reverted = models.BooleanField(default=False)
    last_error = models.TextField(blank=True, default="")
    mined_tx_hash = models.CharField(max_length=66, blank=True, default="")
    mined_number = models.BigIntegerField(null=True)
    mined_hash = models.CharField(max_length=66, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            chain_check("outgoing_chain_is_caip2"),
            CheckConstraint(condition=Q(state__in=State.values), name="outgoing_state"),
            CheckConstraint(condition=Q(to__regex=ADDRESS_PATTERN), name="outgoing_to_is_hex"),
            CheckConstraint(condition=Q(value__gte=0), name="outgoing_value_not_negative"),
            UniqueConstraint(fields=["chain", "sender", "nonce"], condition=Q(nonce__isnull=False), name="nonce_once"),
            CheckConstraint(
                condition=Q(state=State.QUEUED, nonce__isnull=True)
                | Q(state=State.FAILED)
                | Q(nonce__isnull=False) & ~Q(state=State.QUEUED) & ~Q(sender=""),
                name="outgoing_nonce_when_signed",
            ),
            CheckConstraint(
                condition=~Q(state__in=[State.MINED, State.FINAL]) | Q(mined_number__isnull=False),
                name="outgoing_mined_has_block",
            ),
            CheckConstraint(
                condition=~Q(state__in=[State.FAILED, State.REPLACED]) | ~Q(refusal=""), name="outgoing_failed_says_why"
            ),
        ]
        indexes: ClassVar = [
            Index(fields=["chain", "id"], condition=Q(state=State.QUEUED), name="outgoing_queued"),
            Index(
                F("chain"),
                F("checked_at").asc(nulls_first=True),
                condition=Q(state__in=OPEN_STATES),
                name="outgoing_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"

    @property
    def tx_hash(self) -> str | None:
        """The hash that was mined, else that of the latest attempt; None before signing."""
        if self.mined_tx_hash:
            return self.mined_tx_hash
        latest = self.attempts.order_by("-pk").first()
        return latest.tx_hash if latest else None

    def move(self, state: str, **changes: object) -> bool:
        """Change state by the table, on condition that nobody did before; False when somebody did."""
        if state not in MOVES[self.state]:
            raise ValueError(f"{self}: no move from {self.state} to {state}.")
        moved = OutgoingTransaction.objects.filter(pk=self.pk, state=self.state).update(state=state, **changes)
        if moved:
            for name, value in {"state": state, **changes}.items():
                setattr(self, name, value)
        return bool(moved)


class Attempt(models.Model):
    """Signed bytes of a transaction, committed before anybody else sees them."""

    transaction = models.ForeignKey(OutgoingTransaction, on_delete=models.CASCADE, related_name="attempts")
    tx_hash = models.CharField(max_length=66, unique=True)
    raw = models.BinaryField()
    gas = models.BigIntegerField()
    max_fee = Uint256Field()
    priority_fee = Uint256Field()
    created_at = models.DateTimeField(auto_now_add=True)
    broadcast_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"attempt {self.tx_hash}"
