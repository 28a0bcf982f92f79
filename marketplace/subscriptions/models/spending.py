"""What an organization and each of its people may spend in a month, and from which amount on an owner is asked."""

import uuid
from datetime import datetime
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.catalog.models import Currency, Plan
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models.orders import Order


class SpendingLimitQuerySet(models.QuerySet["SpendingLimit"]):
    def for_org(self, org_id: int) -> "SpendingLimitQuerySet":
        """The limits that one organization has set, its own first."""
        return self.filter(org_id=org_id).order_by(models.F("user_id").asc(nulls_first=True), "pk")

    def binding(self, user_id: int | None) -> "SpendingLimitQuerySet":
        """Those that bind a person: the organization's, and the person's own."""
        return self.filter(models.Q(user_id=None) | models.Q(user_id=user_id))


class SpendingLimit(models.Model):
    """A limit on orders in one currency: of the whole organization, or with `user` of one of its people.

    `monthly` is the budget of a calendar month (UTC); `approval_above` the largest order that needs no owner. Both in
    base units; empty is no limit.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    monthly = Uint256Field("budget of a month", null=True)
    approval_above = Uint256Field("orders above this need an owner", null=True)

    objects = SpendingLimitQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["org", "currency", "user"], nulls_distinct=False, name="one_limit_per_person_and_currency"
            ),
            models.CheckConstraint(
                condition=models.Q(monthly__isnull=False) | models.Q(approval_above__isnull=False),
                name="limit_limits_something",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.org)


class SpendingRequestQuerySet(models.QuerySet["SpendingRequest"]):
    def for_org(self, org_id: int) -> "SpendingRequestQuerySet":
        """What the people of one organization have asked for, newest first."""
        return self.filter(org_id=org_id).order_by("-asked_at", "-pk")

    def waiting(self) -> "SpendingRequestQuerySet":
        """Those that wait for an owner."""
        return self.filter(state=SpendingRequest.State.WAITING)


class SpendingRequest(Lifecycle):
    """An order that an owner is asked about; approved, it is placed by who asked, on the terms that were asked for.

    With `adds_to` no order but more of one: a yes counts while that holds what it held when it was asked (`before`),
    so for one payment. With `beyond` an order of calls beyond those that a subscription includes.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for an owner")
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        ORDERED = "ordered", _("ordered")

    moves = table(waiting="approved declined withdrawn", approved="ordered withdrawn")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    periods = models.PositiveIntegerField("periods or calls")
    amount = Uint256Field("what it costs in all, in base units")
    replaces = models.ForeignKey(
        Order, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="order whose place it is to take"
    )
    adds_to = models.ForeignKey(
        Order, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="order of which more is to be paid"
    )
    before = models.PositiveIntegerField("periods or calls of that order when it was asked", null=True)
    beyond = models.ForeignKey(
        "subscriptions.Subscription",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="subscription that the calls are to go beyond",
    )
    form_key = models.UUIDField("the form that asked")
    note = models.CharField("why it is needed", max_length=500, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField("why it was decided so", max_length=500, blank=True)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="+")

    objects = SpendingRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("waiting approved declined withdrawn ordered", "spending_request_state"),
            models.UniqueConstraint(fields=["org", "form_key"], name="one_request_per_form"),
            models.CheckConstraint(
                condition=~models.Q(state="ordered") | models.Q(order__isnull=False) | models.Q(adds_to__isnull=False),
                name="ordered_request_has_order",
            ),
            models.CheckConstraint(
                condition=models.Q(adds_to__isnull=True, before__isnull=True)
                | models.Q(adds_to__isnull=False, before__isnull=False, order__isnull=True),
                name="request_for_more_says_of_what",
            ),
            models.CheckConstraint(
                condition=models.Q(replaces__isnull=True, adds_to__isnull=True)
                | models.Q(replaces__isnull=True, beyond__isnull=True)
                | models.Q(adds_to__isnull=True, beyond__isnull=True),
                name="request_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="declined") | ~models.Q(reason=""), name="declined_request_says_why"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "state", "-asked_at"], name="spending_request_of_org")]

    def __str__(self) -> str:
        return f"request for {self.plan}"

    @property
    def is_of_calls(self) -> bool:
        """Whether calls are asked for, and no periods."""
        return self.beyond_id is not None or self.plan.is_per_call

    @property
    def price(self) -> int:
        """What one period or call costs today, in base units."""
        if self.adds_to:
            return int(self.adds_to.price)
        return int(self.plan.overage_price if self.beyond_id else self.plan.price)


ALL_PERIODS: Final = models.F("order__periods") + models.F("order__added_periods")


class AdditionQuerySet(models.QuerySet["Addition"]):
    def for_org(self, org_id: int) -> "AdditionQuerySet":
        """What the people of one organization have added to its orders."""
        return self.filter(org_id=org_id)

    def paid(self) -> "AdditionQuerySet":
        """Those that the order holds."""
        return self.filter(before__lt=ALL_PERIODS)

    def on_the_way(self, now: datetime) -> "AdditionQuerySet":
        """Those that the order does not hold yet, and may still be paid."""
        return self.filter(before=ALL_PERIODS, until__gt=now)


class Addition(models.Model):
    """Periods or calls that a member adds to an order: spent in the month in which their payment began.

    `before` is what the order held then: once it holds more, they are paid. `until` is when what was signed for them
    becomes worthless; what is not paid by then is not spent.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="additions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    before = models.PositiveIntegerField("periods or calls that the order held")
    count = models.PositiveIntegerField("periods or calls that are added")
    began_at = models.DateTimeField("when the payment began")
    until = models.DateTimeField("until when it may be paid")

    objects = AdditionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "before"], name="one_addition_at_a_time"),
            models.CheckConstraint(condition=models.Q(count__gt=0), name="addition_adds_something"),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "began_at"], name="addition_of_org")]

    def __str__(self) -> str:
        return f"{self.count} more of {self.order}"
