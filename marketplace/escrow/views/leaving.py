"""The money of one order, for both of its sides: where it is, how to stop, and how to take back what is credited."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.escrow import services
from marketplace.escrow.evidence.bundle import gathered
from marketplace.escrow.models import Credit
from marketplace.escrow.services.histories import history
from marketplace.escrow.services.leaving import Purpose, Stopping
from marketplace.escrow.views.wallets import network, talk, text
from marketplace.organizations.access import EVERYBODY, MAY_PAY
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.words import money as shown
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


def order_of(request: ActedRequest, public_id: uuid.UUID) -> Order:
    """The order, for either of its sides; 404 otherwise."""
    orders = Order.objects.for_org(request.org.pk).select_related(
        "subscription", "listing", "currency", "plan", "buyer", "provider"
    )
    found = orders.filter(public_id=public_id).first()
    if found is None:
        raise Http404("No such order.")
    return found


@door.member(*EVERYBODY)
def money(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """Deposits, what a stop would return, what can be withdrawn, and everything that happened, line by line."""
    order, now = order_of(request, public_id), market_time()
    is_buyer = order.buyer_id == request.org.pk
    deposits = [services.stopping(request.actor, escrow=escrow, at=now) for escrow in services.deposits_of(order)]
    waits = any(each.life for each in deposits)
    if request.htmx and "waiting" in request.GET and not waits:
        return HttpResponse(headers={"HX-Refresh": "true"})  # the state at the head of the page has changed too
    wallets = {each.wallet for each in deposits}
    credits_now = [credit for credit in services.credits_of(wallets) if credit.available]
    context = {
        "order": order,
        "is_buyer": is_buyer,
        "may_pay": request.actor.role in MAY_PAY,
        "deposits": deposits,
        "credits": credits_now,
        "events": history(order, [each.escrow for each in deposits]),
        "waits": waits,
        "evidence": gathered(order) if deposits else None,
        "now": now,
    }
    return render(request, "escrow/money.html" + ("#money" if request.htmx else ""), context)


def _deposit(request: ActedRequest, public_id: uuid.UUID, escrow_id: str) -> Stopping:
    order = order_of(request, public_id)
    for escrow in services.deposits_of(order):
        if escrow.escrow_id == escrow_id:
            return services.stopping(request.actor, escrow=escrow, at=market_time())
    raise Http404("No such deposit.")


@door.member(*MAY_PAY)
@talk
def cancel(request: ActedRequest, public_id: uuid.UUID, escrow_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The transaction that stops a deposit, with what it returns in words."""
    found = _deposit(request, public_id, escrow_id)
    wallet = services.checked_address(said.get("address"))
    call = services.cancel_call(request.actor, escrow=found.escrow, address=wallet)
    currency = found.escrow.currency
    say = _("Agree in your wallet to stop. About %(refund)s come back; %(used)s is for the time used.") % {
        "refund": shown(found.ending.refund, currency),
        "used": shown(found.ending.used, currency),
    }
    following = reverse("escrow:cancel_sent", args=[request.org.slug, public_id, escrow_id])
    return {"transaction": call, "say": say, "chain": network(found.escrow.chain), "next": following}


@door.member(*MAY_PAY)
@talk
def cancel_sent(request: ActedRequest, public_id: uuid.UUID, escrow_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of the wallet's cancellation."""
    found = _deposit(request, public_id, escrow_id)
    wallet, tx_hash = services.checked_address(said.get("address")), text(said, "hash")
    subject = found.escrow.escrow_id
    services.note_sent(request.actor, purpose=Purpose.CANCEL, subject=subject, address=wallet, tx_hash=tx_hash)
    back = reverse("subscriptions:detail", args=[request.org.slug, public_id])
    return {"say": _("Sent. Access ends when it is final."), "go": back}


def _credit(request: ActedRequest, credit_id: int) -> Credit:
    wallets = services.addresses_of(request.org.pk, request.org.payout_address)
    for credit in services.credits_of(wallets):
        if credit.pk == credit_id:
            return credit
    raise Http404("No such credit.")


@door.member(*MAY_PAY)
@talk
def withdraw(request: ActedRequest, credit_id: int, said: dict[str, Any]) -> dict[str, Any]:
    """The transaction that sends a wallet what it is credited with."""
    credit = _credit(request, credit_id)
    wallet = services.checked_address(said.get("address"))
    call = services.withdraw_call(request.actor, credit=credit, address=wallet)
    amount = shown(credit.available, credit.currency)
    say = _("Agree in your wallet to withdraw %(amount)s to it.") % {"amount": amount}
    following = reverse("escrow:withdraw_sent", args=[request.org.slug, credit_id])
    return {"transaction": call, "say": say, "chain": network(credit.chain), "next": following}


@door.member(*MAY_PAY)
@talk
def withdraw_sent(request: ActedRequest, credit_id: int, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of the wallet's withdrawal."""
    credit = _credit(request, credit_id)
    wallet, tx_hash = services.checked_address(said.get("address")), text(said, "hash")
    subject = credit.currency.address
    services.note_sent(request.actor, purpose=Purpose.WITHDRAW, subject=subject, address=wallet, tx_hash=tx_hash)
    return {"say": _("Sent. It shows here when its block is final, in a few seconds.")}
