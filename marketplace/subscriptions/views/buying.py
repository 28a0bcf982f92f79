"""From a tool to an order, and what became of the orders of an organization."""

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.catalog.models import Listing, Plan
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, MAY_PAY, MAY_USE
from marketplace.organizations.models import Membership
from marketplace.organizations.taxes import tax_of, vat_number_of
from marketplace.subscriptions import calls, changing, free, services
from marketplace.subscriptions.allowance import allowance
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.forms import AskForm, CallsForm, CheckoutForm
from marketplace.subscriptions.models import MarketParams, Order, Subscription
from marketplace.subscriptions.ordering import following, in_the_way, order_or_ask
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest
from marketplace.tenancy.scope import scope

PER_PAGE = 25


@door.public
def start(request: ActedRequest, slug: str) -> HttpResponse:
    """The way to the checkout: sign in, have an organization, choose one if there are several."""
    listing = get_object_or_404(Listing.objects.public(), slug=slug)
    plans = Plan.objects.on_sale().filter(listing=listing).order_by("price")
    wanted = request.GET.get("plan", "")
    plan = (plans.filter(pk=wanted).first() if wanted.isdecimal() else None) or plans.first()
    if plan is None:
        raise Refused(_("%(listing)s has no plan on sale at the moment.") % {"listing": listing})
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    with transaction.atomic(), scope(user_id=request.user.pk):
        memberships = list(Membership.objects.of(request.user.pk))
    if not memberships:
        return redirect(f"{reverse('organizations:create')}?{urlencode({'next': request.get_full_path()})}")
    payers = [membership for membership in memberships if membership.role in MAY_PAY]
    if len(memberships) == 1 and payers:
        return redirect("subscriptions:checkout", org=payers[0].org.slug, plan_id=plan.pk)
    context = {"listing": listing, "plan": plan, "payers": payers, "memberships": memberships}
    return render(request, "subscriptions/start.html", context)


