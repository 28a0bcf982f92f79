"""Tools tried before anybody pays: what was tried, what is left, and the calls that it came to.

Nothing here has a subscription or a price, so nothing here can be billed.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from marketplace.catalog.models import Listing
from marketplace.gateway.models.calls import UsageRecord
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class TrialQuerySet(models.QuerySet["Trial"]):
    def for_org(self, org_id: int) -> "TrialQuerySet":
        """What members of one organization have tried."""
        return self.filter(org_id=org_id)

    def waiting(self) -> "TrialQuerySet":
        """Those that no worker has taken, longest waiting first."""
        return self.filter(state=Trial.State.QUEUED).order_by("id")


class Trial(Lifecycle):
    """One input that somebody tried a tool with, and what came back; kept for a day.

    It belongs to an organization, or to the browser whose session holds the secret that `visitor` is the SHA-256 of.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    moves = table(queued="running failed", running="done failed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    org = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    visitor = models.CharField(max_length=64, blank=True)
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    form_key = models.UUIDField(default=uuid.uuid4)
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    input = models.JSONField()
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    error_field = models.CharField(max_length=80, blank=True)
    is_given_back = models.BooleanField("it was not counted, for the service failed", default=False)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = TrialQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            only_states("queued running done failed", "trial_state"),
            models.CheckConstraint(
                condition=models.Q(org__isnull=False, visitor="") | (models.Q(org=None) & ~models.Q(visitor="")),
                name="trial_has_one_owner",
            ),
            models.UniqueConstraint(
                fields=["org", "visitor", "form_key"], nulls_distinct=False, name="one_trial_per_form"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(state="queued"), name="trial_waiting"),
            models.Index(fields=["created_at"], name="trial_by_age"),
        ]


class TrialCallQuerySet(models.QuerySet["TrialCall"]):
    def for_org(self, org_id: int) -> "TrialCallQuerySet":
        """The calls that one organization's services were tried with."""
        return self.filter(provider_id=org_id)


class TrialCall(models.Model):
    """One call of a try, as its provider may see it: when, how long, how it ended; not by whom, not with what."""

    provider = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    request_id = models.UUIDField(default=uuid.uuid4, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    milliseconds = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=20, choices=UsageRecord.Outcome, default=UsageRecord.Outcome.STARTED)
    status = models.PositiveSmallIntegerField("upstream's HTTP status", null=True)
    bytes_in = models.PositiveIntegerField(default=0)
    bytes_out = models.PositiveIntegerField(default=0)

    objects = TrialCallQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["listing", "-started_at"], name="trial_call_of_listing")]


class TrialAllowanceQuerySet(models.QuerySet["TrialAllowance"]):
    def for_org(self, org_id: int) -> "TrialAllowanceQuerySet":
        """What one organization has tried so far."""
        return self.filter(org_id=org_id)


class TrialAllowance(models.Model):
    """How many free calls of a listing an organization has made; the one row that its limit is kept with."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    calls = models.PositiveIntegerField(default=0)

    objects = TrialAllowanceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["org", "listing"], name="one_allowance_per_organization_and_listing")
        ]


class TrialDay(models.Model):
    """Free calls of one day (UTC), counted for a listing, or for a network by a digest that is another each day."""

    day = models.DateField()
    what = models.CharField(max_length=80)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "what"], name="one_count_per_day")]
