"""The invoices and credit notes of an organization, issued and received."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from marketplace.escrow import invoice_papers as papers
from marketplace.escrow.models import Invoice
from marketplace.organizations.access import MAY_PAY
from marketplace.subscriptions.models import Order
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

PER_PAGE = 50


@door.member(*MAY_PAY)
@require_safe
def listed(request: ActedRequest) -> HttpResponse:
    """All of them, the newest first, whichever side the organization is."""
    rows = Invoice.objects.for_org(request.org.pk).order_by("-issued_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    waits = not request.org.vat_treatment and Order.objects.sold_by(request.org.pk).exclude(state="placed").exists()
    context = {
        "page": page,
        "invoices": [_row(request, row) for row in page],
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "waits": waits,
    }
    return render(request, "escrow/invoices.html", context)


def _row(request: ActedRequest, invoice: Invoice) -> dict[str, object]:
    said, is_mine = invoice.content, invoice.provider_id == request.org.pk
    gross = int(said["gross"])
    return {
        "invoice": invoice,
        "side": _("Issued") if is_mine else _("Received"),
        "other": said["buyer" if is_mine else "provider"]["name"],
        "listing": said["listing"],
        "amount": -gross if invoice.kind == Invoice.Kind.CREDIT else gross,
        "token": {"symbol": said["symbol"], "decimals": said["decimals"]},
    }


def _found(request: ActedRequest, invoice_id: int) -> Invoice:
    found = Invoice.objects.for_org(request.org.pk).filter(pk=invoice_id).first()
    if found is None:
        raise Http404("No such invoice.")
    return found


@door.member(*MAY_PAY)
@require_safe
def shown(request: ActedRequest, invoice_id: int) -> HttpResponse:
    """One of them, in the reader's language; the paper is in the buyer's."""
    invoice = _found(request, invoice_id)
    said = invoice.content
    context = {
        "invoice": invoice,
        "title": papers.title(invoice),
        "parties": [papers.party(said["provider"]), papers.party(said["buyer"])],
        "what": papers.what(invoice),
        "sums": papers.sums(said),
        "token": {"symbol": said["symbol"], "decimals": said["decimals"]},
        "note": papers.note(said),
        "source": papers.source(said),
    }
    return render(request, "escrow/invoice.html", context)


@door.member(*MAY_PAY)
@require_safe
def as_pdf(request: ActedRequest, invoice_id: int) -> HttpResponse:
    """The paper."""
    invoice = _found(request, invoice_id)
    answer = HttpResponse(
        papers.as_pdf(invoice, market=settings.BASE_URL.partition("://")[2]), content_type="application/pdf"
    )
    answer["Content-Disposition"] = content_disposition_header(True, f"{invoice.label}.pdf")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
