"""The money of an order of calls: what is used and left, putting in more, stopping, and what comes back."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.escrow import services
from marketplace.escrow.evidence.bundle import gathered
from marketplace.escrow.services import using
from marketplace.escrow.services.bills import calls_addable
from marketplace.escrow.services.histories import history_of_calls
from marketplace.escrow.services.using import Purpose, Using
from marketplace.escrow.views.asking import answered
from marketplace.escrow.views.wallets import network, talk, text
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.forms import CallsForm
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.ordering import more_in_the_way
from marketplace.subscriptions.words import money as shown
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


def money(request: ActedRequest, order: Order) -> HttpResponse:
    """Deposits for calls, what is used of them, what can be withdrawn, and everything that happened, line by line."""
    deposits = using.deposits_for_calls(request.actor, order)
    waits = any(each.life for each in deposits)
    if request.htmx and "waiting" in request.GET and not waits:
        return HttpResponse(headers={"HX-Refresh": "true"})  # the state at the head of the page has changed too
    credits_now = [credit for credit in services.credits_of({each.wallet for each in deposits}) if credit.available]
    context = {
        "order": order,
        "is_buyer": order.buyer_id == request.org.pk,
        "may_pay": request.actor.role in MAY_PAY,
        "deposits": deposits,
        "credits": credits_now,
        "events": history_of_calls(order, [each.deposit for each in deposits]),
        "waits": waits,
        "evidence": gathered(order) if deposits else None,
        "now": market_time(),
    }
    return render(request, "escrow/money_calls.html" + ("#money" if request.htmx else ""), context)


def top_up(request: ActedRequest, order: Order, context: dict[str, Any]) -> HttpResponse:
    """Put in more for calls; `context` says where a payment that is under way stands."""
    life = context["life"]
    if life is None or life.failed or life.step == "final":
        context |= _offer(request, order)
    return answered(request, order, context, "escrow/top_up.html")


def _offer(request: ActedRequest, order: Order) -> dict[str, Any]:
    try:
        deposit = calls_addable(order)
    except Refused as refused:
        return {"refusal": str(refused)}
    wanted = request.POST or request.GET
    form = CallsForm(wanted if "amount" in wanted else None, price=int(order.price), currency=order.currency)
    form.fields.pop("form_key")
    return {
        "deposit": deposit,
        "form": form,
        "periods": form.chosen,
        "amount": int(order.price) * form.chosen,
        **more_in_the_way(request.actor, order=order, count=form.chosen),
    }


def _using(request: ActedRequest, public_id: uuid.UUID, channel_id: str) -> Using:
    order = Order.objects.for_org(request.org.pk).filter(public_id=public_id, period_seconds=0).first()
    if order is not None:
        for each in using.deposits_for_calls(request.actor, order):
            if each.channel.channel_id == channel_id:
                return each
    raise Http404("No such deposit.")


@door.member(*MAY_PAY)
@talk
def stop(request: ActedRequest, public_id: uuid.UUID, escrow_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The transaction that asks for the rest, with what it means in words."""
    found = _using(request, public_id, escrow_id)
    wallet = services.checked_address(said.get("address"))
    call = using.stop_call(request.actor, using=found, address=wallet)
    say = _("Agree in your wallet to stop. No call passes from then on, and about %(rest)s come back.") % _rest(found)
    following = reverse("escrow:stop_calls_sent", args=[request.org.slug, public_id, escrow_id])
    return {"transaction": call, "say": say, "chain": network(found.channel.chain), "next": following}


@door.member(*MAY_PAY)
@talk
def close(request: ActedRequest, public_id: uuid.UUID, escrow_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The provider's transaction that ends a deposit at once."""
    found = _using(request, public_id, escrow_id)
    wallet = services.checked_address(said.get("address"))
    call = using.close_call(request.actor, using=found, address=wallet)
    say = _("Agree in your wallet to end this deposit. %(rest)s go back to the buyer at once.") % _rest(found)
    following = reverse("escrow:close_calls_sent", args=[request.org.slug, public_id, escrow_id])
    return {"transaction": call, "say": say, "chain": network(found.channel.chain), "next": following}


def _rest(found: Using) -> dict[str, str]:
    return {"rest": shown(found.free, found.channel.currency)}


@door.member(*MAY_PAY)
@talk
def stop_sent(request: ActedRequest, public_id: uuid.UUID, escrow_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of the buyer's request."""
    return _sent(request, public_id, escrow_id, said, Purpose.STOP_CALLS)


@door.member(*MAY_PAY)
@talk
def close_sent(request: ActedRequest, public_id: uuid.UUID, escrow_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of the provider's closing."""
    return _sent(request, public_id, escrow_id, said, Purpose.CLOSE_CALLS)


def _sent(
    request: ActedRequest, public_id: uuid.UUID, escrow_id: str, said: dict[str, Any], purpose: Purpose
) -> dict[str, Any]:
    found = _using(request, public_id, escrow_id)
    wallet, tx_hash = services.checked_address(said.get("address")), text(said, "hash")
    subject = found.channel.channel_id
    services.note_sent(request.actor, purpose=purpose, subject=subject, address=wallet, tx_hash=tx_hash)
    back = reverse("subscriptions:detail", args=[request.org.slug, public_id])
    return {"say": _("Sent. Calls stop when it is final."), "go": back}