@door.member(*MAY_PAY)
def checkout(request: ActedRequest, plan_id: int) -> HttpResponse:
    """What is bought, for how long, at what price, and what happens if it is stopped; sending it places the order."""
    plan = Plan.objects.select_related("listing__category", "org", "currency").filter(pk=plan_id).first()
    if plan is None:
        raise Http404("No such plan.")
    sent = request.method == "POST"
    if plan.is_free or (sent and "trial" in request.POST):
        return _for_nothing(request, plan)
    shown = request.POST if sent else None
    form = _checkout_form(request, plan, shown)
    asking = AskForm(shown, initial={"note": request.GET.get("note", "")})
    if sent and form.is_valid() and asking.is_valid():
        note = asking.cleaned_data["note"] if "note" in request.POST else None
        try:
            made = order_or_ask(request.actor, plan=plan, note=note, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect(following(made), org=request.org.slug, public_id=made.public_id)
    page = "subscriptions/checkout_calls.html" if plan.is_per_call else "subscriptions/checkout.html"
    page += "#sum" if request.htmx else ""
    context = {**_offer(request, plan, form), "asking": asking}
    return render(request, page, context, status=422 if sent else 200)


def _checkout_form(request: ActedRequest, plan: Plan, sent: Any) -> CheckoutForm | CallsForm:
    key = {"form_key": uuid.uuid4()}
    if not plan.is_per_call:
        return CheckoutForm(sent, plan=plan, initial={"periods": request.GET.get("periods", "1"), **key})
    asked = {"amount": request.GET["amount"]} if "amount" in request.GET else {}
    return CallsForm(
        sent, price=int(plan.price), currency=plan.currency, least=calls.least(plan), initial={**asked, **key}
    )


def _for_nothing(request: ActedRequest, plan: Plan) -> HttpResponse:
    """What a free plan or a trial holds; sending it begins it at once, for there is nothing to pay."""
    refusal = ""
    if request.method == "POST":
        try:
            if "trial" in request.POST:
                begun = free.begin_trial(request.actor, plan_id=plan.pk)
            else:
                begun = free.begin_free(request.actor, plan_id=plan.pk)
        except Refused as refused:
            refusal = str(refused)
        else:
            return redirect("subscriptions:detail", org=request.org.slug, public_id=begun.public_id)
    context = {"plan": plan, "listing": plan.listing, "refusal": refusal, "wants_trial": "trial" in request.POST}
    return render(request, "subscriptions/free.html", context, status=422 if refusal else 200)


def _offer(request: ActedRequest, plan: Plan, form: CheckoutForm | CallsForm) -> dict[str, Any]:
    actor, total = request.actor, form.chosen * plan.price
    orderable = partial(services.orderable, actor, plan.pk)
    params, periods = MarketParams.objects.current(), form.chosen
    mine = Subscription.objects.filter(buyer=request.org, listing=plan.listing)
    return {
        "plan": plan,
        "listing": plan.listing,
        "form": form,
        "params": params,
        **in_the_way(actor, currency=plan.currency, amount=total, orderable=orderable),
        "periods": periods,
        "seconds": periods * plan.period_seconds,
        "each": plan.price,
        "total": total,
        "forgotten": mine.in_grace(market_time()).exists(),
        "may_try": free.may_try(request.actor, plan),
        "tax": tax_of(plan.org, buyer_country=request.org.country, buyer_vat=vat_number_of(request.org)),
    }


@door.member(*EVERYBODY)
def bought(request: ActedRequest) -> HttpResponse:
    """The subscriptions of the organization, newest first."""
    found = Subscription.objects.filter(buyer=request.org).select_related(
        "order__currency", "listing__org", "free_plan"
    )
    context = _paged(request, found.order_by("-pk"))
    return render(request, "subscriptions/list.html", {**context, "now": market_time()})


def _paged(request: ActedRequest, rows: QuerySet[Any]) -> dict[str, Any]:
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    following = f"?page={page.next_page_number()}" if page.has_next() else ""
    before = f"?page={page.previous_page_number()}" if page.has_previous() else ""
    return {"page": page, "next_url": following, "previous_url": before}


@door.member(*EVERYBODY)
def detail(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """One subscription, for its buyer or its provider: its dates and terms; its money is the escrow's part."""
    order = Order.objects.for_org(request.org.pk).select_related(
        "subscription__listing__org", "listing", "plan", "currency", "subscription__buyer", "subscription__provider",
        "beyond__order", "replaces__plan", "replaces__subscription", "subscription__next_plan",
    )  # fmt: skip
    found = order.filter(public_id=public_id).first()
    if found is None:
        return _free_detail(request, public_id)
    is_buyer = found.buyer_id == request.org.pk
    wished = changing.wished(found.subscription) if is_buyer else None
    same = Plan.objects.on_sale().filter(listing_id=found.listing_id, name=found.plan.name)
    context = {"order": found, "is_buyer": is_buyer, "again": wished or same.first(), "wished": wished}
    context |= _running(found.subscription)
    if is_buyer and not found.is_per_call:
        context |= _changes(found)
    if is_buyer and found.plan.overage_price and not found.is_per_call:
        context["further"] = calls.deposit_beyond(found.subscription)
    return render(request, "subscriptions/detail_paid.html", context)


def _changes(order: Order) -> dict[str, Any]:
    """The plan that runs in the place of this one, the one whose place it takes while that still costs, and others."""
    instead, old = changing.replaced_by(order), order.replaces
    still = old if old and changing.replaced_by(old) else None
    return {"instead": instead, "still": still, "others": None if instead else changing.offered(order)}


def _free_detail(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The same for one without an order."""
    mine = Subscription.objects.for_org(request.org.pk).filter(order=None, public_id=public_id)
    found = mine.select_related("free_plan", "listing__org", "buyer", "provider").first()
    if found is None:
        raise Http404("No such subscription.")
    context = {"plan": found.plan, "is_buyer": found.buyer_id == request.org.pk, **_running(found)}
    return render(request, "subscriptions/detail_free.html", context)


def _running(subscription: Subscription) -> dict[str, Any]:
    now = market_time()
    runs = subscription.state == Subscription.State.ACTIVE and bool(subscription.ends_at and subscription.ends_at > now)
    in_grace = subscription.is_in_grace(now)
    left = allowance(subscription) if runs or in_grace else None
    return {"subscription": subscription, "now": now, "in_grace": in_grace, "allowance": left}


@door.member(*MAY_PAY)
@require_POST
def stop(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """End a free plan or a trial at once."""
    try:
        found = free.stop(request.actor, public_id=public_id)
    except Refused as refused:
        raise Http404(str(refused)) from None
    messages.success(request, _("Stopped. You can begin again at any time from the tool's page."))
    return redirect("subscriptions:detail", org=request.org.slug, public_id=found.public_id)


@door.member(*MAY_USE)
def sales(request: ActedRequest) -> HttpResponse:
    """The orders that the organization has received, newest first."""
    found = Order.objects.sold_by(request.org.pk).select_related("subscription", "listing", "buyer", "currency")
    return render(request, "subscriptions/sales.html", _paged(request, found.order_by("-pk")))
