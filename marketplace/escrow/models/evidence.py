"""What both sides of an order can show to others: the offer as it was sold, and the proven events of its money."""

from typing import ClassVar

from django.db import models

from chain.models import ReceiptProof
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


class ProvenEvent(models.Model):
    """A final event of a deposit, with the receipt that holds its log and what proves that receipt."""

    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="proven")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveBigIntegerField("place in the contract's events")
    name = models.CharField(max_length=20)
    log = models.PositiveIntegerField("place of the log in its receipt")
    proof = models.ForeignKey(ReceiptProof, on_delete=models.PROTECT, related_name="+")

    objects = ProvenEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["seq"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["escrow", "seq"], name="one_proof_per_event")]
