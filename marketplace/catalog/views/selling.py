"""The provider's side: listings with their states, drafts, previews, submission."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.catalog import services
from marketplace.catalog.models import Currency, Listing, ListingVersion
from marketplace.catalog.offer import changes
from marketplace.catalog.plans import PlanTerms, read
from marketplace.catalog.presentation import of_version
from marketplace.catalog.views.own import latest_of, mine, pictures_of
from marketplace.catalog.views.writing import around
from marketplace.catalog.wording import label
from marketplace.catalog.wording import of_version as of_wording
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, MAY_SELL
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

MOST_SHOWN = 200


@door.member(*EVERYBODY)
@require_GET
def manage(request: ActedRequest) -> HttpResponse:
    """What the organization offers and drafts, each with its state and what to do next."""
    listings = Listing.objects.for_org(request.org.pk).with_offers().order_by("-pk")[:MOST_SHOWN]
    versions = ListingVersion.objects.for_org(request.org.pk).filter(listing__in=[row.pk for row in listings])
    latest = {version.listing_id: version for version in versions.order_by("number")}
    currencies = list(Currency.objects.all())
    rows = [
        {"listing": row, "latest": latest.get(row.pk), "plan": _cheapest(latest, row, currencies)} for row in listings
    ]
    return render(request, "catalog/manage.html", {"rows": rows, "obstacle": _obstacle(request)})


def _cheapest(latest: dict[int, ListingVersion], row: Listing, currencies: list[Currency]) -> PlanTerms | None:
    found = read(latest[row.pk].plans, currencies) if row.pk in latest else []
    return min(found, key=lambda plan: plan.price, default=None)


def _obstacle(request: ActedRequest) -> str:
    """Why the organization cannot submit anything yet; empty when it can."""
    try:
        services.may_sell(request.org)
    except Refused as refused:
        return str(refused)
    return ""


@door.member(*EVERYBODY)
@require_GET
def preview(request: ActedRequest, slug: str) -> HttpResponse:
    """The latest version as buyers will see it, and what to do with it."""
    listing = mine(request, slug)
    return _preview_page(request, listing)


def _preview_page(request: ActedRequest, listing: Listing, refusal: str = "") -> HttpResponse:
    latest = latest_of(listing)
    wording = of_wording(latest)
    context: dict[str, Any] = {
        **around(listing, latest),
        "missing": [(label(name), sentence) for name, sentence in wording.problems()],
        "changes": _changes(listing, latest),
        "shown": of_version(latest, request.org, pictures_at=pictures_of(request.org)),
        "may_submit": latest.can_move(ListingVersion.State.SUBMITTED),
        "obstacle": _obstacle(request),
        "refusal": refusal,
    }
    return render(request, "catalog/preview.html", context, status=422 if refusal else 200)


SIGNS = {"+": "added", "-": "removed", " ": ""}


def _changes(listing: Listing, latest: ListingVersion) -> list[dict[str, Any]]:
    """What the latest text says otherwise than the one in the shop."""
    shown = listing.versions.filter(number=listing.version_number or 0).select_related("category").first()
    if shown is None or shown.pk == latest.pk:
        return []
    return [
        {"field": change.field, "lines": [{"text": text, "change": SIGNS[sign]} for sign, text in change.lines]}
        for change in changes(shown, latest)
    ]


@door.member(*MAY_SELL)
@require_POST
def submit(request: ActedRequest, slug: str) -> HttpResponse:
    """Hand the draft to the moderators."""
    listing = mine(request, slug)
    try:
        services.submit_version(request.actor, listing_id=listing.pk)
    except Refused as refused:
        return _preview_page(request, listing, str(refused))
    messages.success(request, _("Submitted. A moderator will look at it, and you will see the answer here."))
    return redirect("catalog:manage", org=request.org.slug)


@door.member(*MAY_SELL)
@require_http_methods(["GET", "POST"])
def retire(request: ActedRequest, slug: str) -> HttpResponse:
    """Ask before, then take a listing off the shop for good."""
    listing = mine(request, slug)
    if request.method == "POST":
        services.retire_listing(request.actor, listing_id=listing.pk)
        messages.success(request, _("Retired. Running subscriptions run on to their end."))
        return redirect("catalog:manage", org=request.org.slug)
    return render(request, "catalog/retire.html", {"listing": listing, "latest": latest_of(listing)})
