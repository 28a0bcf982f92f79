"""More of what runs than a member may pay without an owner: the page that adds to it asks."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from marketplace.subscriptions import asking
from marketplace.subscriptions.forms import AskForMoreForm
from marketplace.subscriptions.models import Order
from marketplace.tenancy.door import ActedRequest


def answered(request: ActedRequest, order: Order, context: dict[str, Any], page: str) -> HttpResponse:
    """The page of an offer; with `approval` in it also the form that asks an owner, and the way on when it was sent."""
    sent = request.method == "POST"
    initial = {"note": request.GET.get("note", ""), "form_key": uuid.uuid4()}
    form = AskForMoreForm(request.POST if sent else None, initial=initial)
    if sent and context.get("approval") and form.is_valid():
        wish = asking.Wish(order.plan, context["periods"], adds_to=order)
        asked = asking.ask(request.actor, wish=wish, **form.cleaned_data)
        return redirect("subscriptions:asked", request.org.slug, asked.public_id)
    if context.get("approval"):
        context["asked"] = asking.waiting_for_more(request.actor, order=order, count=context["periods"])
    page += "#offer" if request.htmx else ""
    return render(request, page, {**context, "asking": form}, status=422 if sent else 200)
