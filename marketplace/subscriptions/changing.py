"""Another plan of the same tool in place of one that runs: a new order now, or a wish for when the paid time is over.

The contract fixes an order's terms, so a change is a second order. Both run until the buyer's wallet stops the old one.
"""

from collections.abc import Iterator

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from marketplace.audit import services as audit
from marketplace.catalog.models import Plan
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order, Subscription
from marketplace.subscriptions.words import length, money, number
from marketplace.tenancy.actor import Actor

OPEN = (Order.State.PLACED, Order.State.FUNDED)


def offered(order: Order) -> list[Plan]:
    """The other plans of the same tool that an order can be changed to: by the period, in its currency, on sale."""
    same = Plan.objects.on_sale().filter(listing_id=order.listing_id, currency_id=order.currency_id)
    plans = same.filter(price__gt=0, period_seconds__gt=0).select_related("listing", "org", "currency")
    return [plan for plan in plans.order_by("price", "pk") if _terms(plan) != _terms(order.plan)]


def _terms(plan: Plan) -> tuple[object, ...]:
    """What makes two plans the same to a buyer."""
    return int(plan.price), plan.period_seconds, plan.included_calls, int(plan.overage_price)


def refuse_change(order: Order) -> None:
    """Raise Refused unless the plan of a running order can be changed now, with what stands in the way."""
    subscription = order.subscription
    now = market_time()
    if order.is_per_call:
        raise Refused(_("Calls are paid one by one here, so there is no plan to change. Order the other plan instead."))
    runs = subscription.state == Subscription.State.ACTIVE and subscription.ends_at and now < subscription.ends_at
    if order.state != Order.State.FUNDED or not runs:
        raise Refused(_("Only the plan of a subscription that runs can be changed. Order the other plan instead."))


def standing(order: Order) -> Order | None:
    """The order that is to take this one's place, if one is placed or paid."""
    found = Order.objects.filter(replaces=order, state__in=OPEN).select_related("plan", "subscription", "currency")
    return found.exclude(subscription__state=Subscription.State.ENDED).order_by("-pk").first()


def unpaid(order: Order) -> Order | None:
    """The order that is to take this one's place, if it waits for its payment."""
    found = standing(order)
    return found if found and found.state == Order.State.PLACED else None


def replaced_by(order: Order) -> Order | None:
    """The paid order that runs in this one's place, while this one runs too and costs."""
    now = market_time()
    runs = Subscription.objects.running(now).filter(order__replaces=order).select_related("order__plan")
    found = runs.order_by("-pk").first()
    return found.order if found and Subscription.objects.running(now).filter(order=order).exists() else None


def in_place_of(actor: Actor, *, replaces: Order, plan: Plan, periods: int) -> Order | None:
    """The order that takes another one's place already, when it is this very one; None when it may be placed now.

    Locks the order that is replaced: of two that are sent at once, the second finds the first. Raises Refused when
    another change is under way, or the plan is none that it can be changed to.
    """
    mine = Order.objects.bought_by(actor.org_id or 0).select_related("subscription", "plan")
    old = mine.select_for_update(of=("self",)).filter(pk=replaces.pk).first()
    if old is None:
        raise Refused(_("Your organization has no such order."))
    refuse_change(old)
    if before := standing(old):
        if before.state == Order.State.PLACED and (before.plan_id, before.periods) == (plan.pk, periods):
            return before
        raise Refused(_under_way(before))
    if plan.pk not in {other.pk for other in offered(old)}:
        raise Refused(_("This subscription cannot be changed to that plan. Look at the plans again."))
    return None


def _under_way(before: Order) -> str:
    until = formats.time_format(timezone.localtime(before.expires_at), "TIME_OF_DAY_FORMAT")
    words = {"plan": before.plan.name, "until": until}
    if before.state == Order.State.PLACED:
        return (
            _("A change to %(plan)s waits for its payment until %(until)s. Pay that one, or give it up first.") % words
        )
    return _("This was changed to %(plan)s, which runs. Change that one instead.") % words


def wish(actor: Actor, *, order: Order, plan_id: int | None) -> Subscription:
    """Remember the plan that the buyer wants when the paid time is over; with None, nothing but the present one."""
    with transaction.atomic():
        mine = Order.objects.bought_by(actor.org_id or 0).select_related("plan")
        order = mine.select_for_update(of=("self",)).get(pk=order.pk)
        subscription = Subscription.objects.select_for_update(of=("self",)).get(order=order)
        if plan_id is None:
            if subscription.next_plan_id:
                _keep(subscription, None)
                audit.record(actor, "subscription.wish_withdrawn", order, order=str(order.public_id))
            return subscription
        refuse_change(order)
        plan = next((plan for plan in offered(order) if plan.pk == plan_id), None)
        if plan is None:
            raise Refused(_("This subscription cannot be changed to that plan. Look at the plans again."))
        if subscription.next_plan_id != plan.pk:
            _keep(subscription, plan)
            audit.record(actor, "subscription.wished", order, order=str(order.public_id))
    return subscription


def wished(subscription: Subscription) -> Plan | None:
    """The plan that the buyer wants next, as it is on sale today; None when there is none, or it is sold no more."""
    if subscription.next_plan is None:
        return None
    same = Plan.objects.on_sale().filter(listing_id=subscription.listing_id, name=subscription.next_plan.name)
    return same.filter(price__gt=0, period_seconds__gt=0).select_related("currency").first()


def _keep(subscription: Subscription, plan: Plan | None) -> None:
    subscription.next_plan = plan
    subscription.save(update_fields=["next_plan"])


def lost(old: Plan, new: Plan) -> list[str]:
    """What the old plan gives and the new one does not, a sentence each."""
    return list(_losses(old, new))


def _losses(old: Plan, new: Plan) -> Iterator[str]:
    if new.included_calls and _fewer(old, new):
        words = {"calls": number(new.included_calls), "period": length(new.period_seconds)}
        if old.included_calls:
            was = {"before": number(old.included_calls), "before_period": length(old.period_seconds)}
            yield _("%(calls)s calls for each %(period)s, instead of %(before)s for each %(before_period)s.") % (
                words | was
            )
        else:
            yield _("%(calls)s calls for each %(period)s, instead of as many as you like.") % words
    if old.overage_price and not new.overage_price and new.included_calls:
        yield _("No further calls can be bought when those included are made.")
    if old.overage_price and new.overage_price and new.overage_price > old.overage_price:
        words = {
            "price": money(int(new.overage_price), new.currency),
            "before": money(int(old.overage_price), old.currency),
        }
        yield _("A further call costs %(price)s, instead of %(before)s.") % words
    if old.grace_days > new.grace_days:
        words = {"before": number(old.grace_days), "days": number(new.grace_days)}
        if not new.grace_days:
            yield _("After the paid time no calls pass; now they do for %(before)s days.") % words
        else:
            yield _("After the paid time calls pass for %(days)s days, instead of %(before)s.") % words


def _fewer(old: Plan, new: Plan) -> bool:
    """Whether the new plan holds fewer calls in the same time."""
    if old.included_calls is None:
        return True
    return (new.included_calls or 0) * old.period_seconds < old.included_calls * new.period_seconds
