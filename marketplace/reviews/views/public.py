"""The reviews of a tool, as everybody reads them; the tool's own page asks for the first of them here."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from marketplace.catalog.models import Listing
from marketplace.reviews import reading
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.public
@require_safe
def of_listing(request: ActedRequest, slug: str) -> HttpResponse:
    """In figures and in words, newest first; by htmx the first few, or what comes after a mark."""
    listing = get_object_or_404(Listing.objects.public().select_related("category"), slug=slug)
    after = request.GET.get("after", "")
    part = ("#more" if after else "#part") if request.htmx else ""
    size = reading.FEW if part == "#part" else reading.SIZE
    rows, mark = reading.newest(listing.pk, after=after, size=size)
    context = {
        "listing": listing,
        "category": listing.category,
        "summary": reading.summary(listing.pk) if part != "#more" else None,
        "rows": rows,
        "is_later_page": bool(after),
        "next_url": f"{request.path}?{urlencode({'after': mark})}" if mark else "",
    }
    response = render(request, f"reviews/of_listing.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
