"""What is public of a tool on offer, and the plans it is sold by."""

import re
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.catalog.facts import Facts
from marketplace.catalog.fields import OrderedJsonField
from marketplace.catalog.health import STAYS_DOWN, Health
from marketplace.catalog.models.shelves import Category, Currency
from marketplace.catalog.rating import Rated
from marketplace.catalog.trying import Trying
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class ListingQuerySet(models.QuerySet["Listing"]):
    def for_org(self, org_id: int) -> "ListingQuerySet":
        """The listings that one organization offers."""
        return self.filter(org_id=org_id)

    def public(self) -> "ListingQuerySet":
        """What the shop shows."""
        return self.filter(state=Listing.State.PUBLIC)

    def matching(self, words: str) -> "ListingQuerySet":
        """Full-text matches of what a person typed, the last word also as a beginning; best first."""
        query = SearchQuery(words, config="english", search_type="websearch")
        if typed := re.findall(r"\w+", words):
            query |= SearchQuery(f"'{typed[-1]}':*", config="english", search_type="raw")
        rank = Cast(SearchRank(F("search"), query), models.FloatField())
        return self.filter(search=query).annotate(rank=rank).order_by("-rank", "-id")

    def newest(self) -> "ListingQuerySet":
        """The latest arrivals first."""
        return self.order_by("-published_at", "-id")

    def answering(self, now: datetime) -> "ListingQuerySet":
        """Without those whose service has been down for a day: what a first page shows."""
        return self.exclude(is_down_since__lte=now - STAYS_DOWN)

    def with_offers(self) -> "ListingQuerySet":
        """With all that a card shows, in one more query for the plans, however many listings there are."""
        plans = Plan.objects.filter(state=Plan.State.ON_SALE).select_related("currency").order_by("price")
        return self.select_related("org", "category").prefetch_related(
            models.Prefetch("plans", queryset=plans, to_attr="offers")
        )

    def capped_count(self, cap: int = 1000) -> int:
        """How many there are, counted to one more than `cap`, so that the cost does not grow with the shop."""
        return self.order_by()[: cap + 1].count()


