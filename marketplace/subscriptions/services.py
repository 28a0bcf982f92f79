"""Orders and the subscriptions on them. Money is the escrow's business: it calls here when final logs say so."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from marketplace.catalog.models import Plan
from marketplace.lifecycle import Refused
from marketplace.subscriptions import asking, calls, changing, spending
from marketplace.subscriptions.clock import final_time, market_time
from marketplace.subscriptions.entitling import Entitlement, entitlement
from marketplace.subscriptions.models import MarketParams, Order, SpendingRequest, Subscription
from marketplace.subscriptions.telling import note_both, tell_both
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

TIME_TO_PAY: Final = timedelta(hours=1)
TIME_TO_SETTLE: Final = timedelta(minutes=2)
LONGEST: Final = 12
BATCH: Final = 200
__all__ = [
    "Entitlement",
    "agreement",
    "begin",
    "end_lapsed",
    "entitlement",
    "expire_orders",
    "finish",
    "order_ref",
    "orderable",
    "place_approved_order",
    "place_order",
    "take_back",
]


def place_order(
    actor: Actor,
    *,
    plan_id: int,
    periods: int,
    form_key: uuid.UUID,
    is_approved: bool = False,
    beyond: Subscription | None = None,
    replaces: Order | None = None,
) -> Order:
    """Order `periods` of a plan for the actor's organization; the same form sent again gives the same order.

    Of a plan that is paid by the call these are calls; with `beyond` too, at the price of those beyond its own. With
    `replaces` it is to take the place of a running order, which the buyer's wallet stops afterwards.

    The price, the highest fee, the provider's wallet and the wording of the listing are fixed here, and hashed into
    `order_ref`. Raises Refused when the plan cannot be ordered, NeedsApproval when an owner has to be asked first.
    """
    with transaction.atomic():
        before = Order.objects.filter(buyer_id=actor.org_id, form_key=form_key).first()
        if before:
            return before
        plan = payable(actor, calls.plan_beyond(actor, beyond)) if beyond else orderable(actor, plan_id)
        _check_count(plan, periods, is_beyond=beyond is not None)
        if replaces and (same := changing.in_place_of(actor, replaces=replaces, plan=plan, periods=periods)):
            return same
        amount = (plan.overage_price if beyond else plan.price) * periods
        budgets = spending.check(actor, currency=plan.currency, amount=amount, is_approved=is_approved)
        order = _drafted(actor, plan, periods, form_key, beyond=beyond, replaces=replaces)
        try:
            with transaction.atomic():
                order.save(force_insert=True)
        except IntegrityError:  # the same form, sent twice at once
            return Order.objects.get(buyer_id=actor.org_id, form_key=form_key)
        Subscription.objects.create(
            order=order, buyer_id=order.buyer_id, provider_id=order.provider_id, listing_id=order.listing_id
        )
        note_both(actor, "order.placed", order)
        spending.warn(actor, before=budgets, amount=amount)
    return order


def _check_count(plan: Plan, count: int, *, is_beyond: bool) -> None:
    """Raise Refused unless so many periods, or calls, may be ordered at once."""
    if is_beyond or plan.is_per_call:
        calls.check(plan, count, is_beyond=is_beyond)
    elif not 1 <= count <= LONGEST:
        raise Refused(_("Choose between 1 and %(LONGEST)s periods.") % {"LONGEST": LONGEST})


def place_approved_order(actor: Actor, *, public_id: uuid.UUID) -> Order:
    """Order what an owner has approved, once; for who asked. Raises Refused with what stands in the way."""
    with transaction.atomic():
        request = asking.approved(actor, public_id=public_id)
        if request.order:
            return request.order
        if request.adds_to:
            raise Refused(_("This is more of an order that runs. Pay it on the page of that order."))
        order = place_order(
            actor,
            plan_id=request.plan_id,
            periods=request.periods,
            form_key=request.form_key,
            is_approved=True,
            replaces=request.replaces,
            beyond=request.beyond,
        )
        request.move(SpendingRequest.State.ORDERED, order=order)
    return order


def orderable(actor: Actor, plan_id: int) -> Plan:
    """The plan, if the actor's organization can order it today; raises Refused with the reason otherwise."""
    plan = Plan.objects.on_sale().select_related("listing", "org", "currency").filter(pk=plan_id).first()
    if plan is None:
        raise Refused(_("This plan is no longer on sale. Look at the offer again."))
    return payable(actor, plan)


