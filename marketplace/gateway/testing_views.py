"""The page on which a provider calls its own service."""

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketplace.catalog.models import Listing
from marketplace.gateway.models import EndpointTest
from marketplace.gateway.testing import start_test
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_SELL
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

LATEST = 5


@door.member(*MAY_SELL)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: ActedRequest, slug: str) -> HttpResponse:
    """The latest tests; sending the form calls the service now. While a test is under way, its part asks again."""
    listing = get_object_or_404(Listing.objects.for_org(request.org.pk), slug=slug)
    refusal = ""
    if request.method == "POST":
        try:
            start_test(request.actor, listing_id=listing.pk)
        except Refused as refused:
            refusal = str(refused)
        else:
            return redirect("gateway:test", org=request.org.slug, slug=listing.slug)
    tests = list(EndpointTest.objects.for_org(request.org.pk).filter(listing=listing).order_by("-pk")[:LATEST])
    version = listing.versions.order_by("-number").first()
    context = {
        "listing": listing,
        "version": version,
        "tests": tests,
        "is_under_way": bool(tests) and tests[0].state != EndpointTest.State.DONE,
        "refusal": refusal,
    }
    page = "gateway/test.html" + ("#tests" if request.htmx else "")
    return render(request, page, context, status=422 if refusal else 200)
