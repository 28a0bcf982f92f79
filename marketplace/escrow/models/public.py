"""What the contract says beyond the orders of organizations: credits, channels, switches. Public, as it is on chain."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.catalog.models import Currency
from marketplace.lifecycle import only_states
from marketplace.subscriptions.models import OfContract, Told


class Credit(OfContract):
    """What the contract keeps ready for an address to withdraw. Public, as it is on chain."""

    address = models.CharField("who may withdraw (EIP-55)", max_length=42)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    credited = Uint256Field(default=0)
    withdrawn = Uint256Field(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "contract", "address", "currency"], name="one_credit_per_address"),
            models.CheckConstraint(
                condition=models.Q(credited__gte=models.F("withdrawn")), name="credit_covers_withdrawals"
            ),
        ]

    @property
    def available(self) -> int:
        """Base units that can be withdrawn now."""
        return int(self.credited - self.withdrawn)


class Withdrawal(Told):
    """A credit that was taken out, by whom and to which wallet. Public, as it is on chain."""

    address = models.CharField("whose credit (EIP-55)", max_length=42, db_index=True)
    to = models.CharField("where it went (EIP-55)", max_length=42)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    amount = Uint256Field()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "contract", "seq"], name="one_withdrawal_per_event")
        ]


class StrayDeposit(Told):
    """A deposit that no order of ours explains: kept in sight, gives no rights. Public, as it is on chain."""

    escrow_id = models.CharField(max_length=66)
    order_ref = models.CharField(max_length=66)
    buyer_address = models.CharField(max_length=42)
    provider_address = models.CharField(max_length=42)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    total = Uint256Field()
    fee_bps = models.PositiveSmallIntegerField()
    treasury = models.CharField(max_length=42)
    reason = models.CharField("what does not fit", max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "contract", "escrow_id"], name="one_stray_deposit_per_id")
        ]


class Channel(Told):
    """Money put in for calls, paid out by receipts. A CallDeposit says for which order of ours. Public."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLOSING = "closing", _("asked to close")
        CLOSED = "closed", _("closed")

    channel_id = models.CharField("id in the contract, bytes32", max_length=66)
    channel_ref = models.CharField("hash of what the payer saw, bytes32", max_length=66)
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    payer_address = models.CharField(max_length=42)
    provider_address = models.CharField(max_length=42)
    signer = models.CharField("whose signature under a receipt counts", max_length=42)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    fee_bps = models.PositiveSmallIntegerField()
    treasury = models.CharField(max_length=42)
    close_delay_seconds = models.PositiveIntegerField()
    deposit = Uint256Field()
    claimed = Uint256Field("gross paid out so far", default=0)
    refunded = Uint256Field(default=0)
    closes_at = models.DateTimeField("from when on anybody may close it", null=True)

    class Meta:
        constraints: ClassVar = [
            only_states("open closing closed", "channel_state"),
            models.UniqueConstraint(fields=["chain", "contract", "channel_id"], name="one_channel_per_id"),
            models.CheckConstraint(
                condition=models.Q(deposit__gte=models.F("claimed") + models.F("refunded")),
                name="channel_pays_no_more_than_it_holds",
            ),
        ]

    def __str__(self) -> str:
        return f"channel {self.channel_id[:10]}"

    @property
    def remaining(self) -> int:
        """Base units that are neither claimed nor returned."""
        return int(self.deposit - self.claimed - self.refunded)


class Arbiter(Told):
    """Who may rule on disputes of a contract, as a vote has decided last. Public."""

    address = models.CharField(max_length=42)
    allowed = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "contract", "address"], name="one_row_per_arbiter")
        ]


class Settlement(OfContract):
    """How far a contract's events are settled: the last `seq`, and why it stands still if it does."""

    seq = models.PositiveBigIntegerField("last event settled", default=0)
    stopped = models.CharField("why it stands still", max_length=300, blank=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "contract"], name="one_settlement_per_contract")
        ]

    def __str__(self) -> str:
        return f"{self.contract} settled to event {self.seq}"
