"""Keys, calls, runs started in the browser, and how services answer."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.catalog.models import Listing
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import Meter, Subscription


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def for_org(self, org_id: int) -> "ApiKeyQuerySet":
        """The keys of one organization."""
        return self.filter(org_id=org_id)

    def valid(self) -> "ApiKeyQuerySet":
        """Keys that have not been revoked."""
        return self.filter(revoked_at__isnull=True)


class ApiKey(models.Model):
    """A key to the gateway: 256 random bits shown once, kept as a prefix and an HMAC-SHA-256."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField("name", max_length=40)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    monthly_calls = models.PositiveIntegerField("calls a month", null=True)
    may_sell = models.BooleanField("may write listings too", default=False, db_default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(monthly_calls__isnull=True) | models.Q(monthly_calls__gt=0), name="key_may_call"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class KeyMonthQuerySet(models.QuerySet["KeyMonth"]):
    def for_org(self, org_id: int) -> "KeyMonthQuerySet":
        """The counts of one organization's keys."""
        return self.filter(org_id=org_id)


class KeyMonth(models.Model):
    """How many calls a key has made in a calendar month (UTC); the one row that a key's limit is kept with."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="months")
    month = models.DateField("first day of the month")
    calls = models.PositiveIntegerField(default=0)

    objects = KeyMonthQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["api_key", "month"], name="one_count_per_key_and_month")
        ]


class UpstreamSecret(models.Model):
    """The key that a provider gave us to call its service: AES-GCM, bound to the organization and the listing."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    listing = models.OneToOneField(Listing, on_delete=models.CASCADE, related_name="+")
    key_id = models.CharField(max_length=16)
    nonce = models.BinaryField(max_length=12)
    ciphertext = models.BinaryField()
    origin = models.CharField("where the listing led when it was stored", max_length=320, blank=True, db_default="")
    updated_at = models.DateTimeField(default=timezone.now)


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def for_org(self, org_id: int) -> "UsageRecordQuerySet":
        """The calls that an organization has made or served."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def made_by(self, org_id: int) -> "UsageRecordQuerySet":
        """The calls that an organization has made."""
        return self.filter(buyer_id=org_id)

    def since(self, moment: datetime) -> "UsageRecordQuerySet":
        return self.filter(started_at__gte=moment)


class UsageRecord(models.Model):
    """One call that went to a provider, whatever came back."""

    class Outcome(models.TextChoices):
        STARTED = "started", _("under way")
        ANSWERED = "answered", _("answered")
        REFUSED = "refused", _("input not accepted")
        FAILED = "failed", _("provider failed")
        TIMED_OUT = "timed_out", _("provider too slow")

    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="usage")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="usage")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    request_id = models.UUIDField(default=uuid.uuid4, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    milliseconds = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.STARTED)
    status = models.PositiveSmallIntegerField("upstream's HTTP status", null=True)
    bytes_in = models.PositiveIntegerField(default=0)
    bytes_out = models.PositiveIntegerField(default=0)
    meter = models.ForeignKey(Meter, null=True, on_delete=models.PROTECT, related_name="calls_made")
    cost = Uint256Field("taken from the deposit, in base units; 0 when it was given back", default=0, db_default=0)

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["buyer", "-started_at"], name="usage_by_buyer"),
            models.Index(fields=["subscription", "-started_at"], name="usage_by_subscription"),
            models.Index(
                fields=["started_at"],
                condition=models.Q(outcome="started", meter__isnull=False),
                name="usage_paid_under_way",
            ),
        ]


class ToolRunQuerySet(models.QuerySet["ToolRun"]):
    def for_org(self, org_id: int) -> "ToolRunQuerySet":
        """The runs that members of one organization have started."""
        return self.filter(org_id=org_id)

    def waiting(self) -> "ToolRunQuerySet":
        return self.filter(state=ToolRun.State.QUEUED).order_by("id")


class ToolRun(Lifecycle):
    """A tool used from a form in the browser: the input, and what came of it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    moves = table(queued="running failed", running="done failed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="runs")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="+")
    form_key = models.UUIDField(default=uuid.uuid4)
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    input = models.JSONField()
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    error_field = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ToolRunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            only_states("queued running done failed", "tool_run_state"),
            models.UniqueConstraint(fields=["org", "form_key"], name="one_run_per_form"),
        ]


class WatchQuerySet(models.QuerySet["Watch"]):
    def due(self, now: datetime) -> "WatchQuerySet":
        """Those to be probed, of listings that are in the shop."""
        return self.filter(due_at__lte=now, listing__state=Listing.State.PUBLIC)


class Watch(models.Model):
    """When a listing's service is probed next, and how many probes in a row it has left unanswered."""

    listing = models.OneToOneField(Listing, primary_key=True, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    is_told = models.BooleanField("the provider was told that it stays down", default=False)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "watches"
        indexes: ClassVar = [models.Index(fields=["due_at"], name="watch_due")]


class Probe(models.Model):
    """One look whether a service answers. Public figures: what was asked and answered is not kept."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    is_up = models.BooleanField()
    milliseconds = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["listing", "at"], name="probe_of_listing"),
            models.Index(fields=["at"], name="probe_by_age"),
        ]


class HealthSpan(models.Model):
    """The probes of an hour or a day (UTC), summed up; `p95` is of the answered ones, in milliseconds."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+", db_index=False)
    seconds = models.PositiveIntegerField("length", choices=[(3600, "hour"), (86_400, "day")])
    starts_at = models.DateTimeField()
    probes = models.PositiveIntegerField()
    up = models.PositiveIntegerField()
    p95 = models.PositiveIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["listing", "seconds", "starts_at"], name="one_span_per_listing")
        ]
