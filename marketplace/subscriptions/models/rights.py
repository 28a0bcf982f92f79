"""Subscriptions: the rights that run, paid or free, and the calls counted against what a plan includes."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import Listing, Plan
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models.orders import Order


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def for_org(self, org_id: int) -> "SubscriptionQuerySet":
        """The subscriptions that an organization has on either side."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def running(self, now: datetime) -> "SubscriptionQuerySet":
        """Those on which a call may pass at `now`."""
        return self.filter(state=Subscription.State.ACTIVE, starts_at__lte=now, ends_at__gt=now)

    def in_grace(self, now: datetime) -> "SubscriptionQuerySet":
        """Those whose paid time is over, and on which some calls still pass at `now`: no other paid time runs."""
        late = self.filter(state=Subscription.State.ACTIVE, ends_at__lte=now, grace_ends_at__gt=now)
        return late.exclude(_paid_elsewhere(now))

    def replaced(self, now: datetime) -> "SubscriptionQuerySet":
        """Those that run while an order that takes their place runs too: both cost until these are stopped."""
        instead = Subscription.objects.running(now).filter(order__replaces_id=models.OuterRef("order_id"))
        return self.running(now).filter(models.Exists(instead))

    def lapsed(self, now: datetime) -> "SubscriptionQuerySet":
        """Active by their state, over by the clock, their grace included."""
        late = self.alias(over=Coalesce("grace_ends_at", "ends_at")).filter(state=Subscription.State.ACTIVE)
        return late.filter(models.Q(over__lte=now) | models.Q(_paid_elsewhere(now), ends_at__lte=now))


def _paid_elsewhere(now: datetime) -> models.Exists:
    """Whether the same buyer has other time of the same tool, paid by the period, that runs."""
    same = {"buyer_id": models.OuterRef("buyer_id"), "listing_id": models.OuterRef("listing_id")}
    paid = Subscription.objects.running(now).filter(**same, order__period_seconds__gt=0)
    return models.Exists(paid)


class Subscription(Lifecycle):
    """The right to use a listing: on a funded order, or, without one, on a free plan or as the trial of a paid one.

    It keeps the version of the listing that it began with until `notice_ends_at`, when the one announced takes over.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting for payment")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        ENDED = "ended", _("ended")

    moves = table(pending="active ended", active="ended suspended", suspended="active ended", ended="active")

    public_id = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="subscription")
    free_plan = models.ForeignKey(
        Plan, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="free plan, or the one that is tried"
    )
    is_trial = models.BooleanField(default=False, db_default=False)
    version_number = models.PositiveIntegerField("version of the listing that it runs on", null=True)
    announced_number = models.PositiveIntegerField("version that was announced", null=True)
    notice_ends_at = models.DateTimeField("when it goes over to the version announced", null=True)
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="subscriptions")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="subscriptions")
    state = models.CharField(max_length=20, choices=State, default=State.PENDING)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    grace_ends_at = models.DateTimeField("until when some calls pass after the paid time", null=True)
    ended_reason = models.CharField(max_length=160, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("pending active suspended ended", "subscription_state"),
            models.CheckConstraint(
                condition=models.Q(state="pending")
                | models.Q(state="ended")
                | models.Q(starts_at__isnull=False, ends_at__isnull=False),
                name="running_subscription_has_dates",
            ),
            models.CheckConstraint(
                condition=models.Q(order__isnull=False, free_plan__isnull=True, is_trial=False)
                | models.Q(order__isnull=True, free_plan__isnull=False),
                name="subscription_is_paid_or_free",
            ),
            models.CheckConstraint(
                condition=models.Q(grace_ends_at__isnull=True)
                | models.Q(grace_ends_at__gt=models.F("ends_at"), order__isnull=False),
                name="grace_is_after_paid_time",
            ),
            models.CheckConstraint(
                condition=models.Q(announced_number__isnull=True, notice_ends_at__isnull=True)
                | models.Q(announced_number__isnull=False, notice_ends_at__isnull=False),
                name="notice_is_of_a_version",
            ),
            models.UniqueConstraint(
                fields=["buyer", "listing"], condition=models.Q(is_trial=True), name="one_trial_per_tool"
            ),
            models.UniqueConstraint(
                fields=["buyer", "listing"],
                condition=models.Q(order__isnull=True, is_trial=False, state="active"),
                name="one_free_plan_at_a_time",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["buyer", "listing", "state"], name="subscription_entitles")]

    def __str__(self) -> str:
        return f"subscription on {self.order}" if self.order else f"free subscription {str(self.public_id)[:8]}"

    @property
    def plan(self) -> Plan:
        """The plan that it is on; its terms never change."""
        plan = self.order.plan if self.order else self.free_plan
        assert plan is not None  # noqa: S101  (a constraint says so)
        return plan

    @property
    def is_per_call(self) -> bool:
        """Whether each call is taken from a deposit."""
        return bool(self.order and self.order.is_per_call)

    def is_in_grace(self, now: datetime) -> bool:
        """Whether its paid time is over, and some calls still pass."""
        if self.state != self.State.ACTIVE or self.ends_at is None or self.grace_ends_at is None:
            return False
        return self.ends_at <= now < self.grace_ends_at

    @property
    def page_id(self) -> uuid.UUID:
        """What stands in the address of its page."""
        return self.order.public_id if self.order else self.public_id


class CallCountQuerySet(models.QuerySet["CallCount"]):
    def for_org(self, org_id: int) -> "CallCountQuerySet":
        """The counts that concern an organization, as buyer or as provider."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))


class CallCount(models.Model):
    """How many calls a subscription has made in one of its periods; the one row that what is included is kept with."""

    buyer = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="call_counts")
    period = models.PositiveIntegerField("number of the period, from 0")
    calls = models.PositiveIntegerField(default=0)

    objects = CallCountQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "period"], name="one_count_per_subscription_and_period")
        ]
