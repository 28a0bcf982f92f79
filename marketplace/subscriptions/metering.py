"""Calls that are paid one by one: a call takes its price from the deposit before it goes out, in one statement.

What is begun is either owed, when the call was answered, or given back. The deposit follows the escrow's final logs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import connection
from django.utils.translation import gettext_noop as noop

from marketplace.audit import services as audit
from marketplace.subscriptions.models import Meter, Order, Subscription
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

OPEN_END: Final = datetime(2999, 12, 31, tzinfo=UTC)  # a deposit for calls runs until somebody stops it
WARN_AT: Final = (80, 95, 100)  # percent of what was put in
TAKE: Final = """
UPDATE subscriptions_meter SET spent = spent + price
WHERE id = %s AND is_open AND spent + price <= deposit
RETURNING price, spent, deposit, warned
"""
OWE: Final = "UPDATE subscriptions_meter SET owed = owed + %s WHERE id = %s RETURNING deposit - spent"
GIVE_BACK: Final = "UPDATE subscriptions_meter SET spent = spent - %s WHERE id = %s RETURNING deposit - spent"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a call has taken, in base units, from which meter."""

    meter_id: int
    cost: int


def take(meter: Meter) -> Taken | None:
    """Take the price of one call; None when the rest is not enough for it, or the deposit is being closed.

    It is the caller's transaction's: a call that is refused for another reason afterwards gives it back.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [meter.pk])
        row = cursor.fetchone()
    if row is None:
        return None
    price, spent, deposit, warned = (int(value) for value in row)
    _warn(meter, _reached(spent, price, deposit), warned)
    return Taken(meter.pk, price)


def _reached(spent: int, price: int, deposit: int) -> int:
    """The last of WARN_AT that is used; all of it is, as soon as the rest is not enough for a call."""
    if spent + price > deposit:
        return 100
    return max((at for at in WARN_AT if spent * 100 >= deposit * at), default=0)


def _warn(meter: Meter, reached: int, warned: int) -> None:
    if reached <= warned:
        return
    Meter.objects.filter(pk=meter.pk).update(warned=reached)
    order = meter.subscription.order
    assert order is not None  # noqa: S101  (a meter is of an order)
    with as_system("the buyer's chain notes that its deposit runs out, whoever calls"):
        audit.record(
            SYSTEM, "order.deposit_warned", order, org_id=meter.buyer_id, percent=reached, order=str(order.public_id)
        )


def settle(taken: Taken, *, is_owed: bool) -> int:
    """A call is over: what it took is owed, or given back. Once for each call. Returns what is left of the deposit."""
    with connection.cursor() as cursor:
        cursor.execute(OWE if is_owed else GIVE_BACK, [taken.cost, taken.meter_id])
        return int(cursor.fetchone()[0])


def begin(order: Order, *, deposit: int, starts_at: datetime) -> None:
    """The deposit for an order of calls is in the escrow: they may pass. For the escrow, inside its transaction."""
    agreed = order.beyond.version_number if order.beyond else order.plan.version_number
    order.move(Order.State.FUNDED)
    subscription = order.subscription
    dates = {"starts_at": starts_at, "ends_at": OPEN_END, "version_number": agreed}
    subscription.move(Subscription.State.ACTIVE, **dates)
    both = {"buyer_id": order.buyer_id, "provider_id": order.provider_id}
    Meter.objects.create(subscription=subscription, price=order.price, deposit=deposit, **both)


def put_in(order: Order, *, deposit: int) -> None:
    """The deposit comes to so much now, in all."""
    Meter.objects.filter(subscription__order=order).update(deposit=deposit, warned=0)
    order.added_periods = max(deposit // int(order.price) - order.periods, 0)
    order.save(update_fields=["added_periods"])


def stop(order: Order, *, at: datetime, by_buyer: bool) -> None:
    """Somebody has asked for an end: from now on no call passes. Those under way are owed when they are answered."""
    Meter.objects.filter(subscription__order=order).update(is_open=False)
    subscription = order.subscription
    if subscription.can_move(Subscription.State.ENDED):
        reason = noop("Stopped by the buyer.") if by_buyer else noop("Stopped by the provider.")
        subscription.move(Subscription.State.ENDED, ends_at=at, ended_reason=reason)