class Listing(Facts, Health, Rated, Trying, Lifecycle):
    """A tool on offer. Its public fields are those of the version that was approved last; empty until then."""

    class State(models.TextChoices):
        HIDDEN = "hidden", "hidden"
        PUBLIC = "public", "public"
        SUSPENDED = "suspended", "suspended"
        RETIRED = "retired", "retired"

    moves = table(hidden="public retired", public="suspended retired", suspended="public retired")

    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="listings")
    slug = models.SlugField(max_length=60, unique=True)
    reference = models.CharField("name that the provider's script gave it", max_length=64, null=True)  # noqa: DJ001
    state = models.CharField(max_length=20, choices=State, default=State.HIDDEN)
    version_number = models.PositiveIntegerField("approved version", null=True)
    content_hash = models.CharField("SHA-256 of the approved version", max_length=66, blank=True)
    name = models.CharField(max_length=60, blank=True)
    summary = models.CharField(max_length=140, blank=True)
    description = models.TextField("description (Markdown)", blank=True)
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="listings")
    input_schema = OrderedJsonField(default=dict)
    output_schema = OrderedJsonField(default=dict)
    example = OrderedJsonField(default=dict)
    media = models.JSONField("pictures of the approved version", default=list, db_default=Value("[]"))
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField("when its version was approved", null=True)
    search = models.GeneratedField(
        expression=SearchVector("name", config=Value("english"), weight="A")
        + SearchVector("summary", config=Value("english"), weight="B")
        + SearchVector("description", config=Value("english"), weight="D"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ListingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            *Facts.Meta.constraints,
            only_states("hidden public suspended retired", "listing_state"),
            models.CheckConstraint(
                condition=~models.Q(state="public") | models.Q(version_number__isnull=False, category__isnull=False),
                name="listing_public_is_complete",
            ),
            models.UniqueConstraint(fields=["org", "reference"], name="one_listing_per_reference"),
            models.CheckConstraint(
                condition=models.Q(rating_sum__range=(F("rating_count"), 5 * F("rating_count"))),
                name="listing_rating_is_one_to_five",
            ),
        ]
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="listing_search"),
            models.Index(
                F("published_at").desc(), F("id").desc(), name="listing_newest", condition=models.Q(state="public")
            ),
            models.Index(
                fields=["category", "-published_at"], name="listing_shelf", condition=models.Q(state="public")
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.slug

    @property
    def address(self) -> str:
        """Its page in the shop. Written out, for a grid of cards must not look up an address for each."""
        return f"/tools/{self.slug}/"


class PlanQuerySet(models.QuerySet["Plan"]):
    def for_org(self, org_id: int) -> "PlanQuerySet":
        """The plans that one organization sells."""
        return self.filter(org_id=org_id)

    def on_sale(self) -> "PlanQuerySet":
        """What can be ordered today."""
        return self.filter(state=Plan.State.ON_SALE, listing__state=Listing.State.PUBLIC)


class Plan(Lifecycle):
    """A price for a period and what is in it, or for a call.

    Never changed: approvals make new ones; running orders keep theirs.
    """

    class State(models.TextChoices):
        ON_SALE = "on_sale", _("on sale")
        WITHDRAWN = "withdrawn", _("no longer on sale")

    moves = table(on_sale="withdrawn")

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="plans")
    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    version_number = models.PositiveIntegerField("version of the listing that it came with")
    content_hash = models.CharField(max_length=66)
    name = models.CharField(max_length=40)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    price = Uint256Field("price per period, or of a call, in base units; 0 for a free plan")
    period_seconds = models.PositiveIntegerField("seconds of a period; 0: the price is for a call")
    included_calls = models.PositiveIntegerField("calls that a period holds; none: as many as one likes", null=True)
    trial_calls = models.PositiveIntegerField("calls of the trial", default=0, db_default=0)
    trial_days = models.PositiveSmallIntegerField("days of the trial", default=0, db_default=0)
    grace_calls = models.PositiveIntegerField("calls that pass after the paid time", default=0, db_default=0)
    grace_days = models.PositiveSmallIntegerField("days for which they pass", default=0, db_default=0)
    least_deposit = Uint256Field("least that is put in for calls, in base units", default=0, db_default=0)
    overage_price = Uint256Field("price of a call beyond those included; 0: none are sold", default=0, db_default=0)
    state = models.CharField(max_length=20, choices=State, default=State.ON_SALE)
    created_at = models.DateTimeField(default=timezone.now)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("on_sale withdrawn", "plan_state"),
            models.UniqueConstraint(
                fields=["listing", "name"], condition=models.Q(state="on_sale"), name="one_plan_on_sale_per_name"
            ),
            models.CheckConstraint(
                condition=models.Q(price__gt=0) | models.Q(included_calls__isnull=False, trial_calls=0, trial_days=0),
                name="free_plan_is_capped",
            ),
            models.CheckConstraint(
                condition=models.Q(trial_calls=0, trial_days=0) | models.Q(trial_calls__gt=0, trial_days__gt=0),
                name="trial_has_calls_and_days",
            ),
            models.CheckConstraint(
                condition=models.Q(grace_calls=0, grace_days=0)
                | models.Q(grace_calls__gt=0, grace_days__gt=0, price__gt=0, period_seconds__gt=0),
                name="grace_is_bounded_and_paid_for",
            ),
            models.CheckConstraint(
                condition=models.Q(period_seconds__gt=0, least_deposit=0)
                | models.Q(period_seconds=0, price__gt=0, included_calls__isnull=True),
                name="plan_is_by_period_or_by_call",
            ),
            models.CheckConstraint(
                condition=models.Q(overage_price=0) | models.Q(price__gt=0, included_calls__isnull=False),
                name="overage_is_beyond_included_calls",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_free(self) -> bool:
        """Whether nothing is paid for it, so that no order and no escrow stand behind it."""
        return int(self.price) == 0

    @property
    def is_per_call(self) -> bool:
        """Whether each call is paid, out of a deposit, and no period."""
        return self.period_seconds == 0

    @property
    def has_trial(self) -> bool:
        """Whether it can be tried before it is paid."""
        return self.trial_calls > 0

    @property
    def has_grace(self) -> bool:
        """Whether some calls pass for a while after the paid time."""
        return self.grace_days > 0
