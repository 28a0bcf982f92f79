"""Deposits and their ledger, mirrored from the contract: they follow final logs and are never written by a page."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.catalog.models import Currency
from marketplace.escrow.models.calls import CallDeposit
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import Order

SECOND = timedelta(seconds=1)


class EscrowQuerySet(models.QuerySet["Escrow"]):
    def for_org(self, org_id: int) -> "EscrowQuerySet":
        """The deposits in which an organization is buyer or provider."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def held(self) -> "EscrowQuerySet":
        """Those from which money may still be released or cancelled."""
        return self.filter(state=Escrow.State.HELD)

    def due(self, at: datetime) -> "EscrowQuerySet":
        """Those with a period to be paid out at `at`, longest waiting first."""
        return self.held().filter(next_due_at__lte=at).order_by("next_due_at", "pk")


class Escrow(Lifecycle):
    """The money of one funded order, as the contract has it. All amounts are base units of the currency."""

    class State(models.TextChoices):
        HELD = "held", _("held in escrow")
        RELEASED = "released", _("paid out in full")
        REFUNDED = "refunded", _("cancelled and refunded")
        DISPUTED = "disputed", _("frozen by a dispute")
        RESOLVED = "resolved", _("split by an arbiter")

    moves = table(held="released refunded disputed", disputed="resolved refunded")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="escrows")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State, default=State.HELD)
    chain = models.CharField(max_length=32)
    contract = models.CharField(max_length=42)
    escrow_id = models.CharField("id in the contract, bytes32", max_length=66)
    buyer_address = models.CharField(max_length=42)
    provider_address = models.CharField(max_length=42)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    total = Uint256Field()
    price = Uint256Field("price per period")
    period_seconds = models.PositiveIntegerField()
    periods = models.PositiveIntegerField()
    fee_bps = models.PositiveSmallIntegerField("fee fixed when funded")
    treasury = models.CharField(max_length=42)
    hold_seconds = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    released = Uint256Field("gross paid out so far", default=0)
    fee_paid = Uint256Field(default=0)
    refunded = Uint256Field("back to the buyer so far", default=0)
    funded_block = models.PositiveBigIntegerField()
    funded_tx = models.CharField(max_length=66)

    next_due_at = models.DateTimeField("when the next period may be paid out", null=True)
    is_late = models.BooleanField("came when its order could no longer be paid", default=False)
    frozen_at = models.DateTimeField("when the buyer disputed it: from here on nothing is earned", null=True)
    ruling_due_at = models.DateTimeField("from when on anybody may end the dispute", null=True)
    evidence_hash = models.CharField("what the buyer says and shows, bytes32", max_length=66, blank=True, db_default="")
    arbiter = models.CharField("who ruled; empty when the time did", max_length=42, blank=True, db_default="")
    provider_bps = models.PositiveSmallIntegerField("provider's share of what was contested", null=True)
    ruling_hash = models.CharField("the arbiter's reasons, bytes32", max_length=66, blank=True, db_default="")

    objects = EscrowQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("held released refunded disputed resolved", "escrow_state"),
            models.UniqueConstraint(fields=["chain", "contract", "escrow_id"], name="one_escrow_per_id"),
            models.CheckConstraint(
                condition=models.Q(total__gte=models.F("released") + models.F("refunded")),
                name="escrow_pays_no_more_than_it_holds",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["disputed", "resolved"])
                | models.Q(frozen_at__isnull=False, ruling_due_at__isnull=False),
                name="disputed_escrow_has_its_dates",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_due_at"], condition=models.Q(state="held"), name="escrow_due"),
            models.Index(fields=["buyer", "-started_at"], name="escrow_by_buyer"),
            models.Index(fields=["provider", "-started_at"], name="escrow_by_provider"),
            models.Index(fields=["id"], condition=models.Q(frozen_at__isnull=False), name="escrow_disputed"),
        ]

    def __str__(self) -> str:
        return f"escrow of {self.order}"

    @property
    def remaining(self) -> int:
        """Base units that are neither paid out nor returned."""
        return int(self.total - self.released - self.refunded)

    @property
    def gone(self) -> int:
        """Base units that have left it, to whichever side."""
        return int(self.released + self.refunded)

    @property
    def paid_net(self) -> int:
        """Base units that the provider has been credited with, the fee taken off."""
        return int(self.released - self.fee_paid)

    def matured_periods(self, at: datetime) -> int:
        """How many whole periods are over, and older than the hold, at `at`."""
        ripe = (at - self.started_at) // SECOND - self.hold_seconds
        return min(max(ripe // self.period_seconds, 0), self.periods)

    def elapsed_periods(self, at: datetime) -> int:
        """How many whole periods are over at `at`, held back or not."""
        return min(max(self._running_seconds(at) // self.period_seconds, 0), self.periods)

    def next_due(self) -> datetime | None:
        """When the contract may pay out more than has left it, while it is held; None when nothing is left."""
        if not self.remaining:
            return None
        return self.period_end(self.gone // int(self.price) + 1) + timedelta(seconds=self.hold_seconds)

    def _running_seconds(self, at: datetime) -> int:
        return (min(at, self.frozen_at or at) - self.started_at) // SECOND

    def period_end(self, number: int) -> datetime:
        """The end of the period with that number, counted from 1."""
        return self.started_at + timedelta(seconds=number * self.period_seconds)

    def earned(self, at: datetime) -> int:
        """What a buyer who stops at `at` has used, to the second, rounded as the contract rounds."""
        elapsed = self._running_seconds(at)
        if elapsed >= self.periods * self.period_seconds:
            return int(self.total)
        return max(int(self.price) * elapsed // self.period_seconds, 0)


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def for_org(self, org_id: int) -> "LedgerEntryQuerySet":
        """The lines of deposits in which an organization is buyer or provider."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def of(self, order: Order) -> "LedgerEntryQuerySet":
        """Those of the deposits of one order."""
        return self.filter(calls__order=order) if order.is_per_call else self.filter(escrow__order=order)


class LedgerEntry(models.Model):
    """One line of the double-entry record: an amount, signed, on one account of a deposit, for periods or for calls.

    The lines of one log sum to zero; a deferred trigger of the database refuses a commit in which they do not.
    """

    class Account(models.TextChoices):
        BUYER = "buyer", _("buyer")
        ESCROW = "escrow", _("escrow")
        PROVIDER = "provider", _("provider")
        FEES = "fees", _("fees to the market")

    escrow = models.ForeignKey(Escrow, null=True, on_delete=models.PROTECT, related_name="ledger")
    calls = models.ForeignKey(CallDeposit, null=True, on_delete=models.PROTECT, related_name="ledger")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    account = models.CharField(max_length=20, choices=Account)
    amount = Uint256Field("base units, signed")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=20)
    seq = models.PositiveBigIntegerField("place in the contract's events")
    block_number = models.PositiveBigIntegerField()
    tx_hash = models.CharField(max_length=66)
    at = models.DateTimeField("time of the block")

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering: ClassVar = ["seq", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escrow", "seq", "account"], name="one_line_per_account_and_event"),
            models.UniqueConstraint(fields=["calls", "seq", "account"], name="one_line_per_account_and_channel_event"),
            models.CheckConstraint(
                condition=models.Q(escrow__isnull=False, calls__isnull=True)
                | models.Q(escrow__isnull=True, calls__isnull=False),
                name="ledger_line_is_of_one_deposit",
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="ledger_line_moves_something"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["escrow", "seq"],
                include=["provider"],
                condition=models.Q(account="buyer", escrow__isnull=False),
                name="ledger_lines_to_invoice",
            ),
            models.Index(
                fields=["calls", "at"],
                include=["amount", "seq"],
                condition=models.Q(account="escrow", event="claimed", calls__isnull=False),
                name="ledger_claims_by_month",
            ),
        ]

    @property
    def deposit(self) -> Escrow | CallDeposit:
        """What it is a line of."""
        deposit = self.escrow or self.calls
        assert deposit is not None  # noqa: S101  (a constraint says so)
        return deposit

    @property
    def order(self) -> Order:
        """What the deposit is for."""
        return self.deposit.order
