"""Reviews of listings, each bound to an order of its organization; their wordings, and the providers' answers."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import Listing
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import Order

MOST_STARS = 5


class Hideable(Lifecycle):
    """Words that everybody reads, until a moderator hides them with a reason."""

    class State(models.TextChoices):
        SHOWN = "shown", _("shown")
        HIDDEN = "hidden", _("hidden")

    moves = table(shown="hidden", hidden="shown")

    state = models.CharField(max_length=20, choices=State, default=State.SHOWN)
    hidden_reason = models.CharField("why a moderator hid it", max_length=500, blank=True)

    class Meta:
        abstract = True


class ReviewQuerySet(models.QuerySet["Review"]):
    def for_org(self, org_id: int) -> "ReviewQuerySet":
        """The reviews that one organization has written."""
        return self.filter(org_id=org_id)

    def shown(self) -> "ReviewQuerySet":
        """What everybody may read."""
        return self.filter(state=Review.State.SHOWN)

    def newest(self) -> "ReviewQuerySet":
        """The latest first, each with its organization and its answer."""
        return self.select_related("org", "answer").order_by("-pk")

    def by_stars(self) -> dict[int, int]:
        """How many give so many stars, the best first; every number of stars is there."""
        found = dict(self.order_by().values_list("stars").annotate(count=models.Count("pk")))
        return {stars: found.get(stars, 0) for stars in range(MOST_STARS, 0, -1)}


class Review(Hideable):
    """What one organization says of one listing, as it reads now."""

    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="reviews")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    stars = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80, blank=True)
    text = models.TextField("text (Markdown)", max_length=4000, blank=True)
    number = models.PositiveIntegerField("how many times it was written", default=1)
    used_months = models.PositiveSmallIntegerField("whole periods of 30 days that were used", default=0)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("shown hidden", "review_state"),
            models.UniqueConstraint(fields=["org", "listing"], name="one_review_per_organization_and_listing"),
            models.CheckConstraint(condition=models.Q(stars__gte=1, stars__lte=MOST_STARS), name="review_stars"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["listing", "-id"], name="review_newest", condition=models.Q(state="shown")),
            models.Index(fields=["listing", "stars"], name="review_by_stars", condition=models.Q(state="shown")),
        ]

    def __str__(self) -> str:
        return f"review of {self.listing}"


class WordingQuerySet(models.QuerySet["Wording"]):
    def for_org(self, org_id: int) -> "WordingQuerySet":
        """The wordings of one organization's reviews."""
        return self.filter(org_id=org_id)


class Wording(models.Model):
    """One wording of a review. Never changed: an edit is a new one."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="wordings")
    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    stars = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80)
    text = models.TextField(max_length=4000)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = WordingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "wordings of reviews"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "number"], name="one_wording_per_number"),
        ]


class AnswerQuerySet(models.QuerySet["Answer"]):
    def for_org(self, org_id: int) -> "AnswerQuerySet":
        """The answers that one provider has given."""
        return self.filter(org_id=org_id)


class Answer(Hideable):
    """What the provider says to a review: once, and not changed."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="answer")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="+")
    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    text = models.TextField("text (Markdown)", max_length=2000)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [only_states("shown hidden", "answer_state")]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def for_org(self, org_id: int) -> "InvitationQuerySet":
        """What one organization was asked about."""
        return self.filter(org_id=org_id)


class Invitation(models.Model):
    """An organization was asked how a tool works for it: once, whatever it does then."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "invitations to review"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["org", "listing"], name="one_invitation_per_organization_and_listing"),
        ]
