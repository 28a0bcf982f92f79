"""How many calls a subscription holds in a period: one statement counts and refuses, so no two share the last one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from marketplace.audit import services as audit
from marketplace.lifecycle import Refused
from marketplace.subscriptions import metering
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.metering import Taken
from marketplace.subscriptions.models import CallCount, Meter, Subscription
from marketplace.subscriptions.words import day, money, number
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

WARN_AT: Final = (80, 100)  # percent of what a period includes
COUNT: Final = """
INSERT INTO subscriptions_callcount AS counted (buyer_id, provider_id, subscription_id, period, calls)
VALUES (%(buyer)s, %(provider)s, %(subscription)s, %(period)s, 1)
ON CONFLICT (subscription_id, period) DO UPDATE SET calls = counted.calls + 1
WHERE counted.calls < %(most)s
RETURNING calls
"""


class UsedUp(Refused):
    """The calls that the period holds are made."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a period holds and what of it is used; `until` is when the next period begins, or the trial ends.

    With a `meter` it is what the deposit for calls holds instead, until more is put in; with `is_grace` what passes
    after the paid time.
    """

    most: int
    used: int
    period: int
    until: datetime
    is_last: bool
    meter: Meter | None = None
    is_grace: bool = False

    @property
    def left(self) -> int:
        return max(self.most - self.used, 0)

    @property
    def percent(self) -> int:
        return self.used * 100 // self.most

    @property
    def in_words(self) -> str:
        """A sentence that a person can plan by."""
        if self.meter:
            return _in_money(self.meter)
        figures = {"used": number(self.used), "most": number(self.most), "day": day(self.until)}
        if self.is_last:
            return _("%(used)s of %(most)s calls are used; they last until %(day)s.") % figures
        return _("%(used)s of %(most)s calls are used; on %(day)s there are new ones.") % figures


def _in_money(meter: Meter) -> str:
    order = meter.subscription.order
    assert order is not None  # noqa: S101  (a meter is of an order)
    figures = {"used": number(meter.used), "most": number(meter.calls)}
    figures |= {"spent": money(int(meter.spent), order.currency), "deposit": money(int(meter.deposit), order.currency)}
    return _("%(used)s of %(most)s calls are used: %(spent)s of the %(deposit)s that were put in.") % figures


def allowance(subscription: Subscription) -> Allowance | None:
    """What is left of the current period; None for a subscription without a cap. In the scope of either side."""
    if subscription.is_per_call:
        meter = Meter.objects.filter(subscription=subscription).select_related("subscription__order__currency").first()
        return Allowance(max(meter.calls, 1), meter.used, 0, metering.OPEN_END, True, meter) if meter else None
    now = market_time()
    if subscription.grace_ends_at and subscription.ends_at and subscription.ends_at <= now:
        return _grace(subscription)
    most = _most(subscription)
    if most is None or subscription.starts_at is None or subscription.ends_at is None:
        return None
    period, until = _period(subscription, now)
    return Allowance(most, _counted(subscription, period), period, until, until >= subscription.ends_at)


def _grace(subscription: Subscription) -> Allowance:
    """What passes after the paid time: counted as a period of its own, the one after the last that was paid."""
    assert subscription.starts_at and subscription.ends_at and subscription.grace_ends_at  # noqa: S101  (the caller has)
    paid = subscription.ends_at - subscription.starts_at
    period = paid // timedelta(seconds=subscription.plan.period_seconds)
    most, used = subscription.plan.grace_calls, _counted(subscription, period)
    return Allowance(most, used, period, subscription.grace_ends_at, True, is_grace=True)


def _counted(subscription: Subscription, period: int) -> int:
    counted = CallCount.objects.filter(subscription=subscription, period=period)
    return counted.values_list("calls", flat=True).first() or 0


def _most(subscription: Subscription) -> int | None:
    plan = subscription.plan
    return plan.trial_calls if subscription.is_trial else plan.included_calls


def _period(subscription: Subscription, now: datetime) -> tuple[int, datetime]:
    """The number of the running period and its end; a trial is one period."""
    assert subscription.starts_at and subscription.ends_at  # noqa: S101  (the caller has looked)
    if subscription.is_trial:
        return 0, subscription.ends_at
    length = timedelta(seconds=subscription.plan.period_seconds)
    number = max((now - subscription.starts_at) // length, 0)
    return number, min(subscription.starts_at + (number + 1) * length, subscription.ends_at)


def count_call(subscription: Subscription) -> Taken | None:
    """Count one call against what the period holds, or take its price from the deposit, which is returned then.

    Raises UsedUp, and then counts nothing.

    The count is the caller's transaction's: a call that is refused for another reason afterwards gives it back.
    """
    now = allowance(subscription)
    if now is None:
        return None
    if now.meter:
        if (taken := metering.take(now.meter)) is None:
            raise UsedUp(used_up(now))
        return taken
    values = {
        "buyer": subscription.buyer_id,
        "provider": subscription.provider_id,
        "subscription": subscription.pk,
        "period": now.period,
        "most": now.most,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        row = cursor.fetchone()
    if row is None:
        raise UsedUp(used_up(now))
    reached = [percent for percent in WARN_AT if row[0] == -(-now.most * percent // 100)]
    if reached:
        _warn(subscription, reached[-1])
    return None


def used_up(allowance: Allowance) -> str:
    """Why no more calls pass, and when they do again."""
    figures = {"most": number(allowance.most), "day": day(allowance.until)}
    if allowance.meter:
        return _("What was put in for calls is used: %(most)s calls. Put in more to go on.") % figures
    if allowance.is_grace:
        return _("The paid time is over, and all %(most)s calls of its grace are made. Order again to go on.") % figures
    if allowance.is_last:
        return _("All %(most)s calls of this subscription are made. Choose a plan to go on.") % figures
    return (
        _("All %(most)s calls of this period are made. There are new ones on %(day)s, or choose a larger plan.")
        % figures
    )


def _warn(subscription: Subscription, percent: int) -> None:
    with as_system("the buyer's chain notes that its calls run out, whoever counts"):
        audit.record(SYSTEM, "subscription.calls_warned", subscription, org_id=subscription.buyer_id, percent=percent)
