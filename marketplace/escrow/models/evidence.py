"""What both sides of an order can show to others: the offer as it was sold, and the proven events of its money."""

from typing import ClassVar

from django.db import models

from chain.models import ReceiptProof
from marketplace.escrow.models.calls import CallDeposit
from marketplace.escrow.models.mirror import Escrow
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import Order


class SoldOfferQuerySet(models.QuerySet["SoldOffer"]):
    def for_org(self, org_id: int) -> "SoldOfferQuerySet":
        """The offers that an organization has bought or sold."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))


class SoldOffer(models.Model):
    """The reviewed wording that an order was placed for, as the canonical JSON that was hashed into the agreement.

    `text` is empty when that wording was not there any more when the order was paid.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="sold_offer")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    content_hash = models.CharField("its SHA-256", max_length=66)
    text = models.TextField(blank=True)

    objects = SoldOfferQuerySet.as_manager()


class ProvenEventQuerySet(models.QuerySet["ProvenEvent"]):
    def for_org(self, org_id: int) -> "ProvenEventQuerySet":
        """The events of deposits in which an organization is buyer or provider."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def of(self, order: Order) -> "ProvenEventQuerySet":
        """Those of the deposits of one order."""
        return self.filter(calls__order=order) if order.is_per_call else self.filter(escrow__order=order)


class ProvenEvent(models.Model):
    """A final event of a deposit, for periods or for calls, with the receipt that holds its log and its proof."""

    escrow = models.ForeignKey(Escrow, null=True, on_delete=models.PROTECT, related_name="proven")
    calls = models.ForeignKey(CallDeposit, null=True, on_delete=models.PROTECT, related_name="proven")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveBigIntegerField("place in the contract's events")
    name = models.CharField(max_length=30)
    log = models.PositiveIntegerField("place of the log in its receipt")
    proof = models.ForeignKey(ReceiptProof, on_delete=models.PROTECT, related_name="+")

    objects = ProvenEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escrow", "seq"], name="one_proof_per_event"),
            models.UniqueConstraint(fields=["calls", "seq"], name="one_proof_per_channel_event"),
            models.CheckConstraint(
                condition=models.Q(escrow__isnull=False, calls__isnull=True)
                | models.Q(escrow__isnull=True, calls__isnull=False),
                name="proven_event_is_of_one_deposit",
            ),
        ]

    @property
    def deposit(self) -> Escrow | CallDeposit:
        """What the event is of."""
        deposit = self.escrow or self.calls
        assert deposit is not None  # noqa: S101  (a constraint says so)
        return deposit
