"""The reviews of a tool, as everybody reads them; the tool's own page has the first of them already."""

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
    """In figures and in words, newest first; by htmx what comes after a mark."""
    listing = get_object_or_404(Listing.objects.public().select_related("category"), slug=slug)
    after = request.GET.get("after", "")
    part = "#more" if request.htmx and after else ""
    rows, mark = reading.newest(listing.pk, after=after, size=reading.SIZE)
    context = {
        "listing": listing,
        "category": listing.category,
        "summary": None if part else reading.summary(listing.pk),
        "rows": rows,
        "is_later_page": bool(after),
        "next_url": f"{request.path}?{urlencode({'after': mark})}" if mark else "",
    }
    response = render(request, f"reviews/of_listing.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
