"""The last step before an order, the same at every checkout: what stands in its way, and the order or the question."""

import uuid
from collections.abc import Callable

from marketplace.catalog.models import Currency, Plan
from marketplace.lifecycle import Refused
from marketplace.subscriptions import services, spending
from marketplace.subscriptions.models import Order, SpendingRequest
from marketplace.tenancy.actor import Actor


def in_the_way(actor: Actor, *, currency: Currency, amount: int, orderable: Callable[[], object]) -> dict[str, str]:
    """What keeps an order of `amount` base units from being placed, as sentences; empty ones where nothing does.

    `refusal`: it cannot be ordered (`orderable` has raised Refused); `limit`: it is beyond a budget; `approval`: an
    owner has to be asked.
    """
    said = {"refusal": "", "limit": "", "approval": ""}
    try:
        orderable()
        spending.check(actor, currency=currency, amount=amount, lock=False)
    except spending.NeedsApproval as needed:
        said["approval"] = str(needed)
    except spending.BeyondBudget as beyond:
        said["limit"] = str(beyond)
    except Refused as refused:
        said["refusal"] = str(refused)
    return said


def order_or_ask(
    actor: Actor, *, plan: Plan, periods: int, form_key: uuid.UUID, note: str | None, replaces: Order | None = None
) -> Order | SpendingRequest:
    """Place an order, or ask an owner about it where one is needed and has been written to (`note` is not None).

    Raises Refused with what stands in the way, and NeedsApproval before anything was written to an owner.
    """
    try:
        return services.place_order(actor, plan_id=plan.pk, periods=periods, form_key=form_key, replaces=replaces)
    except spending.NeedsApproval:
        if note is None:
            raise
    return spending.ask(actor, plan=plan, periods=periods, form_key=form_key, note=note, replaces=replaces)
