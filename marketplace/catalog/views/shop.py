"""The shop: shelves and search."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from marketplace.catalog.models import Category, Listing
from marketplace.catalog.paging import page
from marketplace.tenancy import door


class HtmxRequest(HttpRequest):
    """A request that htmx may have sent."""

    htmx: HtmxDetails


SIZE = 24
LONGEST_QUESTION = 200


def _counted(number: int, cap: int = 1000) -> str:
    return f"{cap:,}+" if number > cap else f"{number:,}"


@door.public
@require_safe
def browse(request: HtmxRequest) -> HttpResponse:
    """The tools on offer, of one shelf or all, that match what was typed."""
    q = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST_QUESTION]
    categories = list(Category.objects.all())
    category = next((shelf for shelf in categories if shelf.slug == request.GET.get("category")), None)
    found = Listing.objects.public()
    if category:
        found = found.filter(category=category)
    found = found.matching(q) if q else found.newest()
    mark = request.GET.get("after", "")
    shown = page(found, by_rank=bool(q), mark=mark, size=SIZE)
    query = {"q": q, "category": category.slug if category else ""}
    context = {
        "q": q,
        "category": category,
        "categories": categories,
        "on_browse": True,
        "listings": shown.listings,
        "total": _counted(found.capped_count()),
        "is_later_page": bool(mark),
        "next_query": urlencode({**{k: v for k, v in query.items() if v}, "after": shown.next_mark})
        if shown.next_mark
        else "",
    }
    part = ("#more" if mark else "#results") if request.htmx and not request.htmx.history_restore_request else ""
    response = render(request, f"catalog/browse.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
