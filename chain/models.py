"""Tables of what was read from a chain and of what is to be sent to it. Public facts: no row policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from chain.fields import Uint256Field

if TYPE_CHECKING:
    from chain.abi import Event

CHAIN_PATTERN = r"^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$"
ADDRESS_PATTERN = r"^0x[0-9a-fA-F]{40}$"
HASH_PATTERN = r"^0x[0-9a-f]{64}$"


def chain_check(name: str) -> CheckConstraint:
    """A CAIP-2 chain id in the column `chain`."""
    return CheckConstraint(condition=Q(chain__regex=CHAIN_PATTERN), name=name)


class ContractQuerySet(models.QuerySet["Contract"]):
    def named(self, name: str, chain: str | None = None) -> Contract:
        """The newest contract of that name; raises Contract.DoesNotExist."""
        rows = self.filter(name=name, chain=chain or settings.CHAIN_ID).order_by("-deployed_block", "-pk")
        found = rows.first()
        if found is None:
            raise Contract.DoesNotExist(f"No contract named {name} is registered. Run manage.py deploy_market.")
        return found

    def watched(self, chain: str) -> Self:
        """The contracts whose logs are copied."""
        return self.filter(chain=chain, watched=True)


class Contract(models.Model):
    """A contract whose logs are copied from `deployed_block` on. Made by `chain.registry.register()`."""

    chain = models.CharField(max_length=41)
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=42)
    deployed_block = models.BigIntegerField()
    watched = models.BooleanField(default=True)

    objects = ContractQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="contract_once"),
            chain_check("contract_chain_is_caip2"),
            CheckConstraint(condition=Q(address__regex=ADDRESS_PATTERN), name="contract_address_is_hex"),
            CheckConstraint(condition=Q(deployed_block__gte=0), name="contract_block_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.address}"


class CopyPosition(models.Model):
    """How far one chain is copied: all up to `copied_number` was read, on the branch that ends in `copied_hash`."""

    chain = models.CharField(max_length=41, primary_key=True)
    copied_number = models.BigIntegerField(default=-1)
    copied_hash = models.CharField(max_length=66, blank=True, default="")
    final_number = models.BigIntegerField(default=-1)
    head_number = models.BigIntegerField(default=-1)
    span = models.IntegerField(default=1000)
    checked_at = models.DateTimeField(null=True)
    caught_up_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    frozen_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            chain_check("position_chain_is_caip2"),
            CheckConstraint(condition=Q(span__gte=1), name="position_span_positive"),
            CheckConstraint(
                condition=Q(frozen_at__isnull=True, frozen_reason="")
                | Q(frozen_at__isnull=False) & ~Q(frozen_reason=""),
                name="position_frozen_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} at {self.copied_number}"


class Block(models.Model):
    """A block that was read. Deleting it deletes its logs and all that is derived from them, in the database."""

    chain = models.CharField(max_length=41)
    number = models.BigIntegerField()
    hash = models.CharField(max_length=66)
    parent_hash = models.CharField(max_length=66)
    timestamp = models.BigIntegerField()
    is_final = models.BooleanField(default=False)
    has_logs = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "hash"], name="block_hash_once"),
            UniqueConstraint(fields=["chain", "number"], name="block_number_once"),
            chain_check("block_chain_is_caip2"),
            CheckConstraint(condition=Q(hash__regex=HASH_PATTERN), name="block_hash_is_hex"),
            CheckConstraint(condition=Q(parent_hash__regex=HASH_PATTERN), name="block_parent_is_hex"),
            CheckConstraint(condition=Q(number__gte=0), name="block_number_not_negative"),
        ]
        indexes: ClassVar = [
            Index(fields=["chain", "number"], condition=Q(is_final=False), name="block_unfinal"),
            Index(fields=["chain", "number"], condition=Q(has_logs=False), name="block_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} block {self.number}"


class LogQuerySet(models.QuerySet["Log"]):
    def of(self, target: Contract | str, chain: str | None = None) -> Self:
        """The logs of one contract, or of an address on `chain` (the settings' chain by default)."""
        if isinstance(target, Contract):
            return self.filter(chain=target.chain, address=target.address.lower())
        return self.filter(chain=chain or settings.CHAIN_ID, address=target.lower())

    def final(self) -> Self:
        """Deep enough to move money and rights."""
        return self.filter(block__is_final=True)

    def seen(self) -> Self:
        """In a known block that is not final yet: may be shown, moves nothing."""
        return self.filter(block__is_final=False)

    def after(self, cursor: Cursor) -> Self:
        """Past the cursor's place, exclusive."""
        beyond = Q(number__gt=cursor.number) | Q(log_index__gt=cursor.log_index)
        return self.filter(beyond, number__gte=cursor.number)

    def in_order(self) -> Self:
        """In the order in which the chain emitted them."""
        return self.order_by("number", "log_index")


class Log(models.Model):
    """One log as the node gave it, keyed by (chain, block hash, index in the block)."""

    # The constraint itself is made in the migration with ON DELETE CASCADE: orphaned blocks are deleted by raw SQL.
    block = models.ForeignKey(Block, on_delete=models.DO_NOTHING, db_constraint=False, related_name="logs")
    chain = models.CharField(max_length=41)
    number = models.BigIntegerField()
    block_hash = models.CharField(max_length=66)
    log_index = models.IntegerField()
    tx_hash = models.CharField(max_length=66)
    address = models.CharField(max_length=42)
    topic0 = models.CharField(max_length=66, blank=True)
    topics = ArrayField(models.CharField(max_length=66))
    data = models.BinaryField()

    objects = LogQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "block_hash", "log_index"], name="log_once"),
            CheckConstraint(condition=Q(address__regex=r"^0x[0-9a-f]{40}$"), name="log_address_lower_case"),
        ]
        indexes: ClassVar = [
            Index(fields=["chain", "address", "number", "log_index"], name="log_of_contract"),
            Index(fields=["chain", "tx_hash"], name="log_of_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} log {self.number}/{self.log_index}"

    @property
    def decoded(self) -> Event | None:
        """The event by our artefacts; None when it is none of theirs."""
        from chain import abi

        return abi.decode_log(self.topics, bytes(self.data))


class CursorManager(models.Manager["Cursor"]):
    def locked(self, name: str) -> Cursor:
        """The projection's place, locked until the transaction ends; before all logs when it is new."""
        self.bulk_create([Cursor(name=name)], ignore_conflicts=True)
        return self.select_for_update().get(name=name)


class Cursor(models.Model):
    """How far a projection has read: the (number, log index) of the last log that it applied."""

    name = models.CharField(max_length=200, primary_key=True)
    number = models.BigIntegerField(default=-1)
    log_index = models.IntegerField(default=-1)

    objects = CursorManager()

    def __str__(self) -> str:
        return f"{self.name} at {self.number}/{self.log_index}"

    def advance(self, log: Log) -> None:
        """Move past `log`; refuses to go back. Same transaction as what the log caused."""
        moved = Cursor.objects.filter(
            Q(number__lt=log.number) | Q(number=log.number, log_index__lt=log.log_index), name=self.name
        ).update(number=log.number, log_index=log.log_index)
        if not moved:
            raise ValueError(f"Cursor {self} cannot go back to {log.number}/{log.log_index}.")
        self.number, self.log_index = log.number, log.log_index


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
