"""Open a dispute: what it freezes, what is said, and the wallet's transaction."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.disputes import services
from marketplace.disputes.figures import if_disputed
from marketplace.disputes.forms import OpenForm
from marketplace.disputes.models import Dispute
from marketplace.disputes.views.workspace import found
from marketplace.escrow.models import Escrow
from marketplace.escrow.services import checked_address
from marketplace.escrow.views.wallets import network, talk, text
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.words import money
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


def _deposit(request: ActedRequest, escrow_id: str) -> Escrow:
    bought = Escrow.objects.filter(buyer_id=request.org.pk).select_related("currency", "order__listing", "provider")
    escrow = bought.filter(escrow_id=escrow_id).first()
    if escrow is None:
        raise Http404("No such deposit.")
    return escrow


@door.member(*MAY_PAY)
@require_http_methods(["GET", "POST"])
def begin(request: ActedRequest, escrow_id: str) -> HttpResponse:
    """What a dispute would freeze, who decides and until when; then the words and files."""
    escrow = _deposit(request, escrow_id)
    if begun := Dispute.objects.standing().filter(escrow=escrow).first():
        return redirect("disputes:detail", org=request.org.slug, public_id=begun.public_id)
    form = OpenForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        said = {"category": form.cleaned_data["category"], "text": form.cleaned_data["text"]}
        try:
            dispute = services.prepare(
                request.actor, escrow_id=escrow.pk, pieces=form.cleaned_data["shown"] or [], **said
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("disputes:detail", org=request.org.slug, public_id=dispute.public_id)
    now = market_time()
    context = {
        "escrow": escrow,
        "order": escrow.order,
        "form": form,
        "would": if_disputed(escrow, now),
        "refusal": services.disputable(escrow, now),
        "arbiter": services.arbiter_address(escrow),
    }
    return render(request, "disputes/open.html", context, status=422 if request.method == "POST" else 200)


@door.member(*MAY_PAY)
@talk
def sign(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The transaction that opens the dispute, with what it freezes in words."""
    dispute = found(request, public_id)
    wallet = checked_address(said.get("address"))
    call = services.dispute_call(request.actor, dispute_id=dispute.pk, address=wallet)
    would = if_disputed(dispute.escrow, market_time())
    amount = money(would.contested + would.unearned, dispute.escrow.currency)
    say = _("Agree in your wallet to open the dispute. It freezes %(amount)s until it is decided.")
    following = reverse("disputes:signed", args=[request.org.slug, public_id])
    chain = network(dispute.escrow.chain)
    return {"transaction": call, "say": say % {"amount": amount}, "chain": chain, "next": following}


@door.member(*MAY_PAY)
@talk
def signed(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of the wallet's transaction."""
    dispute = found(request, public_id)
    services.note_filed(request.actor, dispute_id=dispute.pk, tx_hash=text(said, "hash"))
    back = reverse("disputes:detail", args=[request.org.slug, public_id])
    return {"say": _("Sent. The dispute is open when its block is final."), "go": back}


@door.member(*MAY_PAY)
@require_POST
def drop(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The buyer does not open it after all."""
    dispute = found(request, public_id)
    try:
        services.drop(request.actor, dispute_id=dispute.pk)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("disputes:detail", org=request.org.slug, public_id=public_id)
    messages.success(request, _("Not opened. Nothing was frozen, and the provider has not seen it."))
    return redirect("escrow:money", org=request.org.slug, public_id=dispute.order.public_id)
