"""Who may act for an organization, and who has been asked to."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models.organization import Organization


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
        OWNER = "owner", _("Owner")
        ADMIN = "admin", _("Administrator")
        BILLING = "billing", _("Billing")
        DEVELOPER = "developer", _("Developer")
        VIEWER = "viewer", _("Viewer")

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


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def for_org(self, org_id: int) -> "InvitationQuerySet":
        """Whom one organization has asked."""
        return self.filter(org_id=org_id)

    def open(self) -> "InvitationQuerySet":
        """Those neither accepted nor taken back; some may have run out."""
        return self.filter(state=Invitation.State.OPEN)

    def to_mail(self, now: datetime) -> "InvitationQuerySet":
        """Those whose e-mail is due."""
        return self.open().filter(mailed_at__isnull=True, mail_due_at__lte=now, expires_at__gt=now)


class Invitation(Lifecycle):
    """An organization asks whoever reads an e-mail address to join it, once, within a week.

    The link's token is made from `nonce` and the market's secret when the e-mail is written; only its digest is kept.
    """

    LIFETIME = timedelta(days=7)

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        REVOKED = "revoked", _("taken back")

    moves = table(open="accepted revoked")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address")
    role = models.CharField(
        max_length=20, choices=[choice for choice in Membership.Role.choices if choice[0] != "owner"]
    )
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    nonce = models.CharField(max_length=43)
    digest = models.CharField("SHA-256 of the token", max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    mail_due_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("open accepted revoked", "invitation_state"),
            models.UniqueConstraint(
                fields=["org", "email"], condition=models.Q(state="open"), name="one_open_invitation_per_address"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["admin", "billing", "developer", "viewer"]), name="invitation_role"
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invitation_email"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["mail_due_at"],
                condition=models.Q(state="open", mailed_at__isnull=True),
                name="invitation_to_mail",
            )
        ]

    def __str__(self) -> str:
        return f"invitation to {self.org}"

    def is_good(self, now: datetime) -> bool:
        """Whether it can still be accepted."""
        return self.state == self.State.OPEN and now < self.expires_at

    @property
    def has_run_out(self) -> bool:
        return self.expires_at <= timezone.now()
