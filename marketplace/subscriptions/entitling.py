"""The answer to "may this call pass now?"."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from marketplace.catalog.models import Listing
from marketplace.subscriptions.allowance import Allowance, allowance, used_up
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Subscription
from marketplace.subscriptions.models.rights import SubscriptionQuerySet
from marketplace.subscriptions.words import day, money


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The answer, with a sentence that says why, and what is left of the calls where there is a cap.

    With `grace_ends_at` the paid time is over, and the answer is yes until then.
    """

    allowed: bool
    subscription: Subscription | None
    reason: str
    allowance: Allowance | None = None
    grace_ends_at: datetime | None = None


def entitlement(buyer_org_id: int | None, listing: Listing) -> Entitlement:
    """Whether an organization may use a listing now. To be asked inside the scope of that organization.

    Of several subscriptions, one of paid periods is used first, then one paid by the call, a trial and a free plan,
    while each has calls; one whose place another takes comes after that one. Calls beyond those included pass only
    while the subscription that includes them runs. After the paid time some still pass, where its plan gives that and
    no other paid time runs.
    """
    now = market_time()
    all_of_it = Subscription.objects.filter(buyer_id=buyer_org_id, listing=listing)
    all_of_it = all_of_it.select_related("order__plan", "order__beyond", "order__currency", "free_plan")
    running = _in_order(all_of_it.running(now))
    exhausted: Entitlement | None = None
    for one in running:
        if one.order and one.order.beyond and not _runs(one.order.beyond, now):
            continue
        left = allowance(one)
        if left is None or left.left:
            return Entitlement(True, one, _why(one), left)
        exhausted = exhausted or Entitlement(False, one, f"{used_up(left)}{_further(one)}", left)
    exhausted = _late(all_of_it, now) or exhausted
    if exhausted:
        return exhausted
    last = all_of_it.order_by("-pk").first()
    if last is None:
        return Entitlement(
            False, None, _("Your organization has no subscription to %(listing)s.") % {"listing": listing}
        )
    return Entitlement(False, last, _why_not(last, now))


def _in_order(running: Iterable[Subscription]) -> list[Subscription]:
    """The subscriptions that run, the one first whose calls are used first."""
    found = list(running)
    replaced = {one.order.replaces_id for one in found if one.order and one.order.replaces_id}

    def place(one: Subscription) -> tuple[object, ...]:
        return bool(one.order_id), not one.is_per_call, one.order_id not in replaced, one.is_trial, one.ends_at

    return sorted(found, key=place, reverse=True)


def _late(mine: SubscriptionQuerySet, now: datetime) -> Entitlement | None:
    """What passes after the paid time, of the subscription that ended last; None where nothing is given."""
    forgotten = mine.in_grace(now).order_by("ends_at").last()
    if forgotten is None or forgotten.ends_at is None or forgotten.grace_ends_at is None:
        return None
    left = allowance(forgotten)
    if left is None:
        return None
    if not left.left:
        return Entitlement(False, forgotten, used_up(left), left)
    words = {"ended": day(forgotten.ends_at), "until": day(forgotten.grace_ends_at)}
    said = _("The time that was paid for ended on %(ended)s. Calls still pass until %(until)s; order again to go on.")
    return Entitlement(True, forgotten, said % words, left, forgotten.grace_ends_at)


def _runs(subscription: Subscription, now: datetime) -> bool:
    return (
        subscription.state == Subscription.State.ACTIVE
        and subscription.ends_at is not None
        and now < subscription.ends_at
    )


def _further(used: Subscription) -> str:
    """That further calls can be bought, where the plan sells them: a sentence after another one."""
    price = int(used.plan.overage_price)
    if not used.order or used.is_per_call or not price:
        return ""
    words = {"price": money(price, used.order.currency)}
    return " " + _("For %(price)s each, calls go on out of a deposit that you open on the subscription's page.") % words


def _why(running: Subscription) -> str:
    assert running.ends_at  # noqa: S101  (what runs has dates)
    if running.is_per_call:
        return _("Each answered call is taken from the deposit that you have put in.")
    if running.is_trial:
        return _("Your trial runs until %(ends_at)s.") % {"ends_at": day(running.ends_at)}
    return _("Your subscription runs until %(ends_at)s.") % {"ends_at": day(running.ends_at)}


def _why_not(last: Subscription, now: datetime) -> str:
    by_state: dict[str, str] = {
        Subscription.State.PENDING: _("Your order is waiting for its payment to be final."),
        Subscription.State.SUSPENDED: _("Your subscription is suspended."),
    }
    if last.state in by_state:
        return by_state[last.state]
    if last.starts_at is None or last.ends_at is None:
        return _("Your last order was not paid.")
    if last.starts_at > now:
        return _("Your subscription starts on %(starts_at)s.") % {"starts_at": day(last.starts_at)}
    if last.is_trial:
        return _("Your trial ended on %(ends_at)s.") % {"ends_at": day(last.ends_at)}
    return _("Your subscription ended on %(ends_at)s.") % {"ends_at": day(last.ends_at)}
