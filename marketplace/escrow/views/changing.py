"""Another plan in place of the one that runs: side by side with what each costs and brings back, then the order."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from marketplace.catalog.models import Plan
from marketplace.escrow.models import Escrow
from marketplace.escrow.services.changing import figures, held
from marketplace.escrow.views.paying import ordered
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.subscriptions import changing, services, spending
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.forms import AskForm, CheckoutForm
from marketplace.subscriptions.models import Order
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.member(*MAY_PAY)
def change(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The plans that a running order can be changed to, or one of them with its sum; sending that places the order."""
    order = ordered(request, public_id)
    try:
        escrow = _changeable(order)
    except Refused as refused:
        return render(request, "escrow/change.html", {"order": order, "refusal": str(refused)})
    plans = changing.offered(order)
    chosen = _chosen(request, plans)
    if chosen is None:
        return _side_by_side(request, order, escrow, plans)
    return _one(request, order, escrow, chosen)


def _changeable(order: Order) -> Escrow:
    """The deposit of an order whose plan can be changed; raises Refused with what stands in the way."""
    changing.refuse_change(order)
    escrow = held(order)
    if escrow is None:
        raise Refused(_("There is no running payment here. Order the other plan instead."))
    if changing.replaced_by(order):
        raise Refused(_("This was changed already: another plan runs in its place. Stop this one, it still costs."))
    return escrow


def _chosen(request: ActedRequest, plans: list[Plan]) -> Plan | None:
    """The plan that the address names; None when it names none. 404 for one that is not among them."""
    wanted = request.GET.get("plan", "")
    if not wanted:
        return None
    found = next((plan for plan in plans if str(plan.pk) == wanted), None)
    if found is None:
        raise Http404("This order cannot be changed to that plan.")
    return found


def _side_by_side(request: ActedRequest, order: Order, escrow: Escrow, plans: list[Plan]) -> HttpResponse:
    now = market_time()
    shown = [figures(escrow, old=order.plan, plan=plan, periods=1, at=now) for plan in plans]
    context = {"order": order, "escrow": escrow, "plans": shown, "at": now, "refusal": ""}
    return render(request, "escrow/change.html", context)


def _one(request: ActedRequest, order: Order, escrow: Escrow, plan: Plan) -> HttpResponse:
    sent = request.method == "POST"
    data = request.POST if sent else None
    initial = {"periods": request.GET.get("periods", "1"), "form_key": uuid.uuid4()}
    form = CheckoutForm(data, plan=plan, initial=initial)
    asking = AskForm(data, initial={"note": request.GET.get("note", "")})
    if sent and form.is_valid() and asking.is_valid():
        try:
            placed = services.place_order(request.actor, plan_id=plan.pk, replaces=order, **form.cleaned_data)
        except spending.NeedsApproval as refused:
            if "note" in request.POST:
                wish = {**form.cleaned_data, **asking.cleaned_data}
                asked = spending.ask(request.actor, plan=plan, replaces=order, **wish)
                return redirect("subscriptions:asked", org=request.org.slug, public_id=asked.public_id)
            form.add_error(None, str(refused))
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("escrow:pay", org=request.org.slug, public_id=placed.public_id)
    context = {**_offer(request, order, escrow, plan, form), "asking": asking}
    page = "escrow/change_to.html" + ("#sum" if request.htmx else "")
    return render(request, page, context, status=422 if sent else 200)


def _offer(request: ActedRequest, order: Order, escrow: Escrow, plan: Plan, form: CheckoutForm) -> dict[str, Any]:
    refusal = limit = approval = ""
    found = figures(escrow, old=order.plan, plan=plan, periods=form.chosen, at=market_time())
    try:
        services.orderable(request.actor, plan.pk)
        spending.check(request.actor, currency=plan.currency, amount=found.pays, lock=False)
    except spending.NeedsApproval as needed:
        approval = str(needed)
    except spending.BeyondBudget as beyond:
        limit = str(beyond)
    except Refused as refused:
        refusal = str(refused)
    said = {"refusal": refusal, "limit": limit, "approval": approval}
    seconds = found.periods * plan.period_seconds
    return {"order": order, "escrow": escrow, "plan": plan, "form": form, "figures": found, "seconds": seconds, **said}
