"""What an organization shows of itself: its request, the documents with it, and a record in its domain's zone."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models.organization import Organization


class VerificationQuerySet(models.QuerySet["Verification"]):
    def for_org(self, org_id: int) -> "VerificationQuerySet":
        """What one organization has asked for, newest first."""
        return self.filter(org_id=org_id).order_by("-asked_at", "-pk")

    def undecided(self) -> "VerificationQuerySet":
        """Those that wait for a moderator."""
        return self.filter(outcome=Verification.Outcome.WAITING)


class Verification(models.Model):
    """What an organization showed of itself in order to sell, and what was decided; seen by it and by moderators."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waiting for a decision")
        VERIFIED = "verified", _("verified")
        CHANGES = "changes", _("sent back with a question")
        REFUSED = "refused", _("not accepted")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="verifications")
    registration_number = models.CharField("registration number", max_length=60)
    vat_number = models.CharField("VAT number", max_length=20, blank=True, db_default="")
    checked = models.CharField("what the moderator checked", max_length=60, blank=True, db_default="")
    note = models.CharField("what else helps us to check", max_length=1000, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.WAITING)
    reason = models.TextField(max_length=2000, blank=True)
    decided_at = models.DateTimeField(null=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["org"], condition=models.Q(outcome="waiting"), name="one_open_verification_per_organization"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["waiting", "verified", "changes", "refused"]),
                name="verification_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"verification of {self.org}"


def documents_storage() -> Storage:
    """Where documents lie: outside everything that a web server hands out."""
    return storages["documents"]


class DocumentQuerySet(models.QuerySet["Document"]):
    def for_org(self, org_id: int) -> "DocumentQuerySet":
        """The documents of one organization, oldest first."""
        return self.filter(org_id=org_id).order_by("pk")

    def collected(self) -> "DocumentQuerySet":
        """Those that wait for the next request."""
        return self.filter(verification__isnull=True)


class Document(models.Model):
    """A paper that an organization shows to moderators; the file has a random name, and no address of its own."""

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"
        WEBP = "image/webp", "WebP"

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="documents")
    verification = models.ForeignKey(Verification, null=True, on_delete=models.CASCADE, related_name="documents")
    name = models.CharField("name on the sender's machine", max_length=100)
    kind = models.CharField("media type", max_length=20, choices=Kind)
    size = models.PositiveIntegerField("bytes, as stored")
    sha256 = models.CharField("SHA-256 of what is stored", max_length=64)
    file = models.FileField(storage=documents_storage, max_length=60)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    objects = DocumentQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class DomainCheckQuerySet(models.QuerySet["DomainCheck"]):
    def for_org(self, org_id: int) -> "DomainCheckQuerySet":
        """The domains that one organization called its own, newest first."""
        return self.filter(org_id=org_id).order_by("-pk")

    def due(self, now: datetime) -> "DomainCheckQuerySet":
        """Those to be looked up now."""
        return self.filter(state=DomainCheck.State.PENDING, due_at__lte=now)


class DomainCheck(Lifecycle):
    """A token that the organization puts into the zone of its domain, and what was seen there."""

    class State(models.TextChoices):
        PENDING = "pending", _("being looked up")
        FOUND = "found", _("found")
        MISSING = "missing", _("not found")

    moves = table(pending="found missing", missing="pending")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domain_checks")
    domain = models.CharField("domain (ASCII)", max_length=253)
    token = models.CharField(max_length=43)
    state = models.CharField(max_length=20, choices=State, default=State.PENDING)
    seen = models.CharField("what was seen", max_length=500, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)

    objects = DomainCheckQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("pending found missing", "domain_check_state"),
            models.UniqueConstraint(fields=["org", "domain"], name="one_check_per_organization_and_domain"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="domain_check_due")
        ]

    def __str__(self) -> str:
        return f"{self.domain} of {self.org}"

    @property
    def record(self) -> str:
        """The text that has to stand in a TXT record of the domain."""
        return f"guildhall-verification={self.token}"
