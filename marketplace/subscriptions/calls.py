"""What can be ordered by the call: how many, at least for how much, and under whose signature."""

from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from chain.receipts import metering_address
from marketplace.catalog.models import Plan
from marketplace.catalog.plans import MOST_CALLS
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order, Subscription
from marketplace.subscriptions.words import money, number
from marketplace.tenancy.actor import Actor

OPEN: Final = (Order.State.PLACED, Order.State.FUNDED)


def check(plan: Plan, count: int, *, is_beyond: bool) -> None:
    """Raise Refused unless so many calls may be put in for."""
    if not 1 <= count <= MOST_CALLS:
        raise Refused(_("Put in enough for one call, and for at most %(most)s.") % {"most": number(MOST_CALLS)})
    if not is_beyond and count * int(plan.price) < least(plan) * int(plan.price):
        words = {"least": money(int(plan.least_deposit), plan.currency)}
        raise Refused(_("Put in at least %(least)s. What you do not use comes back.") % words)


def least(plan: Plan) -> int:
    """The fewest calls whose price is the least deposit or more."""
    return max(-(-int(plan.least_deposit) // int(plan.price)), 1)


def signer() -> str:
    """The market's metering key, by its address; raises Refused while the market has none."""
    try:
        return metering_address()
    except ImproperlyConfigured:
        raise Refused(_("This market cannot count paid calls at the moment, so none can be ordered.")) from None


def plan_beyond(actor: Actor, subscription: Subscription) -> Plan:
    """The plan of the actor's running subscription, if it sells calls beyond those included; raises Refused."""
    order, now = subscription.order, market_time()
    runs = subscription.state == Subscription.State.ACTIVE and subscription.ends_at and now < subscription.ends_at
    if subscription.buyer_id != actor.org_id or order is None or order.is_per_call or not runs:
        raise Refused(_("Further calls are for a subscription that runs."))
    plan = Plan.objects.select_related("listing", "org", "currency").get(pk=order.plan_id)
    if not plan.overage_price:
        raise Refused(_("This plan sells no calls beyond those that it includes."))
    if deposit_beyond(subscription):
        raise Refused(_("There is a deposit for further calls already. Put more into that one."))
    return plan


def deposit_beyond(subscription: Subscription) -> Order | None:
    """The order of further calls that is open, or waits for its payment."""
    further = Order.objects.filter(beyond=subscription, state__in=OPEN).select_related("subscription", "currency")
    ended = Subscription.State.ENDED
    return further.exclude(subscription__state=ended).order_by("-pk").first()
