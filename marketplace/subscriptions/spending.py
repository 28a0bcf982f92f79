"""Spending rules: what an order may cost before an owner is asked, and how much may be spent in a month."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import formats
from django.utils.translation import gettext as _

from chain.fields import Uint256Field
from marketplace.audit import services as audit
from marketplace.catalog.models import Currency
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_DECIDE_SPENDING, org_of
from marketplace.organizations.models import Membership, Organization
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Addition, Order, SpendingLimit, SpendingRequest
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


def _budget(limit: SpendingLimit, *, but: Order | None = None) -> Budget:
    """Spent: what orders placed this month hold, what was added this month to older ones, and what is on its way.

    Less what came back, of each order at most what it counts. `but`: the order to which is being added.
    """
    now = market_time()
    since = month_of(now)
    added = Addition.objects.for_org(limit.org_id).filter(began_at__gte=since, order__currency=limit.currency)
    is_placed = Q(placed_at__gte=since)
    if limit.user_id:
        added, is_placed = added.filter(by=limit.user_id), is_placed & Q(placed_by=limit.user_id)
    under_way = added.on_the_way(now).exclude(order=but) if but else added.on_the_way(now)
    held = Case(When(is_placed, then=F("periods") + F("added_periods")), default=_counted(added.paid()))
    orders = Order.objects.bought_by(limit.org_id).counting().filter(currency=limit.currency)
    orders = orders.filter(is_placed | Q(pk__in=added.values("order")))
    costs = F("price") * (held + _counted(under_way)) - F("returned")
    found = orders.aggregate(spent=Sum(Greatest(costs, Value(0), output_field=Uint256Field()), default=0))
    return Budget(limit, since, int(found["spent"]))


def _counted(added: QuerySet[Addition]) -> Coalesce:
    """So many periods or calls more of an order."""
    of_order = added.filter(order=OuterRef("pk")).order_by().values("order").annotate(sum=Sum("count"))
    return Coalesce(Subquery(of_order.values("sum")), 0)


def check(
    actor: Actor,
    *,
    currency: Currency,
    amount: int,
    is_approved: bool = False,
    more_of: Order | None = None,
    lock: bool = True,
) -> list[Budget]:
    """The budgets that `amount` base units for an order, or for more of one, count against; without `lock` for show.

    Raises NeedsApproval or BeyondBudget, with the figures in words.
    """
    limits = SpendingLimit.objects.for_org(org_of(actor)).binding(actor.user_id).filter(currency=currency)
    limits = limits.select_related("user", "currency", "org")
    # Locked in one order; while the lock is held nobody else's order counts against the same budgets.
    binding = list(limits.select_for_update(of=("self",)) if lock else limits)
    found = [_budget(limit, but=more_of) for limit in binding if limit.monthly is not None]
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
