"""Pay an order: one signature that the market hands in, or the wallet's own transaction; and how far it has come."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.catalog.plans import MOST_CALLS
from marketplace.escrow import services
from marketplace.escrow.models import Payment
from marketplace.escrow.services import relaying
from marketplace.escrow.services.bills import More
from marketplace.escrow.services.changing import replaced
from marketplace.escrow.views.wallets import network, talk, text
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.services import LONGEST
from marketplace.subscriptions.words import money
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


def ordered(request: ActedRequest, public_id: uuid.UUID) -> Order:
    """The order, if the organization placed it; 404 otherwise."""
    orders = Order.objects.bought_by(request.org.pk).select_related(
        "subscription",
        "listing__org",
        "listing__category",
        "plan",
        "currency",
        "provider",
        "replaces__plan",
        "subscription__next_plan",
    )
    found = orders.filter(public_id=public_id).first()
    if found is None:
        raise Http404("No such order.")
    return found


def _asked(request: ActedRequest, public_id: uuid.UUID) -> tuple[Order, More | None]:
    """The order, and, at an address for renewing, how many periods more are wanted."""
    match = request.resolver_match
    if not (match and str(match.url_name).startswith("renew")):
        return ordered(request, public_id), None
    order = ordered(request, public_id)
    most = MOST_CALLS if order.is_per_call else LONGEST
    return order, More.asked(request.GET.get("periods"), request.GET.get("until"), most=most)


def _address(request: ActedRequest, name: str, order: Order, more: More | None) -> str:
    if more is None:
        return reverse(f"escrow:{name}", args=[request.org.slug, order.public_id])
    address = reverse(f"escrow:renew_{name}", args=[request.org.slug, order.public_id])
    return f"{address}?periods={more.periods}&until={int(more.until.timestamp())}"


def _page(request: ActedRequest, order: Order, more: More | None) -> str:
    return reverse("escrow:renew" if more else "escrow:pay", args=[request.org.slug, order.public_id])


@door.member(*MAY_PAY)
def pay(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The truth about the payment of an order, and the way to make it if there is none under way."""
    order = ordered(request, public_id)
    payment = services.payment_of(Payment.objects.filter(order=order, before=None))
    life = services.followed(payment) if payment else None
    if life and not life.moves:
        order = ordered(request, public_id)  # settled, perhaps, after it was first read: nothing would ask again
    is_over = order.state == Order.State.EXPIRED or order.expires_at <= market_time()
    asks = order.state == Order.State.PLACED and not is_over and (life is None or life.failed)
    if request.htmx and "idle" in request.GET:
        return HttpResponse(status=204) if asks else HttpResponse(headers={"HX-Refresh": "true"})
    deposit = services.first_deposit(order)
    context = {
        "order": order,
        "payment": payment,
        "life": life,
        "asks": asks,
        "is_over": is_over,
        "deposit": deposit,
        "escrow_address": payment.contract if payment else services.escrow_address(order),
        "rows": _receipt(order),
        "no_relay": relaying.why_not(order.currency.chain) if asks else "",
        "now": market_time(),
        "old": replaced(request.actor, order),
    }
    return render(request, "escrow/pay.html" + ("#progress" if request.htmx else ""), context)


def _receipt(order: Order) -> list[dict[str, Any]]:
    if order.is_per_call:
        return [
            {"label": _("One call"), "amount": order.price, "currency": order.currency},
            {"label": _("Calls"), "value": order.periods},
            {
                "label": _("You put in, into the escrow"),
                "amount": order.amount,
                "currency": order.currency,
                "total": True,
            },
        ]
    return [
        {"label": _("Price per period"), "amount": order.price, "currency": order.currency},
        {"label": _("Periods"), "value": order.periods},
        {"label": _("You pay now, into the escrow"), "amount": order.amount, "currency": order.currency, "total": True},
    ]


