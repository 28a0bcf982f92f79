"""Pay for longer: how many periods more, what they cost and until when they run; then the same ways to pay."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from marketplace.escrow import services
from marketplace.escrow.models import Escrow, Payment
from marketplace.escrow.services import relaying
from marketplace.escrow.services.bills import renewable
from marketplace.escrow.views import calls
from marketplace.escrow.views.asking import answered
from marketplace.escrow.views.paying import ordered
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.subscriptions import changing
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.ordering import more_in_the_way
from marketplace.subscriptions.services import LONGEST
from marketplace.subscriptions.words import length, money
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

RECENT = timedelta(minutes=10)


class RenewForm(forms.Form):
    """How many periods more, each choice with its sum."""

    periods = forms.TypedChoiceField(label=_("For how much longer"), coerce=int)

    def __init__(self, *args: Any, escrow: Escrow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["periods"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101
        field.choices = [
            (number, f"{length(number * escrow.period_seconds)} · {money(number * int(escrow.price), escrow.currency)}")
            for number in range(1, LONGEST + 1)
        ]
        field.initial = 1


@door.member(*MAY_PAY)
def renew(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The truth about a renewal under way, or the way to make one."""
    order, now = ordered(request, public_id), market_time()
    begun = Payment.objects.filter(order=order, before__isnull=False)
    payment = begun.select_related("renews", "tops_up__channel", "relayed", "order__currency").last()
    life = services.followed(payment) if payment else None
    if life and life.step == "final" and payment and now - payment.started_at > RECENT:
        life = None
    context: dict[str, Any] = {"order": order, "payment": payment, "life": life, "now": now, "refusal": ""}
    if order.is_per_call:
        return calls.top_up(request, order, context)
    if life is None or life.failed or life.step == "final":
        context |= _offer(request, order)
    return answered(request, order, context, "escrow/renew.html")


def _offer(request: ActedRequest, order: Any) -> dict[str, Any]:
    try:
        escrow = renewable(order)
    except Refused as refused:
        return {"refusal": str(refused)}
    wanted = request.POST or request.GET
    form = RenewForm(wanted if "periods" in wanted else None, escrow=escrow)
    periods = form.cleaned_data["periods"] if form.is_bound and form.is_valid() else 1
    return {
        "escrow": escrow,
        "wished": changing.wished(order.subscription),
        "form": form,
        "periods": periods,
        "no_relay": relaying.why_not(escrow.chain),
        "query": f"?periods={periods}",
        "amount": int(escrow.price) * periods,
        **more_in_the_way(request.actor, order=order, count=periods),
        "ends_at": escrow.period_end(escrow.periods + periods),
    }
