"""Notices to people, what each person wants to be told, and how far the entries have been read."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.organizations.models import Organization

MOST_COUNTED = 99


class Kind(models.TextChoices):
    """What a notice is about; the unit of what a person can choose."""

    SECURITY = "security", _("Security of your account")
    MONEY = "money", _("Payments and refunds")
    ORDERS = "orders", _("Orders and subscriptions")
    EARNINGS = "earnings", _("Periods paid out to you")
    SELLING = "selling", _("Your listings and verification")
    SPENDING = "spending", _("Budgets and approvals")
    PEOPLE = "people", _("People in your organizations")
    DATA = "data", _("Your data")
    REPORTS = "reports", _("What you reported")
    MODERATION = "moderation", _("Cases that wait for a moderator")


# Always in the inbox, whatever a person chose: nobody should be able to say that they could not know.
ALWAYS_IN_INBOX = (Kind.SECURITY, Kind.MONEY, Kind.DATA)
# An e-mail that cannot be switched off: it is how one learns that somebody else uses one's account.
ALWAYS_BY_MAIL = (Kind.SECURITY,)
NOT_BY_MAIL_UNLESS_CHOSEN = (Kind.EARNINGS, Kind.MODERATION)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def for_org(self, org_id: int) -> "NotificationQuerySet":
        """The notices about one organization."""
        return self.filter(org_id=org_id)

    def inbox(self, user_id: int, *, moderates: bool) -> "NotificationQuerySet":
        """What one person finds in the inbox, newest first."""
        mine = self.filter(user_id=user_id, in_inbox=True).order_by("-id")
        return mine if moderates else mine.exclude(kind=Kind.MODERATION)

    def unread(self) -> "NotificationQuerySet":
        """Those that were not opened yet."""
        return self.filter(read_at__isnull=True)

    def due(self, now: datetime) -> "NotificationQuerySet":
        """Those whose e-mail is to be sent, the longest waiting first."""
        return self.filter(mail_due_at__lte=now).order_by("mail_due_at", "id")


class Notification(models.Model):
    """One person is told of one audit entry.

    It holds references, figures and no names: whoever is spoken of is looked up when the sentence is shown, so that
    what has been erased is not told any more.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    org = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    entry_id = models.BigIntegerField("the audit entry")
    kind = models.CharField(max_length=20, choices=Kind)
    rule = models.CharField("name of the rule that says the sentence", max_length=70)
    facts = models.JSONField("ids and figures for the sentence", default=dict)
    path = models.CharField("where it leads", max_length=300)
    at = models.DateTimeField("when it happened")
    in_inbox = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(null=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    mail_problem = models.CharField(max_length=200, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "entry_id"], name="one_notice_per_person_and_entry"),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="notification_kind"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="notification_inbox"),
            models.Index(
                fields=["user"], condition=models.Q(read_at__isnull=True, in_inbox=True), name="notification_unread"
            ),
            models.Index(
                fields=["mail_due_at"], condition=models.Q(mail_due_at__isnull=False), name="notification_mail_due"
            ),
        ]


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def of(self, user_id: int) -> "PreferenceQuerySet":
        """What one person has chosen."""
        return self.filter(user_id=user_id)


class Preference(models.Model):
    """What one person wants to be told of one kind; without a row, the kind's default holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    in_inbox = models.BooleanField()
    by_mail = models.BooleanField()
    changed_at = models.DateTimeField(default=timezone.now)

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_choice_per_person_and_kind"),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="preference_kind"),
        ]


def wishes(kind: Kind, row: Preference | None) -> tuple[bool, bool]:
    """Whether a kind goes into the inbox, and by e-mail: what the person chose, within what can be chosen."""
    inbox, mail = (row.in_inbox, row.by_mail) if row else (True, kind not in NOT_BY_MAIL_UNLESS_CHOSEN)
    return inbox or kind in ALWAYS_IN_INBOX, mail or kind in ALWAYS_BY_MAIL


class ReadingPlace(models.Model):
    """How far one chain of entries has been told. The market's own chain, which has no organization, is number 0."""

    chain = models.BigIntegerField(primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
