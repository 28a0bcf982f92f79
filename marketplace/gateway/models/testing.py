"""A provider's own call of its service, from the page of a draft, to see whether it answers as the listing says."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import Listing
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class EndpointTestQuerySet(models.QuerySet["EndpointTest"]):
    def for_org(self, org_id: int) -> "EndpointTestQuerySet":
        """The tests of one organization's services."""
        return self.filter(org_id=org_id)

    def unfinished(self) -> "EndpointTestQuerySet":
        """Those that wait or are under way."""
        return self.filter(state__in=(EndpointTest.State.QUEUED, EndpointTest.State.RUNNING))


class EndpointTest(Lifecycle):
    """One call with an input for a version: how long each step took, what came back, and what is wrong with that."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")

    moves = table(queued="running done", running="done")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    version_number = models.PositiveIntegerField()
    endpoint = models.URLField("address that is called", max_length=300)
    input = models.JSONField()
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    with_key = models.BooleanField("the key of the service was sent", default=False)
    address = models.CharField("address that the name led to", max_length=64, blank=True)
    steps = models.JSONField("how far it came: each step with milliseconds from the start", default=dict, blank=True)
    status = models.PositiveSmallIntegerField("HTTP status", null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    bytes_out = models.PositiveIntegerField("size of the answer", null=True)
    answer = models.TextField("beginning of the answer", blank=True)
    fits = models.BooleanField("the answer is what the listing says; none: it says nothing, or none came", null=True)
    problems = models.JSONField("what went wrong, sentence by sentence", default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = EndpointTestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("queued running done", "endpoint_test_state"),
            models.UniqueConstraint(
                fields=["listing"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_endpoint_test_at_a_time",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["listing", "-created_at"], name="endpoint_test_of_listing")]