def payable(actor: Actor, plan: Plan) -> Plan:
    """The plan, if market, provider and currency can take the actor's money for it; raises Refused otherwise."""
    if plan.is_free:
        raise Refused(_("This plan is free; nothing has to be ordered."))
    if plan.org_id == actor.org_id:
        raise Refused(_("This is your own organization's listing. You can try it without a subscription."))
    if not plan.org.payout_address:
        raise Refused(
            _("%(org)s has not named a wallet to be paid to yet, so nothing can be ordered from them.")
            % {"org": plan.org}
        )
    if not plan.currency.accepted:
        raise Refused(_("The escrow does not accept %(symbol)s at the moment.") % {"symbol": plan.currency.symbol})
    params = MarketParams.objects.current()
    if params is None:
        raise Refused(_("The market is not ready to take orders yet: its fee has not been read from the chain."))
    if params.is_paused:
        raise Refused(_("The market takes no new payments at the moment. Nothing was taken; running orders go on."))
    return plan


def _drafted(
    actor: Actor, plan: Plan, periods: int, form_key: uuid.UUID, *, beyond: Subscription | None, replaces: Order | None
) -> Order:
    now, params = market_time(), MarketParams.objects.current()
    assert params and actor.org_id  # noqa: S101  (orderable() has looked; the door has set it)
    order = Order(
        buyer_id=actor.org_id,
        provider_id=plan.org_id,
        listing_id=plan.listing_id,
        plan=plan,
        currency_id=plan.currency_id,
        price=plan.overage_price if beyond else plan.price,
        period_seconds=0 if beyond else plan.period_seconds,
        periods=periods,
        signer=calls.signer() if beyond or plan.is_per_call else "",
        beyond=beyond,
        replaces=replaces,
        max_fee_bps=params.fee_bps,
        provider_address=plan.org.payout_address,
        form_key=form_key,
        placed_by_id=actor.user_id,
        placed_at=now,
        expires_at=(now + TIME_TO_PAY).replace(microsecond=0),
    )
    order.order_ref = order_ref(order, content_hash=plan.content_hash)
    return order


def agreement(order: Order, *, content_hash: str) -> str:
    """The canonical JSON of what was agreed."""
    terms = {
        "order": str(order.public_id),
        "listing": content_hash,
        "buyer": order.buyer_id,
        "provider": order.provider_id,
        "provider_address": order.provider_address,
        "token": f"{order.currency.chain}:{order.currency.address}",
        "price": str(order.price),
        "period_seconds": order.period_seconds,
        "periods": order.periods,
        "max_fee_bps": order.max_fee_bps,
        **({"signer": order.signer} if order.signer else {}),
        **({"beyond": str(order.beyond.page_id)} if order.beyond else {}),
        **({"replaces": str(order.replaces.public_id)} if order.replaces else {}),
    }
    return json.dumps(terms, sort_keys=True, separators=(",", ":"))


def order_ref(order: Order, *, content_hash: str) -> str:
    """SHA-256 of the agreement, as 0x-hex: the escrow keeps it beside the money."""
    return "0x" + hashlib.sha256(agreement(order, content_hash=content_hash).encode()).hexdigest()


def begin(order: Order, *, starts_at: datetime, ends_at: datetime) -> None:
    """The order is paid: open its subscription for the time that was bought. For the escrow, inside its transaction."""
    order.move(Order.State.FUNDED)
    dates = {"starts_at": starts_at, "ends_at": ends_at, "grace_ends_at": grace_after(order, ends_at)}
    order.subscription.move(Subscription.State.ACTIVE, version_number=order.plan.version_number, **dates)


