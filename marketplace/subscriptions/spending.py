"""Spending rules: what an order may cost before an owner is asked, and how much may be spent in a month."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from marketplace.audit import services as audit
from marketplace.catalog.models import Currency, Plan
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_DECIDE_SPENDING, org_of
from marketplace.organizations.models import Membership, Organization
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order, SpendingLimit, SpendingRequest, Subscription
from marketplace.subscriptions.words import money
from marketplace.tenancy.actor import Actor

WARN_AT: Final = (50, 80, 100)  # percent of a month's budget
State = SpendingRequest.State


class NeedsApproval(Refused):
    """The order is larger than what may be ordered without an owner."""


class BeyondBudget(Refused):
    """The order costs more than what is left of a month's budget."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit, and what of it is spent in the month that began at `since`, in base units."""

    limit: SpendingLimit
    since: datetime
    spent: int

    @property
    def left(self) -> int:
        return max(int(self.limit.monthly or 0) - self.spent, 0)

    @property
    def percent(self) -> int:
        """Of the month's budget, rounded down; more than 100 when it was lowered afterwards."""
        return self.spent * 100 // int(self.limit.monthly) if self.limit.monthly else 100


def month_of(moment: datetime) -> datetime:
    """The beginning of the calendar month in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def budgets(org_id: int) -> list[Budget]:
    """All limits of an organization with what is spent of them this month."""
    limits = SpendingLimit.objects.for_org(org_id).select_related("user", "currency", "org")
    return [_budget(limit) for limit in limits]


def _budget(limit: SpendingLimit) -> Budget:
    since = month_of(market_time())
    orders = Order.objects.bought_by(limit.org_id).counting().filter(currency=limit.currency, placed_at__gte=since)
    if limit.user_id:
        orders = orders.filter(placed_by=limit.user_id)
    return Budget(limit, since, orders.spent())


def check(
    actor: Actor, *, currency: Currency, amount: int, is_approved: bool = False, lock: bool = True
) -> list[Budget]:
    """The budgets that an order of `amount` base units counts against; without `lock` only to be shown.

    Raises NeedsApproval or BeyondBudget, with the figures in words.
    """
    limits = SpendingLimit.objects.for_org(org_of(actor)).binding(actor.user_id).filter(currency=currency)
    limits = limits.select_related("user", "currency", "org")
    # Locked in one order; while the lock is held nobody else's order counts against the same budgets.
    binding = list(limits.select_for_update(of=("self",)) if lock else limits)
    found = [_budget(limit) for limit in binding if limit.monthly is not None]
    for budget in found:
        if budget.spent + amount > int(budget.limit.monthly or 0):
            raise BeyondBudget(_beyond(budget, amount, actor))
    if not is_approved and actor.role not in MAY_DECIDE_SPENDING:
        above = [int(limit.approval_above) for limit in binding if limit.approval_above is not None]
        if above and amount > min(above):
            raise NeedsApproval(
                _("Orders above %(money)s need an owner's approval.") % {"money": money(min(above), currency)}
            )
    return found


def _beyond(budget: Budget, amount: int, actor: Actor) -> str:
    limit = budget.limit
    if limit.user_id == actor.user_id:
        figures = _("Your budget for %(month)s is %(budget)s, of which %(left)s are left; this costs %(costs)s.")
    else:
        figures = _("%(org)s's budget for %(month)s is %(budget)s, of which %(left)s are left; this costs %(costs)s.")
    if actor.role in MAY_DECIDE_SPENDING:
        remedy = _("Raise it under Spending, or wait for next month.")
    else:
        remedy = _("Ask an owner to raise it, or wait for next month.")
    words = {
        "org": limit.org,
        "month": formats.date_format(budget.since, "F"),
        "budget": money(int(limit.monthly or 0), limit.currency),
        "left": money(budget.left, limit.currency),
        "costs": money(amount, limit.currency),
    }
    return f"{figures % words} {remedy}"


def warn(actor: Actor, *, before: Iterable[Budget], amount: int) -> None:
    """Note each half, four fifths and end of a budget that an order has just reached; in the order's transaction."""
    for budget in before:
        monthly = int(budget.limit.monthly or 0)
        reached = [p for p in WARN_AT if budget.spent * 100 < p * monthly <= (budget.spent + amount) * 100]
        if reached:
            audit.record(
                actor,
                "budget.warned",
                budget.limit,
                percent=reached[-1],
                month=f"{budget.since:%Y-%m}",
                user_id=budget.limit.user_id,
                spent=str(budget.spent + amount),
                budget=str(monthly),
                currency=budget.limit.currency.symbol,
            )


def set_limit(
    actor: Actor, *, user_id: int | None, currency: Currency, monthly: int | None, approval_above: int | None
) -> None:
    """Set what the organization, or one of its members, may spend; both empty takes the limit away. For owners."""
    if actor.role not in MAY_DECIDE_SPENDING:
        raise Refused(_("Only an owner sets what may be spent."))
    org_id = org_of(actor)
    with transaction.atomic():
        if user_id is not None and not Membership.objects.for_org(org_id).filter(user_id=user_id).exists():
            raise Refused(_("This person is not a member of your organization any more."))
        key: dict[str, Any] = {"org_id": org_id, "user_id": user_id, "currency": currency}
        org = Organization.objects.get(pk=org_id)
        facts: dict[str, Any] = {"user_id": user_id, "currency": currency.symbol}
        if monthly is None and approval_above is None:
            SpendingLimit.objects.filter(**key).delete()
            audit.record(actor, "spending.limit_removed", org, **facts)
            return
        SpendingLimit.objects.update_or_create(**key, defaults={"monthly": monthly, "approval_above": approval_above})
        facts |= {"monthly": _text(monthly), "approval_above": _text(approval_above)}
        audit.record(actor, "spending.limit_set", org, **facts)


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)


