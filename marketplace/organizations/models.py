"""Organizations and who may act for them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from marketplace.lifecycle import Lifecycle, only_states, table


class Organization(Lifecycle):
    """An SME. It may buy as soon as it exists; it may sell once a moderator has verified it.

    The row is public on purpose: name, country and verification stand on every listing and receipt.
    """

    class State(models.TextChoices):
        NEW = "new", "not verified"
        SUBMITTED = "submitted", "waiting for verification"
        VERIFIED = "verified", "verified"
        REFUSED = "refused", "not accepted"

    class Intention(models.TextChoices):
        BUY = "buy", "Use tools that others offer"
        SELL = "sell", "Offer tools to others"
        BOTH = "both", "Both"

    moves = table(new="submitted", submitted="verified refused new", refused="submitted", verified="refused")

    name = models.CharField("name", max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    country = models.CharField("country", max_length=2)
    about = models.CharField("what you do, in one line", max_length=160, blank=True)
    website = models.URLField("website", blank=True)
    intention = models.CharField("what you want to do here", max_length=4, choices=Intention, default=Intention.BUY)
    payout_address = models.CharField("payout wallet (EIP-55)", max_length=42, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.NEW)
    created_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            only_states("new submitted verified refused", "organization_state"),
            models.CheckConstraint(
                condition=~models.Q(state="verified") | models.Q(verified_at__isnull=False),
                name="organization_verified_has_a_date",
            ),
            models.CheckConstraint(
                condition=models.Q(intention__in=["buy", "sell", "both"]), name="organization_intention"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_verified(self) -> bool:
        return self.state == self.State.VERIFIED

    @property
    def wants_to_sell(self) -> bool:
        return self.intention != self.Intention.BUY


class MembershipQuerySet(models.QuerySet["Membership"]):
    def for_org(self, org_id: int) -> "MembershipQuerySet":
        """Everybody who may act for one organization."""
        return self.filter(org_id=org_id)

    def of(self, user_id: int) -> "MembershipQuerySet":
        """The organizations that one person may act for."""
        return self.filter(user_id=user_id).select_related("org").order_by("org__name")


class Membership(models.Model):
    """A person's role in an organization."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Administrator"
        BILLING = "billing", "Billing"
        DEVELOPER = "developer", "Developer"
        VIEWER = "viewer", "Viewer"

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    since = models.DateTimeField(default=timezone.now)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["org", "user"], name="one_role_per_person_and_organization"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "admin", "billing", "developer", "viewer"]),
                name="membership_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


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
        WAITING = "waiting", "waiting for a decision"
        VERIFIED = "verified", "verified"
        CHANGES = "changes", "sent back with a question"
        REFUSED = "refused", "not accepted"

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="verifications")
    registration_number = models.CharField("registration number", max_length=60)
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
