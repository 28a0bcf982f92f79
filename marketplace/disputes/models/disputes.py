"""Disputes, and what both sides say and show in them.

What is prepared has no provider yet: the row is the buyer's alone until the final log has opened the dispute.
"""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.disputes.models.kinds import Category, Outcome
from marketplace.disputes.models.published import PublishedRuling
from marketplace.escrow.models import Escrow
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization
from marketplace.organizations.models.verification import documents_storage
from marketplace.subscriptions.models import Order

PRIVATE = models.Q(state__in=["prepared", "dropped"])


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def for_org(self, org_id: int) -> "DisputeQuerySet":
        """The disputes of an organization on either side, those that it prepares itself among them."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def standing(self) -> "DisputeQuerySet":
        """All but those that were given up before they began."""
        return self.exclude(state=Dispute.State.DROPPED)

    def undecided(self) -> "DisputeQuerySet":
        """Those that the contract holds open, the one with the least time first."""
        return self.filter(state__in=Dispute.UNDECIDED).order_by("escrow__ruling_due_at", "pk")


class Dispute(Lifecycle):
    """A buyer's dispute over what an order has earned and the provider was not paid yet."""

    class State(models.TextChoices):
        PREPARED = "prepared", _("being opened")
        DROPPED = "dropped", _("not opened")
        OPEN = "open", _("open")
        ANSWERED = "answered", _("answered")
        ESCALATED = "escalated", _("before an arbiter")
        RESOLVED = "resolved", _("ended")

    Category, Outcome = Category, Outcome
    UNDECIDED = (State.OPEN, State.ANSWERED, State.ESCALATED)
    moves = table(
        prepared="open dropped",
        dropped="open",
        open="answered escalated resolved",
        answered="escalated resolved",
        escalated="resolved",
    )

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="disputes")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State, default=State.PREPARED)
    category = models.CharField(max_length=20, choices=Category)
    salt = models.CharField("random, hashed with the statement so that nobody can guess it", max_length=64, blank=True)
    evidence_hash = models.CharField("hash of the statement, bytes32", max_length=66)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    prepared_at = models.DateTimeField(default=timezone.now)
    tx_hash = models.CharField("hash that the wallet told us", max_length=66, blank=True)
    sent_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField("time of the block that froze the money", null=True)
    answer_due_at = models.DateTimeField("until when the provider is waited for", null=True)
    answered_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    contested = Uint256Field("what was in question when it began, in base units", null=True)
    net = Uint256Field("to the provider at its end", null=True)
    fee = Uint256Field("to the market at its end", null=True)
    refund = Uint256Field("to the buyer since it began", null=True)
    published = models.OneToOneField(PublishedRuling, null=True, on_delete=models.SET_NULL, related_name="+")
    looked_into_at = models.DateTimeField("when moderators noted a ruling that was not decided here", null=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("prepared dropped open answered escalated resolved", "dispute_state"),
            models.UniqueConstraint(
                fields=["escrow"], condition=~models.Q(state="dropped"), name="one_dispute_per_deposit"
            ),
            models.CheckConstraint(
                condition=(PRIVATE & models.Q(provider__isnull=True, opened_at__isnull=True))
                | (~PRIVATE & models.Q(provider__isnull=False, opened_at__isnull=False)),
                name="dispute_is_the_buyers_until_it_is_open",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="resolved")
                | (~models.Q(outcome="") & models.Q(resolved_at__isnull=False, net__isnull=False)),
                name="dispute_ends_with_its_figures",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["buyer", "-id"], name="dispute_by_buyer"),
            models.Index(fields=["provider", "-id"], name="dispute_by_provider"),
        ]

    def __str__(self) -> str:
        return f"dispute over {self.escrow}"

    def may_be_ruled(self, now: datetime) -> bool:
        """Whether an arbiter may rule by now: the provider has answered, or had the time to."""
        if self.state == self.State.OPEN:
            return self.answer_due_at is not None and self.answer_due_at <= now
        return self.state in (self.State.ANSWERED, self.State.ESCALATED)


class OfDispute(models.Model):
    """Belongs to both sides of a dispute, and to the buyer alone until it is open; goes with either."""

    buyer = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def for_org(self, org_id: int) -> "EvidenceQuerySet":
        """What was said in the disputes of an organization."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))


class Evidence(OfDispute):
    """What one side says at one time. It is never changed."""

    class Part(models.TextChoices):
        STATEMENT = "statement", _("What the buyer says")
        ANSWER = "answer", _("What the provider answers")
        FURTHER = "further", _("Added later")

    class Side(models.TextChoices):
        BUYER = "buyer", _("buyer")
        PROVIDER = "provider", _("provider")

    dispute = models.ForeignKey(Dispute, on_delete=models.CASCADE, related_name="evidence")
    part = models.CharField(max_length=20, choices=Part)
    side = models.CharField(max_length=20, choices=Side)
    text = models.TextField(max_length=4000)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "evidence"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dispute", "part"],
                condition=models.Q(part__in=["statement", "answer"]),
                name="one_statement_and_one_answer",
            ),
            models.CheckConstraint(
                condition=(~models.Q(part="statement") | models.Q(side="buyer"))
                & (~models.Q(part="answer") | models.Q(side="provider")),
                name="evidence_is_of_its_side",
            ),
        ]


class EvidenceFileQuerySet(models.QuerySet["EvidenceFile"]):
    def for_org(self, org_id: int) -> "EvidenceFileQuerySet":
        """The files in the disputes of an organization."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))


class EvidenceFile(OfDispute):
    """A file that one side shows; it has a random name in the storage, and no address of its own."""

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"
        WEBP = "image/webp", "WebP"
        TEXT = "text/plain", _("Text")

    evidence = models.ForeignKey(Evidence, on_delete=models.CASCADE, related_name="files")
    name = models.CharField("name on the sender's machine", max_length=100)
    kind = models.CharField("media type", max_length=20, choices=Kind)
    size = models.PositiveIntegerField("bytes, as stored")
    sha256 = models.CharField("SHA-256 of what is stored", max_length=64)
    file = models.FileField(storage=documents_storage, max_length=60)

    objects = EvidenceFileQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name
