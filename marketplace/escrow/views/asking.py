"""More of what runs than a member may pay without an owner: the page that adds to it asks."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from marketplace.subscriptions import spending
from marketplace.subscriptions.forms import AskForMoreForm
from marketplace.subscriptions.models import Order
from marketplace.tenancy.door import ActedRequest


def answered(request: ActedRequest, order: Order, context: dict[str, Any], page: str) -> HttpResponse:
    """The page of an offer; with `approval` in it also the form that asks an owner, and the way on when it was sent."""
    sent = request.method == "POST"
    initial = {"note": request.GET.get("note", ""), "form_key": uuid.uuid4()}
    asking = AskForMoreForm(request.POST if sent else None, initial=initial)
    if sent and context.get("approval") and asking.is_valid():
        wish = spending.Wish(order.plan, context["periods"], adds_to=order)
        asked = spending.ask(request.actor, wish=wish, **asking.cleaned_data)
        return redirect("subscriptions:asked", request.org.slug, asked.public_id)
    if context.get("approval"):
        context["asked"] = spending.waiting_for_more(request.actor, order=order, count=context["periods"])
    page += "#offer" if request.htmx else ""
    return render(request, page, {**context, "asking": asking}, status=422 if sent else 200)
