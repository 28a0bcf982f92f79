"""What is to be sent to a chain: intents, their signed bytes, and the counters of nonces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from django.db import connection, models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from chain.fields import Uint256Field
from chain.models.patterns import ADDRESS_PATTERN, chain_check


class SendingAccount(models.Model):
    """An account that we sign for, with the one counter of its nonces, and its balance in wei as last looked up."""

    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    next_nonce = models.BigIntegerField()
    balance = Uint256Field(null=True)
    balance_at = models.DateTimeField(null=True)
    is_low = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="sending_account_once"),
            chain_check("sending_account_chain_is_caip2"),
            CheckConstraint(condition=Q(next_nonce__gte=0), name="sending_account_nonce_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.address} next nonce {self.next_nonce}"


class GasDay(models.Model):
    """What sending costs a chain on one day (UTC), in wei: `reserved` for what is signed and open, `spent` on receipts.

    A transaction counts on the day of its newest signature. `reserved` is the most that it can cost.
    """

    chain = models.CharField(max_length=41)
    day = models.DateField()
    reserved = Uint256Field(default=0)
    spent = Uint256Field(default=0)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "day"], name="gas_day_once"),
            chain_check("gas_day_chain_is_caip2"),
            CheckConstraint(condition=Q(reserved__gte=0, spent__gte=0), name="gas_day_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.day}: {self.spent} wei spent, {self.reserved} reserved"


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
IN_FLIGHT = [State.SIGNED, State.SENT, State.UNKNOWN]


class OutgoingTransaction(models.Model):
    """One intent to send, under a key that makes it happen at most once.

    `only_by` names the account, or the role, that alone may sign it; any may when it is empty. `urgent` ones go first
    and may use all of the day's gas budget. `reserved` wei count on `gas_day` until `gas_spent` is known.
    """

    key = models.CharField(max_length=200, unique=True)
    chain = models.CharField(max_length=41)
    to = models.CharField(max_length=42)
    data = models.BinaryField(default=b"")
    value = Uint256Field(default=0)
    only_by = models.CharField(max_length=42, blank=True, default="")
    urgent = models.BooleanField(default=False)
    sender = models.CharField(max_length=42, blank=True, default="")
    nonce = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    refusal = models.TextField(blank=True, default="")
    reverted = models.BooleanField(default=False)
    reserved = Uint256Field(default=0)
    gas_day = models.DateField(null=True)
    gas_spent = Uint256Field(null=True)
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
            Index(
                F("chain"),
                F("urgent").desc(),
                F("checked_at").asc(nulls_first=True),
                F("id"),
                condition=Q(state=State.QUEUED),
                name="outgoing_queue",
            ),
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

    @classmethod
    def move_all(cls, rows: Sequence[Self], state: str, **changes: object) -> None:
        """`move` of many in one statement, for rows that are locked; a list gives each row its own value."""
        if not rows:
            return
        for row in rows:
            if state not in MOVES[row.state]:
                raise ValueError(f"{row}: no move from {row.state} to {state}.")
        given = {name: each if isinstance(each, list) else [each] * len(rows) for name, each in changes.items()}
        types = {name: cls._meta.get_field(name).db_type(connection) for name in given}
        columns = "".join(f', "{name}" = new."{name}"' for name in given)
        arrays = "".join(f", %s::{kind}[]" for kind in types.values())
        names = "".join(f', "{name}"' for name in given)
        sql = (  # the names are this class's own
            f"UPDATE {cls._meta.db_table} AS old SET state = %s{columns} "  # noqa: S608
            f"FROM unnest(%s::bigint[], %s::varchar[]{arrays}) AS new(id, was{names}) "
            "WHERE old.id = new.id AND old.state = new.was"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [state, [row.pk for row in rows], [row.state for row in rows], *given.values()])
        for number, row in enumerate(rows):
            row.state = state
            for name, values in given.items():
                setattr(row, name, values[number])


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

    @property
    def cost(self) -> int:
        """The most wei that its gas can cost."""
        return self.gas * int(self.max_fee)
