"""Requests to have data given out or erased. Each is about an organization, or, without one, about a person."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


def exports_storage() -> Storage:
    """Where exports lie: outside everything that a web server hands out."""
    return storages["exports"]


class ExportQuerySet(models.QuerySet["Export"]):
    def for_org(self, org_id: int) -> "ExportQuerySet":
        """The exports of one organization, newest first."""
        return self.filter(org_id=org_id).order_by("-pk")

    def of_person(self, user_id: int) -> "ExportQuerySet":
        """The exports of one person's own data, newest first."""
        return self.filter(org=None, user_id=user_id).order_by("-pk")

    def waiting(self, now: datetime) -> "ExportQuerySet":
        """Those to be made, also those whose maker has not been heard of for a while."""
        left = models.Q(state=Export.State.RUNNING, heard_at__lt=now - Export.PATIENCE)
        return self.filter(models.Q(state=Export.State.QUEUED) | left).order_by("pk")

    def outdated(self, now: datetime) -> "ExportQuerySet":
        """Those that were kept long enough."""
        return self.filter(state=Export.State.READY, expires_at__lte=now)


class Export(Lifecycle):
    """Everything that an organization, or a person, has here, in one file."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("being collected")
        READY = "ready", _("ready")
        EXPIRED = "expired", _("deleted after a week")

    moves = table(queued="running", running="ready", ready="expired")
    PATIENCE = timedelta(minutes=10)
    KEPT = timedelta(days=7)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    org = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    asked_at = models.DateTimeField(default=timezone.now)
    heard_at = models.DateTimeField("sign of life of its maker", null=True)
    done = models.PositiveSmallIntegerField("tables collected", default=0)
    total = models.PositiveSmallIntegerField("tables to collect", default=0)
    file = models.FileField(storage=exports_storage, max_length=60, blank=True)
    size = models.PositiveBigIntegerField("bytes", default=0)
    expires_at = models.DateTimeField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("queued running ready expired", "export_state"),
            models.UniqueConstraint(
                fields=["org"],
                condition=models.Q(state__in=["queued", "running"], org__isnull=False),
                name="one_open_export_per_organization",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(state__in=["queued", "running"], org__isnull=True),
                name="one_open_export_per_person",
            ),
        ]

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def for_org(self, org_id: int) -> "ErasureQuerySet":
        """The requests to erase one organization, newest first."""
        return self.filter(org_id=org_id).order_by("-pk")

    def of_person(self, user_id: int) -> "ErasureQuerySet":
        """The requests to erase one person, newest first."""
        return self.filter(org=None, user_id=user_id).order_by("-pk")

    def waiting(self) -> "ErasureQuerySet":
        """Those that can still be withdrawn."""
        return self.filter(state=Erasure.State.WAITING)

    def due(self, now: datetime) -> "ErasureQuerySet":
        """Those whose time to think again is over."""
        return self.waiting().filter(due_at__lte=now).order_by("due_at")


class Erasure(Lifecycle):
    """A wish to be forgotten. It waits, can be withdrawn while it does, and is then carried out."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        WITHDRAWN = "withdrawn", _("withdrawn")
        DONE = "done", _("done")

    moves = table(waiting="withdrawn done")
    TIME_TO_THINK = timedelta(days=7)

    org = models.ForeignKey(Organization, null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    held_up_by = models.CharField("what had to be settled first", max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("waiting withdrawn done", "erasure_state"),
            models.UniqueConstraint(
                fields=["org"],
                condition=models.Q(state="waiting", org__isnull=False),
                name="one_waiting_erasure_per_organization",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(state="waiting", org__isnull=True),
                name="one_waiting_erasure_per_person",
            ),
        ]