def grace_after(order: Order, ends_at: datetime) -> datetime | None:
    """Until when calls pass after the paid time, as the order's plan gives it; None when it gives none."""
    return ends_at + timedelta(days=order.plan.grace_days) if order.plan.has_grace else None


def extend(order: Order, *, added: int, ends_at: datetime) -> None:
    """Further periods are paid. One that the clock has ended meanwhile runs again: it was paid before its end."""
    order.added_periods += added
    order.save(update_fields=["added_periods"])
    subscription, grace = order.subscription, grace_after(order, ends_at)
    if subscription.state == Subscription.State.ENDED:
        subscription.move(Subscription.State.ACTIVE, ends_at=ends_at, grace_ends_at=grace, ended_reason="")
        return
    subscription.ends_at, subscription.grace_ends_at = ends_at, grace
    subscription.save(update_fields=["ends_at", "grace_ends_at"])


def note_returned(order: Order, *, returned: int) -> None:
    """So much of the order's money is the buyer's again, in base units, in all; it no longer counts as spent."""
    order.returned = returned
    order.save(update_fields=["returned"])


def pause(order: Order) -> None:
    """A dispute stands: nothing is earned, so nothing is used."""
    if order.subscription.can_move(Subscription.State.SUSPENDED):
        order.subscription.move(Subscription.State.SUSPENDED)


def finish(order: Order, *, to: str, at: datetime, reason: str, returned: int = 0, has_elapsed: bool = False) -> None:
    """The order's money is settled for good: `to` completed or refunded. Ends the subscription if it still runs.

    `returned` is what came back to the buyer in all, in base units: it no longer counts as spent. Where all has simply
    elapsed, days of grace still run; the clock ends them.
    """
    order.move(to, returned=returned)
    subscription = order.subscription
    if has_elapsed and subscription.is_in_grace(at):
        return
    if subscription.can_move(Subscription.State.ENDED):
        ends_at = min(at, subscription.ends_at) if subscription.ends_at else at
        subscription.move(Subscription.State.ENDED, ended_reason=reason, ends_at=ends_at, grace_ends_at=None)


def expire_orders() -> int:
    """Close orders that were not paid in time; returns how many. A deposit that comes later can only be taken back.

    By the time of final blocks, and a while after: a deposit made in the last second still has to be read and settled.
    """
    final = final_time()
    if final is None:
        return 0
    with transaction.atomic(), as_system("orders of every organization expire"):
        overdue = Order.objects.overdue(final - TIME_TO_SETTLE).select_related("subscription").order_by("pk")
        orders = list(overdue.select_for_update(of=("self",), skip_locked=True)[:BATCH])
        for order in orders:
            order.move(Order.State.EXPIRED)
            order.subscription.move(Subscription.State.ENDED, ended_reason=noop("The order was not paid in time."))
        tell_both(("order.expired", order, {}) for order in orders)
    return len(orders)


def take_back(actor: Actor, order: Order) -> None:
    """An unpaid order ends by its buyer's word. For the escrow, which has looked for payments, in its transaction."""
    order.move(Order.State.EXPIRED)
    order.subscription.move(Subscription.State.ENDED, ended_reason=noop("Given up before it was paid."))
    note_both(actor, "order.given_up", order)


def end_lapsed() -> int:
    """End subscriptions whose time is over, their grace included; returns how many."""
    now = market_time()
    with transaction.atomic(), as_system("subscriptions of every organization end"):
        lapsed = Subscription.objects.lapsed(now).select_related("order").order_by("pk")
        subscriptions = list(lapsed.select_for_update(of=("self",), skip_locked=True)[:BATCH])
        for subscription in subscriptions:
            late = subscription.grace_ends_at
            used = late if late and late <= now else None
            subscription.move(Subscription.State.ENDED, ended_reason=_over(subscription), grace_ends_at=used)
        tell_both(("subscription.ended", one.order or one, {}) for one in subscriptions)
    return len(subscriptions)


def _over(subscription: Subscription) -> str:
    if subscription.is_trial:
        return noop("The trial is over.")
    return (
        noop("The time that was paid for is over.")
        if subscription.order_id
        else noop("The year of the free plan is over.")
    )
