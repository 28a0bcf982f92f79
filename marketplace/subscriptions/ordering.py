"""The last step before an order, the same at every checkout: what stands in its way, and the order or the question."""

import uuid
from collections.abc import Callable

from marketplace.catalog.models import Currency, Plan
from marketplace.lifecycle import Refused
from marketplace.subscriptions import asking, services, spending
from marketplace.subscriptions.models import Order, SpendingRequest, Subscription
from marketplace.tenancy.actor import Actor


def in_the_way(actor: Actor, *, currency: Currency, amount: int, orderable: Callable[[], object]) -> dict[str, str]:
    """What keeps an order of `amount` base units from being placed, as sentences; empty ones where nothing does.

    `refusal`: it cannot be ordered (`orderable` has raised Refused); `limit`: it is beyond a budget; `approval`: an
    owner has to be asked.
    """

    def look() -> None:
        orderable()
        spending.check(actor, currency=currency, amount=amount, lock=False)

    return _said(look)


def more_in_the_way(actor: Actor, *, order: Order, count: int) -> dict[str, str]:
    """The same for so many periods or calls more of a running order."""
    return _said(lambda: asking.check_more(actor, order=order, count=count, lock=False))


def _said(look: Callable[[], object]) -> dict[str, str]:
    said = {"refusal": "", "limit": "", "approval": ""}
    try:
        look()
    except spending.NeedsApproval as needed:
        said["approval"] = str(needed)
    except spending.BeyondBudget as beyond:
        said["limit"] = str(beyond)
    except Refused as refused:
        said["refusal"] = str(refused)
    return said


def order_or_ask(
    actor: Actor,
    *,
    plan: Plan,
    periods: int,
    form_key: uuid.UUID,
    note: str | None,
    replaces: Order | None = None,
    beyond: Subscription | None = None,
) -> Order | SpendingRequest:
    """Place an order, or ask an owner about it where one is needed and has been written to (`note` is not None).

    Raises Refused with what stands in the way, and NeedsApproval before anything was written to an owner.
    """
    try:
        return services.place_order(
            actor, plan_id=plan.pk, periods=periods, form_key=form_key, replaces=replaces, beyond=beyond
        )
    except spending.NeedsApproval:
        if note is None:
            raise
    wish = asking.Wish(plan, periods, replaces=replaces, beyond=beyond)
    return asking.ask(actor, wish=wish, form_key=form_key, note=note)


def following(made: Order | SpendingRequest) -> str:
    """The name of the page that goes on from there."""
    return "escrow:pay" if isinstance(made, Order) else "subscriptions:asked"
