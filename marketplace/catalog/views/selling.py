"""The provider's side: listings with their states, drafts, previews, submission."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.catalog import services
from marketplace.catalog.forms import ListingForm
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.presentation import of_version
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
    latest: dict[int, ListingVersion] = {
        version.listing_id: version for version in versions.order_by("number").select_related("currency")
    }
    rows = [{"listing": row, "latest": latest.get(row.pk)} for row in listings]
    return render(request, "catalog/manage.html", {"rows": rows, "obstacle": _obstacle(request)})


def _obstacle(request: ActedRequest) -> str:
    """Why the organization cannot submit anything yet; empty when it can."""
    try:
        services.may_sell(request.org)
    except Refused as refused:
        return str(refused)
    return ""


@door.member(*MAY_SELL)
@require_http_methods(["GET", "POST"])
def create(request: ActedRequest) -> HttpResponse:
    """A new listing, kept as a draft."""
    form = ListingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = services.draft_listing(request.actor, wording=form.wording())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Saved as a draft. This is how it will look.")
            return redirect("catalog:preview", org=request.org.slug, slug=draft.listing.slug)
    return _form_page(request, form, None, None)


@door.member(*MAY_SELL)
@require_http_methods(["GET", "POST"])
def edit(request: ActedRequest, slug: str) -> HttpResponse:
    """The open draft, or the next version of what is public."""
    listing = _mine(request, slug)
    latest = _latest(listing)
    form = ListingForm(request.POST or None, initial=ListingForm.initial_of(latest))
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_draft(request.actor, listing_id=listing.pk, wording=form.wording())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Saved. This is how it will look.")
            return redirect("catalog:preview", org=request.org.slug, slug=listing.slug)
    return _form_page(request, form, listing, latest)


def _form_page(
    request: ActedRequest, form: ListingForm, listing: Listing | None, latest: ListingVersion | None
) -> HttpResponse:
    context = {"form": form, "listing": listing, "latest": latest}
    return render(request, "catalog/edit.html", context, status=422 if request.method == "POST" else 200)


def _mine(request: ActedRequest, slug: str) -> Listing:
    return get_object_or_404(Listing.objects.for_org(request.org.pk), slug=slug)


def _latest(listing: Listing) -> ListingVersion:
    latest = listing.versions.select_related("currency", "category").order_by("-number").first()
    if latest is None:
        raise Http404("This listing has no text.")
    return latest


@door.member(*EVERYBODY)
@require_GET
def preview(request: ActedRequest, slug: str) -> HttpResponse:
    """The latest version as buyers will see it, and what to do with it."""
    listing = _mine(request, slug)
    return _preview_page(request, listing)


def _preview_page(request: ActedRequest, listing: Listing, refusal: str = "") -> HttpResponse:
    latest = _latest(listing)
    context: dict[str, Any] = {
        "listing": listing,
        "latest": latest,
        "shown": of_version(latest, request.org),
        "may_submit": latest.can_move(ListingVersion.State.SUBMITTED),
        "obstacle": _obstacle(request),
        "refusal": refusal,
    }
    return render(request, "catalog/preview.html", context, status=422 if refusal else 200)


@door.member(*MAY_SELL)
@require_POST
def submit(request: ActedRequest, slug: str) -> HttpResponse:
    """Hand the draft to the moderators."""
    listing = _mine(request, slug)
    try:
        services.submit_version(request.actor, listing_id=listing.pk)
    except Refused as refused:
        return _preview_page(request, listing, str(refused))
    messages.success(request, "Submitted. A moderator will look at it, and you will see the answer here.")
    return redirect("catalog:manage", org=request.org.slug)


@door.member(*MAY_SELL)
@require_http_methods(["GET", "POST"])
def retire(request: ActedRequest, slug: str) -> HttpResponse:
    """Ask before, then take a listing off the shop for good."""
    listing = _mine(request, slug)
    if request.method == "POST":
        services.retire_listing(request.actor, listing_id=listing.pk)
        messages.success(request, "Retired. Running subscriptions run on to their end.")
        return redirect("catalog:manage", org=request.org.slug)
    return render(request, "catalog/retire.html", {"listing": listing, "latest": _latest(listing)})
