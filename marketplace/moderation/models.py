"""Review cases. Why a thing is in the queue is a row, and so is what was decided and why."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class ReviewCaseQuerySet(models.QuerySet["ReviewCase"]):
    def for_org(self, org_id: int) -> "ReviewCaseQuerySet":
        """The cases about one organization and its listings."""
        return self.filter(org_id=org_id)

    def waiting(self) -> "ReviewCaseQuerySet":
        """The queue, longest first."""
        return self.filter(state__in=ReviewCase.WAITING).order_by("opened_at")


class ReviewCase(Lifecycle):
    """A question to a moderator: about an organization, one version of its listing, or a listing that was reported."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLAIMED = "claimed", _("claimed")
        DECIDED = "decided", _("decided")
        APPEALED = "appealed", _("appealed")
        CLOSED = "closed", _("closed")

    UNDECIDED = (State.OPEN, State.CLAIMED)
    WAITING = (*UNDECIDED, State.APPEALED)
    moves = table(open="claimed decided", claimed="open decided", decided="appealed closed", appealed="decided")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="review_cases")
    version = models.ForeignKey(
        ListingVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="review_cases"
    )
    listing = models.ForeignKey(Listing, null=True, blank=True, on_delete=models.CASCADE, related_name="review_cases")
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
                condition=models.Q(state__in=["open", "claimed"], version__isnull=True, listing__isnull=True),
                name="one_open_case_per_organization",
            ),
            models.UniqueConstraint(
                fields=["listing"],
                condition=models.Q(state__in=["open", "claimed", "appealed"]),
                name="one_open_case_per_listing",
            ),
            models.CheckConstraint(
                condition=models.Q(version__isnull=True) | models.Q(listing__isnull=True), name="case_has_one_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}: {self.version or self.listing or self.org}"


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
        DISMISS = "dismiss", _("reports dismissed")
        SUSPEND = "suspend", _("suspended")
        RESTORE = "restore", _("put back into the shop")
        UPHOLD = "uphold", _("suspension upheld")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(ReviewCase, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=20, choices=Outcome)
    reason = models.TextField(max_length=2000)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    objects = DecisionQuerySet.as_manager()


class Report(models.Model):
    """Somebody says that something is wrong with a listing. The reported organization never sees by whom.

    A stranger is known by a digest of the network, which goes when the case is decided.
    """

    class Category(models.TextChoices):
        MISLEADING = "misleading", _("It does not do what it says")
        PRICE = "price", _("Price or terms are not as stated")
        DATA = "data", _("It handles data otherwise than stated")
        UNLAWFUL = "unlawful", _("It is unlawful or does harm")
        COPY = "copy", _("It is a copy of somebody else's work")
        FRAUD = "fraud", _("The provider is not who they say they are")
        OTHER = "other", _("Something else")

    case = models.ForeignKey(ReviewCase, on_delete=models.CASCADE, related_name="reports")
    category = models.CharField(max_length=20, choices=Category)
    text = models.TextField(max_length=2000)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    network = models.CharField("digest of a stranger's network", max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(reporter=None) | models.Q(network=""), name="report_has_one_source"
            ),
            models.UniqueConstraint(
                fields=["case", "reporter"], condition=models.Q(reporter__isnull=False), name="one_report_per_person"
            ),
            models.UniqueConstraint(
                fields=["case", "network"], condition=~models.Q(network=""), name="one_per_network"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="report_by_age")]


class AppealQuerySet(models.QuerySet["Appeal"]):
    def for_org(self, org_id: int) -> "AppealQuerySet":
        """The appeals of one organization."""
        return self.filter(org_id=org_id)


class Appeal(models.Model):
    """An organization asks for a suspension to be looked at again; once for each case."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    case = models.OneToOneField(ReviewCase, on_delete=models.CASCADE, related_name="appeal")
    text = models.TextField(max_length=2000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    objects = AppealQuerySet.as_manager()