@door.member(*MAY_PAY)
@talk
def authorize(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """What the connected wallet is to sign."""
    order, more = _asked(request, public_id)
    wallet = services.checked_address(said.get("address"))
    typed = services.ask_authorization(request.actor, order=order, address=wallet, more=more)
    until = formats.time_format(timezone.localtime(more.until if more else order.expires_at), "TIME_OF_DAY_FORMAT")
    return {
        "typed": typed,
        "chain": network(order.currency.chain),
        "say": _(
            "Agree in your wallet to pay %(amount)s into the escrow, for this order only. "
            "The signature is worth nothing after %(until)s."
        )
        % {"amount": _amount(order, more), "until": until},
        "next": _address(request, "authorized", order, more),
    }


def _amount(order: Order, more: More | None) -> str:
    return money(int(order.price) * more.periods if more else order.amount, order.currency)


@door.member(*MAY_PAY)
@talk
def authorized(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The signature: checked, and left to be handed in."""
    order, more = _asked(request, public_id)
    wallet, signature = services.checked_address(said.get("address")), text(said, "signature")
    services.hand_in(request.actor, order=order, address=wallet, signature=signature, more=more)
    return {"say": _("Signed. We hand your payment in now."), "go": _page(request, order, more)}


@door.member(*MAY_PAY)
@talk
def own(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The first step of the wallet's own payment: a permit to sign, an allowance to give, or the payment itself."""
    order, more = _asked(request, public_id)
    wallet = services.checked_address(said.get("address"))
    step = services.own_step(request.actor, order=order, address=wallet, more=more)
    return _step(request, order, more, step)


@door.member(*MAY_PAY)
@talk
def own_signed(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The permit: goes into the payment's transaction."""
    order, more = _asked(request, public_id)
    wallet, signature = services.checked_address(said.get("address")), text(said, "signature")
    call = services.permitted_call(request.actor, order=order, address=wallet, signature=signature, more=more)
    return _step(request, order, more, {"transaction": call})


@door.member(*MAY_PAY)
@talk
def own_allowed(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """Wait until the allowance is in a block; then the payment itself."""
    order, more = _asked(request, public_id)
    wallet = services.checked_address(said.get("address"))
    call = services.allowed_call(request.actor, order=order, address=wallet, more=more)
    if call is None:
        say = _("The allowance is sent. When it is in a block, your wallet asks once more: for the payment.")
        return {"wait": 2, "say": say, "next": _address(request, "own_allowed", order, more)}
    return _step(request, order, more, {"transaction": call})


@door.member(*MAY_PAY)
@talk
def own_sent(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of what the wallet sent: kept, to be looked for."""
    order, more = _asked(request, public_id)
    wallet, tx_hash = services.checked_address(said.get("address")), text(said, "hash")
    services.note_wallet_payment(
        request.actor, order=order, address=wallet, tx_hash=tx_hash, is_renewal=more is not None
    )
    return {"say": _("Sent. We look for it in the next blocks."), "go": _page(request, order, more)}


def _step(request: ActedRequest, order: Order, more: More | None, step: dict[str, Any]) -> dict[str, Any]:
    """A step of the wallet's own payment, in words and with where its answer goes."""
    amount, chain = _amount(order, more), network(order.currency.chain)
    if "typed" in step:
        say = _("First, sign that the escrow may take %(amount)s. Then your wallet asks for the payment itself.") % {
            "amount": amount
        }
        return {**step, "say": say, "chain": chain, "next": _address(request, "own_signed", order, more)}
    if "allowance" in step:
        say = _("First, allow the escrow to take %(amount)s. Then your wallet asks for the payment itself.") % {
            "amount": amount
        }
        following = _address(request, "own_allowed", order, more)
        return {"transaction": step["allowance"], "say": say, "chain": chain, "next": following}
    say = _(
        "Agree in your wallet to pay %(amount)s into the escrow. The network's own fee is added by your wallet."
    ) % {"amount": amount}
    return {**step, "say": say, "chain": chain, "next": _address(request, "own_sent", order, more)}


@door.member(*MAY_PAY)
@require_POST
def give_up(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The buyer says that the wallet sent nothing."""
    order = ordered(request, public_id)
    is_renewal = bool(request.resolver_match and request.resolver_match.url_name == "renew_give_up")
    try:
        services.give_up(request.actor, order=order, is_renewal=is_renewal)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("escrow:renew" if is_renewal else "escrow:pay", org=request.org.slug, public_id=order.public_id)


@door.member(*MAY_PAY)
@require_POST
def take_back(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The buyer does not pay this order after all; one in the place of another leads back to the plans."""
    order = ordered(request, public_id)
    try:
        services.give_up_order(request.actor, order=order)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("escrow:pay", org=request.org.slug, public_id=public_id)
    messages.success(request, _("Given up. Nothing was taken."))
    following, about = ("escrow:change", order.replaces) if order.replaces else ("subscriptions:detail", order)
    return redirect(following, org=request.org.slug, public_id=about.public_id)
