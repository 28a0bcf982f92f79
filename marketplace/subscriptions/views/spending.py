"""What may be spent, what is spent, and what waits for an owner."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_DECIDE_SPENDING, MAY_PAY
from marketplace.organizations.models import Membership
from marketplace.subscriptions import asking, services, spending
from marketplace.subscriptions.forms import AnswerForm, LimitForm
from marketplace.subscriptions.models import Order, SpendingRequest
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

NEWEST = 50


@door.member(*MAY_PAY)
def overview(request: ActedRequest) -> HttpResponse:
    """Budgets with what is spent of them this month, requests, and for owners the form that sets a limit."""
    may_decide = request.actor.role in MAY_DECIDE_SPENDING
    form, status = None, 200
    if may_decide:
        members = Membership.objects.for_org(request.org.pk).select_related("user").order_by("user__email")
        form = LimitForm(request.POST or None, org_name=request.org.name, members=members)
    if form is not None and request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                spending.set_limit(request.actor, **form.wanted())
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("The limit is set. It binds from the next order on."))
                return redirect("subscriptions:spending", org=request.org.slug)
    asked = SpendingRequest.objects.for_org(request.org.pk).select_related("asked_by", "plan__listing", "currency")
    context = {"form": form, "budgets": spending.budgets(request.org.pk), "asked": asked[:NEWEST]}
    return render(request, "subscriptions/spending.html", context, status=status)


def _request_of(request: ActedRequest, public_id: uuid.UUID) -> SpendingRequest:
    asked = SpendingRequest.objects.for_org(request.org.pk).select_related(
        "asked_by", "decided_by", "plan__listing__org", "currency", "order", "adds_to__currency", "replaces__plan"
    )
    found = asked.filter(public_id=public_id).first()
    if found is None:
        raise Http404("No such request.")
    return found


@door.member(*MAY_PAY)
@require_http_methods(["GET", "POST"])
def asked(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """One request: an owner approves or declines it, who asked goes on with it or takes it back."""
    found = _request_of(request, public_id)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _acted(request, found, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
            found = _request_of(request, public_id)
    is_mine = found.asked_by_id == request.actor.user_id
    context: dict[str, Any] = {
        "asked": found,
        "form": form,
        "is_mine": is_mine,
        "may_decide": found.state == "waiting" and request.actor.role in MAY_DECIDE_SPENDING,
        "may_order": found.state == "approved" and is_mine,
        "may_withdraw": found.state in ("waiting", "approved") and is_mine,
    }
    page = "subscriptions/request.html" + ("#state" if request.htmx else "")
    return render(request, page, context, status=422 if form.is_bound else 200)


def _more_of(request: ActedRequest, found: SpendingRequest, order: Order) -> str:
    """The address where just what was asked for can be paid."""
    wanted: dict[str, str] = {"periods": str(found.periods)}
    if found.is_of_calls:
        wanted = {"amount": f"{found.currency.in_units(int(found.amount)).normalize():f}"}
    return f"{reverse('escrow:renew', args=[request.org.slug, order.public_id])}?{urlencode(wanted)}"


def _acted(request: ActedRequest, found: SpendingRequest, *, do: str, reason: str) -> HttpResponse:
    if do == "order" and found.adds_to:
        return redirect(_more_of(request, found, found.adds_to))
    if do == "order":
        order = services.place_approved_order(request.actor, public_id=found.public_id)
        return redirect("escrow:pay", org=request.org.slug, public_id=order.public_id)
    if do == "withdraw":
        asking.withdraw(request.actor, public_id=found.public_id)
    else:
        asking.decide(request.actor, public_id=found.public_id, approve=do == "approve", reason=reason)
        messages.success(request, _("Your answer is noted. Who asked is told."))
    return redirect("subscriptions:asked", request.org.slug, found.public_id)
