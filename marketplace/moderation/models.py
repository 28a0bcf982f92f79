"""Review cases. Why a thing is in the queue is a row, and so is what was decided and why."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import ListingVersion
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class ReviewCaseQuerySet(models.QuerySet["ReviewCase"]):
    def for_org(self, org_id: int) -> "ReviewCaseQuerySet":
        """The cases about one organization and its listings."""
        return self.filter(org_id=org_id)

    def waiting(self) -> "ReviewCaseQuerySet":
        """The queue, longest first."""
        return self.filter(state__in=[ReviewCase.State.OPEN, ReviewCase.State.CLAIMED]).order_by("opened_at")


class ReviewCase(Lifecycle):
    """A question to a moderator about an organization, or about one version of its listing."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLAIMED = "claimed", _("claimed")
        DECIDED = "decided", _("decided")
        APPEALED = "appealed", _("appealed")
        CLOSED = "closed", _("closed")

    moves = table(open="claimed decided", claimed="open decided", decided="appealed closed", appealed="decided")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="review_cases")
    version = models.ForeignKey(
        ListingVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="review_cases"
    )
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ReviewCaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("open claimed decided appealed closed", "review_case_state"),
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(state__in=["open", "claimed"]), name="one_open_case_per_version"
            ),
            models.UniqueConstraint(
                fields=["org"],
                condition=models.Q(state__in=["open", "claimed"], version__isnull=True),
                name="one_open_case_per_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}: {self.version or self.org}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def for_org(self, org_id: int) -> "DecisionQuerySet":
        """The decisions about one organization and its listings."""
        return self.filter(org_id=org_id)


class Decision(models.Model):
    """What a moderator decided, and the reason in words that the organization reads."""

    class Outcome(models.TextChoices):
        APPROVE = "approve", _("approved")
        CHANGES = "changes", _("changes requested")
        REJECT = "reject", _("rejected")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(ReviewCase, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=20, choices=Outcome)
    reason = models.TextField(max_length=2000)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    objects = DecisionQuerySet.as_manager()
