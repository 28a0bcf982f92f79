"""What was read from a chain: contracts, blocks, logs, and how far. Public facts: no row policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.db.models.functions import Lower

from chain.models.patterns import ADDRESS_PATTERN, HASH_PATTERN, chain_check

if TYPE_CHECKING:
    from chain.abi import Event


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
    """A contract whose logs are copied from `deployed_block` on. Made by `chain.registry.register()`.

    `topics`: the kinds of events that are copied, by their first topic; empty for all.
    """

    chain = models.CharField(max_length=41)
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=42)
    deployed_block = models.BigIntegerField()
    watched = models.BooleanField(default=True)
    topics = ArrayField(models.CharField(max_length=66), default=list, db_default=[], blank=True)

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
    """How far one chain is copied: all up to `copied_number` was read, on the branch that ends in `copied_hash`.

    `settled_number`: deep enough by the word of the node that is copied. `final_number`: by the witness's word as well,
    where there is one. `witnessed_at`: when it last had confirmed all that was due.
    """

    chain = models.CharField(max_length=41, primary_key=True)
    copied_number = models.BigIntegerField(default=-1)
    copied_hash = models.CharField(max_length=66, blank=True, default="")
    settled_number = models.BigIntegerField(default=-1, db_default=-1)
    final_number = models.BigIntegerField(default=-1)
    head_number = models.BigIntegerField(default=-1)
    span = models.IntegerField(default=1000)
    checked_at = models.DateTimeField(null=True)
    caught_up_at = models.DateTimeField(null=True)
    witnessed_at = models.DateTimeField(null=True)
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
    """One log as the node gave it, keyed by its block (which is one chain and hash) and index in the block."""

    # The constraint itself is made in the migration with ON DELETE CASCADE: orphaned blocks are deleted by raw SQL.
    # It needs no index of its own: log_once begins with it.
    block = models.ForeignKey(
        Block, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="logs"
    )
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
            UniqueConstraint(fields=["block", "log_index"], name="log_once"),
            CheckConstraint(condition=Q(address=Lower("address")), name="log_address_lower_case"),
        ]
        indexes: ClassVar = [
            Index(fields=["chain", "address", "number", "log_index"], name="log_of_contract"),
            HashIndex(fields=["tx_hash"], name="log_of_transaction"),  # half of what a tree of long texts costs
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
