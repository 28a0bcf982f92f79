"""What a provider is paid: earned, on hold, to withdraw, and every payout so far."""

from django.http import HttpResponse
from django.shortcuts import render

from marketplace.escrow.services import calendars
from marketplace.organizations.access import MAY_PAY, MAY_USE
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.member(*MAY_USE)
def payouts(request: ActedRequest) -> HttpResponse:
    """The provider's money, by currency; the calendar of what comes; what came and was taken."""
    now = market_time()
    context = {
        "books": calendars.books(request.actor, payout_address=request.org.payout_address, at=now),
        "calls": calendars.calls_sold(request.actor),
        "calendar": calendars.calendar(request.actor),
        "history": calendars.paid_so_far(request.actor, payout_address=request.org.payout_address),
        "may_pay": request.actor.role in MAY_PAY,
        "now": now,
    }
    return render(request, "escrow/payouts.html" + ("#books" if request.htmx else ""), context)
