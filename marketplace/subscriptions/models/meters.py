"""What is put in for calls and what is used of it: the one row by which a call that is paid may pass, or not."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from chain.fields import Uint256Field
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models.rights import Subscription


class MeterQuerySet(models.QuerySet["Meter"]):
    def for_org(self, org_id: int) -> "MeterQuerySet":
        """The meters of an organization's subscriptions, on either side."""
        return self.filter(Q(buyer_id=org_id) | Q(provider_id=org_id))


class Meter(models.Model):
    """The use of a subscription that is paid by the call. All amounts are base units.

    `spent` is what calls have taken that were begun and not given back, `owed` what answered ones came to: the sum of
    their usage records, which only rises. The difference is under way.
    """

    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, related_name="meter")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    price = Uint256Field("price of a call")
    deposit = Uint256Field("what was put in, in all")
    spent = Uint256Field(default=0)
    owed = Uint256Field(default=0)
    is_open = models.BooleanField("calls may pass", default=True)
    warned = models.PositiveSmallIntegerField("percent of the deposit that the buyer was warned at last", default=0)

    objects = MeterQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(price__gt=0), name="call_costs_something"),
            models.CheckConstraint(
                condition=Q(owed__gte=0, owed__lte=F("spent"), spent__lte=F("deposit")),
                name="meter_spends_no_more_than_was_put_in",
            ),
        ]

    def __str__(self) -> str:
        return f"meter of {self.subscription}"

    @property
    def left(self) -> int:
        """Base units that calls may still take."""
        return int(self.deposit - self.spent)

    @property
    def calls(self) -> int:
        """How many calls the deposit holds in all."""
        return int(self.deposit // self.price)

    @property
    def used(self) -> int:
        """How many calls were made that are paid, or under way."""
        return int(self.spent // self.price)
