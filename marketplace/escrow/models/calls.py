"""Deposits for calls: the channels of our orders, the receipts that pay out of them, and what is sent for them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from chain.models import OutgoingTransaction
from marketplace.escrow.models.public import Channel
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import Order


class CallDepositQuerySet(models.QuerySet["CallDeposit"]):
    def for_org(self, org_id: int) -> "CallDepositQuerySet":
        """The deposits in which an organization is buyer or provider."""
        return self.filter(Q(buyer_id=org_id) | Q(provider_id=org_id))

    def unclosed(self) -> "CallDepositQuerySet":
        """Those in which the contract still holds something, or may."""
        return self.exclude(channel__state=Channel.State.CLOSED)


class CallDeposit(models.Model):
    """A channel that an order of ours explains. What the contract says of it stands on the channel, which is public.

    Its properties have the names that a deposit for periods has too, so that both can be read in one way.
    """

    channel = models.OneToOneField(Channel, on_delete=models.PROTECT, related_name="deposit_for")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="call_deposits")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    is_late = models.BooleanField("came when its order could no longer be paid", default=False)
    fee_paid = Uint256Field(default=0)

    objects = CallDepositQuerySet.as_manager()

    def __str__(self) -> str:
        return f"deposit for calls of {self.order}"

    @property
    def escrow_id(self) -> str:
        """Its id in the contract."""
        return self.channel.channel_id

    @property
    def contract(self) -> str:
        """The contract that holds it."""
        return self.channel.contract

    @property
    def buyer_address(self) -> str:
        """The wallet that has put it in."""
        return self.channel.payer_address

    @property
    def state(self) -> str:
        """A state of the channel."""
        return self.channel.state

    @property
    def total(self) -> int:
        """Base units put in, in all."""
        return int(self.channel.deposit)

    @property
    def funded_block(self) -> int:
        """The block in which it was opened."""
        return self.channel.block_number

    @property
    def funded_tx(self) -> str:
        """The transaction that opened it."""
        return self.channel.tx_hash

    @property
    def paid_net(self) -> int:
        """Base units that the provider has been credited with, the fee taken off."""
        return int(self.channel.claimed - self.fee_paid)


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def for_org(self, org_id: int) -> "ReceiptQuerySet":
        """The receipts of deposits in which an organization is buyer or provider."""
        return self.filter(Q(buyer_id=org_id) | Q(provider_id=org_id))


class Receipt(models.Model):
    """The market's signature under what the calls of a deposit have come to in all, in base units.

    Triggers refuse to change or delete one, and one that says less than an earlier one of the same deposit.
    """

    deposit = models.ForeignKey(CallDeposit, on_delete=models.PROTECT, related_name="receipts")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    cumulative = Uint256Field()
    signature = models.CharField(max_length=132)
    at = models.DateTimeField(default=timezone.now)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deposit", "cumulative"], name="one_receipt_per_sum"),
            models.CheckConstraint(condition=Q(cumulative__gt=0), name="receipt_is_over_something"),
        ]


class SendingQuerySet(models.QuerySet["Sending"]):
    def for_org(self, org_id: int) -> "SendingQuerySet":
        """What was sent for deposits in which an organization is buyer or provider."""
        return self.filter(Q(buyer_id=org_id) | Q(provider_id=org_id))


class Sending(models.Model):
    """A claim on a receipt, or the closing of a deposit, that was left to be sent. One at a time for each deposit."""

    class What(models.TextChoices):
        CLAIM = "claim", _("pay the provider for calls")
        CLOSE = "close", _("give back what is left")

    deposit = models.ForeignKey(CallDeposit, on_delete=models.PROTECT, related_name="sendings")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=5, choices=What)
    cumulative = Uint256Field("what the receipt says; 0 for a closing", default=0)
    attempt = models.PositiveSmallIntegerField(default=1)
    transaction = models.ForeignKey(OutgoingTransaction, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = SendingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["deposit", "what", "cumulative", "attempt"], name="one_sending_per_attempt"
            ),
            models.CheckConstraint(
                condition=Q(what="claim", cumulative__gt=0) | Q(what="close", cumulative=0),
                name="sending_claims_or_closes",
            ),
        ]
