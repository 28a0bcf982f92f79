"""What a provider charged a buyer, and gave back, as both were told when the payment was final."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.escrow.models.calls import CallDeposit
from marketplace.escrow.models.mirror import Escrow
from marketplace.organizations.models import Organization


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def for_org(self, org_id: int) -> "InvoiceQuerySet":
        """The invoices that an organization has issued or received."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))


class Invoice(models.Model):
    """An invoice or a credit note, numbered within its provider without a gap, and never changed.

    One for each event of a deposit that brings or returns the buyer's money, or for the calls of a month that were
    paid out of a deposit for calls. `content` holds names, addresses and figures as they were; amounts are base units
    as text. `language` is the buyer's, for the paper.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT = "credit", _("Credit note")

    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    escrow = models.ForeignKey(Escrow, null=True, on_delete=models.PROTECT, related_name="invoices")
    calls = models.ForeignKey(CallDeposit, null=True, on_delete=models.PROTECT, related_name="invoices")
    month = models.DateField("first day of the month whose calls it is for", null=True)
    seq = models.PositiveBigIntegerField("place of what it is for, or of the last of it, in the contract's events")
    kind = models.CharField(max_length=10, choices=Kind)
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=10)
    content = models.JSONField()
    issued_at = models.DateTimeField()

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "number"], name="one_invoice_per_number"),
            models.UniqueConstraint(fields=["escrow", "seq"], name="one_invoice_per_event"),
            models.UniqueConstraint(fields=["calls", "month"], name="one_invoice_per_deposit_and_month"),
            models.CheckConstraint(
                condition=models.Q(escrow__isnull=False, calls__isnull=True, month__isnull=True)
                | models.Q(escrow__isnull=True, calls__isnull=False, month__isnull=False, kind="invoice"),
                name="invoice_is_for_an_event_or_a_month_of_calls",
            ),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, kind__in=["invoice", "credit"]), name="invoice_has_its_number"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["buyer", "-id"], name="invoice_by_buyer")]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"

    @property
    def label(self) -> str:
        """Its number as it stands on it: I-000012, and C-000013 for a credit note; one count for both."""
        return f"{'C' if self.kind == self.Kind.CREDIT else 'I'}-{self.number:06d}"
