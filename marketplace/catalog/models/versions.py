"""Drafts, and what only the provider and the moderator may read."""

from typing import ClassVar

from django.db import models
from django.db.models import Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.facts import Facts
from marketplace.catalog.fields import OrderedJsonField
from marketplace.catalog.models.listings import Listing
from marketplace.catalog.models.shelves import Category
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class ListingVersionQuerySet(models.QuerySet["ListingVersion"]):
    def for_org(self, org_id: int) -> "ListingVersionQuerySet":
        """The versions that one organization has written."""
        return self.filter(org_id=org_id)

    def submitted(self) -> "ListingVersionQuerySet":
        """What waits for a moderator, longest first."""
        return self.filter(state=ListingVersion.State.SUBMITTED).order_by("submitted_at")


class ListingVersion(Facts, Lifecycle):
    """One wording of a listing: what a moderator reviews, and, once approved, what a buyer agreed to.

    A draft may be incomplete. Once approved the row never changes: a trigger in the database refuses it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("waiting for review")
        CHANGES = "changes_requested", _("sent back with changes to make")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    moves = table(draft="submitted", submitted="approved changes_requested rejected", changes_requested="submitted")
    STEPS = ("what", "calls", "plans", "media", "data")
    OPEN = (State.DRAFT, State.SUBMITTED, State.CHANGES)

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="versions")
    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    name = models.CharField("name", max_length=60)
    summary = models.CharField("what it does, in one line", max_length=140, blank=True)
    description = models.TextField("description", max_length=10_000, blank=True)
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="+")
    endpoint = models.URLField("address of your service", max_length=300, blank=True)
    input_schema = OrderedJsonField("input schema", default=dict, blank=True)
    output_schema = OrderedJsonField("output schema", default=dict, blank=True)
    example = OrderedJsonField("example input", default=dict, blank=True)
    plans = OrderedJsonField("plans, as catalog.plans stores them", default=list, db_default=Value("[]"))
    media = models.JSONField("pictures, in their order: file and words for who cannot see it", default=list, blank=True)
    typed = models.JSONField("what was typed and cannot be used yet, by step", default=dict, blank=True)
    stamps = models.JSONField("how often each step was saved, and from which tab last", default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField("reason of the decision", max_length=2000, blank=True)

    objects = ListingVersionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            *Facts.Meta.constraints,
            only_states("draft submitted changes_requested approved rejected", "listing_version_state"),
            models.UniqueConstraint(fields=["listing", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["listing"],
                condition=models.Q(state__in=["draft", "submitted", "changes_requested"]),
                name="one_open_version_per_listing",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(category__isnull=False) & ~models.Q(endpoint=""),
                name="version_shown_to_others_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"