@dataclass(frozen=True, slots=True)
class Wish:
    """So many periods, or calls, of a plan: in the place of an order, more of one, or beyond a subscription's own."""

    plan: Plan
    periods: int
    replaces: Order | None = None
    adds_to: Order | None = None
    beyond: Subscription | None = None


def ask(actor: Actor, *, wish: Wish, form_key: uuid.UUID, note: str) -> SpendingRequest:
    """Ask an owner about what is larger than the actor may order; the same form asks once."""
    org_id = org_of(actor)
    request = SpendingRequest(
        org_id=org_id,
        asked_by_id=actor.user_id,
        plan=wish.plan,
        currency=wish.plan.currency,
        periods=wish.periods,
        replaces=wish.replaces,
        adds_to=wish.adds_to,
        before=wish.adds_to.all_periods if wish.adds_to else None,
        beyond=wish.beyond,
        form_key=form_key,
        note=note,
    )
    request.amount = request.price * wish.periods
    try:
        with transaction.atomic():
            request.save(force_insert=True)
            audit.record(actor, "spending.asked", request, request=str(request.public_id), amount=str(request.amount))
    except IntegrityError:
        return SpendingRequest.objects.for_org(org_id).get(form_key=form_key)
    return request


def decide(actor: Actor, *, public_id: uuid.UUID, approve: bool, reason: str) -> SpendingRequest:
    """An owner says yes, or no with a reason. What the owner may not do twice, the row's state refuses."""
    if actor.role not in MAY_DECIDE_SPENDING:
        raise Refused(_("Only an owner decides about this."))
    if not approve and not reason.strip():
        raise Refused(_("Say why, so that the person who asked knows what to do."))
    with transaction.atomic():
        request = _locked(actor, public_id)
        decided = {"decided_by_id": actor.user_id, "decided_at": timezone.now(), "reason": reason.strip()}
        request.move(State.APPROVED if approve else State.DECLINED, **decided)
        audit.record(
            actor,
            "spending.approved" if approve else "spending.declined",
            request,
            request=str(public_id),
            user_id=request.asked_by_id,
        )
    return request


def withdraw(actor: Actor, *, public_id: uuid.UUID) -> SpendingRequest:
    """Take a request back, by who asked."""
    with transaction.atomic():
        request = _locked(actor, public_id)
        if request.asked_by_id != actor.user_id:
            raise Refused(_("Only who asked can take this back."))
        request.move(State.WITHDRAWN)
        audit.record(actor, "spending.withdrawn", request, request=str(public_id))
    return request


def approved(actor: Actor, *, public_id: uuid.UUID) -> SpendingRequest:
    """The actor's approved request, locked, to be ordered now; raises Refused with what stands in the way."""
    request = _locked(actor, public_id)
    if request.asked_by_id != actor.user_id:
        raise Refused(_("Only who asked can go on with this."))
    if request.state == State.ORDERED:
        return request
    if request.state != State.APPROVED:
        raise Refused(_("This request is %(get_state_display)s.") % {"get_state_display": request.get_state_display()})
    if request.price * request.periods != request.amount:
        raise Refused(_("The price has changed since this was approved. Please ask again."))
    return request


def waiting_for_more(actor: Actor, *, order: Order, count: int) -> SpendingRequest | None:
    """The actor's request for so many more of what an order holds today, while no owner has answered it."""
    mine = SpendingRequest.objects.for_org(org_of(actor)).waiting().filter(asked_by_id=actor.user_id)
    return mine.filter(adds_to=order, before=order.all_periods, periods=count).first()


def _agreed(actor: Actor, order: Order, count: int) -> QuerySet[SpendingRequest]:
    """The actor's requests for so many more of what an order holds today that an owner has agreed to."""
    mine = SpendingRequest.objects.for_org(org_of(actor)).filter(asked_by_id=actor.user_id)
    agreed = mine.filter(state__in=[State.APPROVED, State.ORDERED])
    return agreed.filter(adds_to=order, before=order.all_periods, periods=count)


def check_more(actor: Actor, *, order: Order, count: int, lock: bool = True) -> list[Budget]:
    """As `check`, for `count` periods or calls more of an order: an owner's yes to just that counts."""
    amount, agreed = int(order.price) * count, _agreed(actor, order, count).exists()
    return check(actor, currency=order.currency, amount=amount, is_approved=agreed, lock=lock)


def note_begun(actor: Actor, *, order: Order, count: int) -> None:
    """The payment that an owner has agreed to is on its way; in the transaction that says so."""
    for request in _agreed(actor, order, count).filter(state=State.APPROVED).select_for_update(of=("self",))[:1]:
        request.move(State.ORDERED)


def _locked(actor: Actor, public_id: uuid.UUID) -> SpendingRequest:
    rows = SpendingRequest.objects.for_org(org_of(actor)).select_for_update(of=("self",))
    rows = rows.select_related("plan", "currency", "replaces", "adds_to", "beyond__order")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Refused(_("Your organization has no such request."))
    return found
