"""Calls beyond those that a plan includes: off, unless the buyer puts in a deposit for them."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.subscriptions import calls, services
from marketplace.subscriptions.forms import AskForm, CallsForm
from marketplace.subscriptions.models import MarketParams, Order
from marketplace.subscriptions.ordering import following, in_the_way, order_or_ask
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.member(*MAY_PAY)
def further(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """How much to put in for further calls of a running subscription; sending it places the order."""
    found = Order.objects.bought_by(request.org.pk).select_related(
        "subscription__order", "listing", "plan__org", "plan__listing", "currency"
    )
    order = found.filter(public_id=public_id, period_seconds__gt=0).first()
    if order is None:
        raise Http404("No such order.")
    open_already = calls.deposit_beyond(order.subscription)
    if open_already:
        return redirect("subscriptions:detail", org=request.org.slug, public_id=open_already.public_id)
    sent = request.method == "POST"
    price = int(order.plan.overage_price)
    asked = {"amount": request.GET["amount"]} if "amount" in request.GET else {}
    initial = {**asked, "form_key": uuid.uuid4()}
    shown = request.POST if sent else None
    form = CallsForm(shown, price=price or 1, currency=order.currency, initial=initial)
    asking = AskForm(shown, initial={"note": request.GET.get("note", "")})
    if sent and form.is_valid() and asking.is_valid():
        note = asking.cleaned_data["note"] if "note" in request.POST else None
        try:
            made = order_or_ask(
                request.actor, plan=order.plan, beyond=order.subscription, note=note, **form.cleaned_data
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect(following(made), org=request.org.slug, public_id=made.public_id)
    page = "subscriptions/checkout_calls.html" + ("#sum" if request.htmx else "")
    context = {**_offer(request, order, form), "asking": asking}
    return render(request, page, context, status=422 if sent else 200)


def _offer(request: ActedRequest, order: Order, form: CallsForm) -> dict[str, Any]:
    actor, total = request.actor, form.chosen * int(order.plan.overage_price)

    def orderable() -> None:
        services.payable(actor, calls.plan_beyond(actor, order.subscription))

    return {
        "plan": order.plan,
        "listing": order.listing,
        "form": form,
        "params": MarketParams.objects.current(),
        **in_the_way(actor, currency=order.currency, amount=total, orderable=orderable),
        "periods": form.chosen,
        "each": order.plan.overage_price,
        "total": total,
        "beyond": order,
    }
