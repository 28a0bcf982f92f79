"""What people and the market have set in motion towards the contract. Nothing here says that money has moved."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.models import OutgoingTransaction
from marketplace.escrow.models.calls import CallDeposit
from marketplace.escrow.models.mirror import Escrow
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import Order


class PaymentQuerySet(models.QuerySet["Payment"]):
    def for_org(self, org_id: int) -> "PaymentQuerySet":
        """The payments for orders in which an organization is buyer or provider."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def standing(self) -> "PaymentQuerySet":
        """Those that may still arrive, or have."""
        return self.filter(given_up="")


class Payment(models.Model):
    """A wallet's way of paying an order, or more periods or calls of one.

    Signed for the market to hand in, or sent by the wallet itself. Made before the wallet can send anything, so that
    whoever comes back is told about it and not asked to pay again.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    address = models.CharField("wallet that pays (EIP-55)", max_length=42)
    contract = models.CharField(max_length=42)
    escrow_id = models.CharField("id that the contract will give the deposit, bytes32", max_length=66)
    renews = models.ForeignKey(Escrow, null=True, on_delete=models.PROTECT, related_name="renewals")
    tops_up = models.ForeignKey(CallDeposit, null=True, on_delete=models.PROTECT, related_name="top_ups")
    before = models.PositiveIntegerField("periods or calls that the deposit had when this was begun", null=True)
    periods = models.PositiveIntegerField("periods or calls that this adds", null=True)
    relayed = models.ForeignKey(OutgoingTransaction, null=True, on_delete=models.PROTECT, related_name="+")
    tx_hash = models.CharField("hash that the wallet told us", max_length=66, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    given_up = models.CharField("why this did not become a deposit", max_length=300, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order"],
                condition=models.Q(given_up="", renews__isnull=True, tops_up__isnull=True),
                name="one_standing_payment_per_order",
            ),
            models.UniqueConstraint(
                fields=["renews", "before"], condition=models.Q(given_up=""), name="one_standing_renewal_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["tops_up", "before"], condition=models.Q(given_up=""), name="one_standing_top_up_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(renews__isnull=True, tops_up__isnull=True, before__isnull=True, periods__isnull=True)
                | models.Q(renews__isnull=False, tops_up__isnull=True, before__isnull=False, periods__gt=0)
                | models.Q(renews__isnull=True, tops_up__isnull=False, before__isnull=False, periods__gt=0),
                name="renewal_says_how_long",
            ),
            models.CheckConstraint(
                condition=models.Q(relayed__isnull=True) | models.Q(tx_hash=""), name="payment_goes_one_way"
            ),
        ]


class ReleaseQuerySet(models.QuerySet["Release"]):
    def for_org(self, org_id: int) -> "ReleaseQuerySet":
        """The releases of deposits in which an organization is buyer or provider."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))


class Release(models.Model):
    """One deposit's share in a `releaseMany` that was left to be sent: the periods that end by `through`."""

    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="releases")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    through = models.DateTimeField("end of the last period that is due")
    attempt = models.PositiveSmallIntegerField(default=1)
    transaction = models.ForeignKey(OutgoingTransaction, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escrow", "through", "attempt"], name="one_release_per_period_and_attempt")
        ]


class WalletTransactionQuerySet(models.QuerySet["WalletTransaction"]):
    def for_org(self, org_id: int) -> "WalletTransactionQuerySet":
        """What the members of one organization have sent."""
        return self.filter(org_id=org_id)


class WalletTransaction(models.Model):
    """A transaction that a member's wallet says it has sent: a hash to look for, and no more than that."""

    class Purpose(models.TextChoices):
        CANCEL = "cancel", _("cancel a subscription")
        WITHDRAW = "withdraw", _("withdraw what is credited")
        STOP_CALLS = "stop_calls", _("ask for the rest of a deposit for calls")
        CLOSE_CALLS = "close_calls", _("close a deposit for calls")
        TIMEOUT = "timeout", _("end a dispute without a ruling")

    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20, choices=Purpose)
    subject = models.CharField("the deposit's id, or the token", max_length=66)
    address = models.CharField(max_length=42)
    tx_hash = models.CharField(max_length=66)
    sent_at = models.DateTimeField(default=timezone.now)

    objects = WalletTransactionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["org", "tx_hash"], name="one_row_per_wallet_transaction")
        ]
