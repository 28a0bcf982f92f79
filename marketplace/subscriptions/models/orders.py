"""Orders and subscriptions. Each has two owners, the buyer and the provider; row policies show it to both."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.catalog.models import Currency, Listing, Plan
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class OrderQuerySet(models.QuerySet["Order"]):
    def for_org(self, org_id: int) -> "OrderQuerySet":
        """The orders that an organization has placed or received."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def bought_by(self, org_id: int) -> "OrderQuerySet":
        """The orders that an organization has placed."""
        return self.filter(buyer_id=org_id)

    def sold_by(self, org_id: int) -> "OrderQuerySet":
        """The orders that an organization has received."""
        return self.filter(provider_id=org_id)

    def counting(self) -> "OrderQuerySet":
        """Those that count as spending: placed and not expired."""
        return self.exclude(state=Order.State.EXPIRED)

    def settled(self) -> "OrderQuerySet":
        """Those whose money has gone where it belongs: all to the provider, or part of it back to the buyer."""
        return self.filter(state__in=[Order.State.COMPLETED, Order.State.REFUNDED])

    def most_bought(self) -> "models.QuerySet[Order, int]":
        """The ids of the listings that most organizations have paid for, most first."""
        paid = self.filter(state__in=[Order.State.FUNDED, Order.State.COMPLETED])
        buyers = models.Count("buyer", distinct=True)
        return paid.values_list("listing_id", flat=True).annotate(buyers=buyers).order_by("-buyers", "-listing_id")

    def overdue(self, now: datetime) -> "OrderQuerySet":
        """Placed, and not paid in time."""
        return self.filter(state=Order.State.PLACED, expires_at__lte=now)


class Order(Lifecycle):
    """What a buyer agreed to: so many periods of a plan, at a price, with a highest fee.

    With `period_seconds` 0 so many calls instead: what they cost is put in, and each is taken from it. `beyond` names
    the subscription whose included calls these go beyond.
    """

    class State(models.TextChoices):
        PLACED = "placed", _("waiting for payment")
        FUNDED = "funded", _("paid into escrow")
        COMPLETED = "completed", _("completed")
        REFUNDED = "refunded", _("refunded")
        EXPIRED = "expired", _("expired")

    moves = table(placed="funded expired", funded="completed refunded")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="orders_placed")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="orders_received")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="orders")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="orders")
    state = models.CharField(max_length=20, choices=State, default=State.PLACED)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    price = Uint256Field("price per period or of a call, in base units")
    period_seconds = models.PositiveIntegerField("seconds of a period; 0: calls are paid")
    periods = models.PositiveIntegerField("periods or calls agreed to when it was placed")
    added_periods = models.PositiveIntegerField("periods or calls that were added later", default=0, db_default=0)
    max_fee_bps = models.PositiveSmallIntegerField("highest fee agreed to, in hundredths of a percent")
    provider_address = models.CharField("provider's payout wallet (EIP-55)", max_length=42)
    order_ref = models.CharField("hash of the terms, bytes32", max_length=66, unique=True)
    returned = Uint256Field("what came back to the buyer, in base units", default=0)
    signer = models.CharField("whose signature says how many calls were made", max_length=42, blank=True, db_default="")
    beyond = models.ForeignKey(
        "subscriptions.Subscription",
        null=True,
        on_delete=models.PROTECT,
        related_name="further",
        verbose_name="subscription that these calls go beyond",
    )
    replaces = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="replaced_by",
        verbose_name="order whose place it takes: another plan of the same tool",
    )
    form_key = models.UUIDField("the form that placed it", default=uuid.uuid4)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("placed funded completed refunded expired", "order_state"),
            models.UniqueConstraint(fields=["buyer", "form_key"], name="one_order_per_form"),
            models.CheckConstraint(condition=models.Q(price__gt=0, periods__gt=0), name="order_costs_something"),
            models.UniqueConstraint(
                fields=["replaces"], condition=models.Q(state="placed"), name="one_unpaid_change_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(replaces__isnull=True)
                | (models.Q(period_seconds__gt=0) & ~models.Q(replaces=models.F("id"))),
                name="change_is_to_another_order_of_periods",
            ),
            models.CheckConstraint(
                condition=models.Q(period_seconds__gt=0, signer="", beyond__isnull=True)
                | (models.Q(period_seconds=0) & ~models.Q(signer="")),
                name="order_of_calls_has_a_signer",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["buyer", "-placed_at"], name="order_by_buyer"),
            models.Index(fields=["provider", "-placed_at"], name="order_by_provider"),
        ]

    def __str__(self) -> str:
        return f"order {str(self.public_id)[:8]}"

    @property
    def amount(self) -> int:
        """What is paid into escrow, in base units of the currency."""
        return int(self.price * self.periods)

    @property
    def is_per_call(self) -> bool:
        """Whether calls are paid, out of a deposit, and no periods."""
        return self.period_seconds == 0

    @property
    def all_periods(self) -> int:
        """The periods agreed to, and those added by renewals."""
        return self.periods + self.added_periods
