"""The evidence of an order as a download for both of its sides."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from marketplace.escrow.evidence.bundle import bundle, file_name, gathered
from marketplace.escrow.views.leaving import order_of
from marketplace.organizations.access import EVERYBODY
from marketplace.subscriptions.models import Order
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


def zipped(order: Order) -> HttpResponse:
    """The ZIP, never shown by a browser and never kept by a cache."""
    answer = HttpResponse(bundle(order), content_type="application/zip")
    answer["Content-Disposition"] = content_disposition_header(True, file_name(order))
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


@door.member(*EVERYBODY)
@require_safe
def evidence(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """All that proves an order, or back to its money while that is still being gathered."""
    order = order_of(request, public_id)
    if not gathered(order).is_whole:
        messages.info(request, _("The proofs are still being gathered. Try again in a few seconds."))
        return redirect("escrow:money", org=request.org.slug, public_id=public_id)
    return zipped(order)
