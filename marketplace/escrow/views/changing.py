"""Another plan in place of the one that runs: side by side with what each costs and brings back, then the order."""

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from marketplace.catalog.models import Plan
from marketplace.escrow.models import Escrow
from marketplace.escrow.services.changing import figures, held
from marketplace.escrow.views.paying import ordered
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.organizations.taxes import tax_of, vat_number_of
from marketplace.subscriptions import changing, services
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.forms import AskForm, CheckoutForm
from marketplace.subscriptions.models import MarketParams, Order
from marketplace.subscriptions.ordering import following, in_the_way, order_or_ask
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
    if request.method == "POST" and "plan" not in request.GET:
        return _wished(request, order)
    plans = changing.offered(order)
    chosen = _chosen(request, plans)
    if chosen is None:
        return _side_by_side(request, order, escrow, plans)
    return _one(request, order, escrow, chosen)


def _wished(request: ActedRequest, order: Order) -> HttpResponse:
    """Another plan when the paid time is over, or none after all: remembered, nothing is ordered."""
    wanted = request.POST.get("at_end", "")
    try:
        changing.wish(request.actor, order=order, plan_id=int(wanted) if wanted.isdecimal() else None)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Noted. We remind you before the paid time is over; nothing is taken by itself."))
    return redirect("escrow:change", org=request.org.slug, public_id=order.public_id)


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
    wished = changing.wished(order.subscription)
    context = {"order": order, "escrow": escrow, "plans": shown, "wished": wished, "at": now, "refusal": ""}
    context["waiting"] = changing.unpaid(order)
    return render(request, "escrow/change.html", context)


def _one(request: ActedRequest, order: Order, escrow: Escrow, plan: Plan) -> HttpResponse:
    sent = request.method == "POST"
    data = request.POST if sent else None
    initial = {"periods": request.GET.get("periods", "1"), "form_key": uuid.uuid4()}
    form = CheckoutForm(data, plan=plan, initial=initial)
    asking = AskForm(data, initial={"note": request.GET.get("note", "")})
    if sent and form.is_valid() and asking.is_valid():
        note = asking.cleaned_data["note"] if "note" in request.POST else None
        try:
            made = order_or_ask(request.actor, plan=plan, note=note, replaces=order, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect(following(made), org=request.org.slug, public_id=made.public_id)
    context = {**_offer(request, order, escrow, plan, form), "asking": asking}
    page = "escrow/change_to.html" + ("#sum" if request.htmx else "")
    return render(request, page, context, status=422 if sent else 200)


def _offer(request: ActedRequest, order: Order, escrow: Escrow, plan: Plan, form: CheckoutForm) -> dict[str, Any]:
    actor = request.actor
    found = figures(escrow, old=order.plan, plan=plan, periods=form.chosen, at=market_time())
    orderable = partial(services.orderable, actor, plan.pk)
    return {
        "order": order,
        "escrow": escrow,
        "plan": plan,
        "form": form,
        "figures": found,
        "waiting": changing.unpaid(order),
        "seconds": found.periods * plan.period_seconds,
        "params": MarketParams.objects.current(),
        "tax": tax_of(plan.org, buyer_country=request.org.country, buyer_vat=vat_number_of(request.org)),
        **in_the_way(actor, currency=plan.currency, amount=found.pays, orderable=orderable),
    }
