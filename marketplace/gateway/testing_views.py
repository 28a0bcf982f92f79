"""The page on which a provider calls its own service."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.presentation import shortened
from marketplace.gateway.explaining import SLOW, steps
from marketplace.gateway.forms import ToolForm
from marketplace.gateway.models import EndpointTest, UpstreamSecret
from marketplace.gateway.testing import LATEST, may_have_key, obstacle, start_test
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_SELL
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.member(*MAY_SELL)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: ActedRequest, slug: str) -> HttpResponse:
    """A form of the input, and the latest tests; sending it calls the service now. A test under way asks again."""
    listing = get_object_or_404(Listing.objects.for_org(request.org.pk), slug=slug)
    version = get_object_or_404(listing.versions.order_by("-number")[:1])
    if request.htmx and request.method != "POST":
        return render(request, "gateway/test.html#tests", _tests(request, listing))
    problem = obstacle(version)
    is_example = "use_example" in request.POST
    form = None if problem else _form(request, version, is_sent=request.method == "POST" and not is_example)
    if request.method == "POST" and form and (is_example or form.is_valid()):
        try:
            payload = version.example if is_example else form.payload()
            start_test(request.actor, listing_id=listing.pk, payload=payload)
        except Refused as refused:
            problem = str(refused)
        else:
            return redirect("gateway:test", org=request.org.slug, slug=listing.slug)
    context = {
        **_tests(request, listing),
        "version": version,
        "form": form,
        "problem": problem,
        "has_key": UpstreamSecret.objects.filter(listing=listing).exists(),
        "key_goes": may_have_key(listing, version.endpoint),
    }
    return render(request, "gateway/test.html", context, status=422 if request.method == "POST" else 200)


def _form(request: ActedRequest, version: ListingVersion, *, is_sent: bool) -> ToolForm:
    """The form that buyers will fill in, with the example of the version in it."""
    if is_sent:
        return ToolForm(version.input_schema, request.POST, request.FILES)
    shown = {name: "\n".join(value) if isinstance(value, list) else value for name, value in version.example.items()}
    return ToolForm(version.input_schema, initial={**shown, "form_key": uuid.uuid4()})


def _tests(request: ActedRequest, listing: Listing) -> dict[str, Any]:
    tests = list(EndpointTest.objects.for_org(request.org.pk).filter(listing=listing).order_by("-pk")[:LATEST])
    rows = [
        {
            "test": test,
            "sent": shortened(test.input),
            "is_slow": not test.problems and (test.milliseconds or 0) > SLOW,
            "steps": steps(test.endpoint, test.steps, is_over=test.state == EndpointTest.State.DONE),
        }
        for test in tests
    ]
    return {"listing": listing, "rows": rows, "is_under_way": bool(tests) and tests[0].state != EndpointTest.State.DONE}
