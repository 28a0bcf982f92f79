"""A tool's page, and what has changed between its versions."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from marketplace.catalog.comparing import address
from marketplace.catalog.estimate import EMPTY, EstimateForm, estimates
from marketplace.catalog.keeping import Kept
from marketplace.catalog.models import Listing, ListingVersion, Plan
from marketplace.catalog.offer import NOT_SHOWN, changes
from marketplace.catalog.page import parts
from marketplace.catalog.presentation import of_listing
from marketplace.catalog.search.cards import Card, cards
from marketplace.catalog.search.finding import Question, find
from marketplace.catalog.search.statements import Prepared
from marketplace.catalog.structured import structured
from marketplace.tenancy import door
from marketplace.tenancy.scope import as_system

SIMILAR = 3
MOST_VERSIONS = 30
SIGNS = {"+": "added", "-": "removed", " ": ""}


@door.public
@require_safe
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """One tool: what it does, what goes in and comes out, what it costs and how to get the money back."""
    found = _found(slug)
    plans = READ_PLANS(found.pk)
    form = EstimateForm(request.GET) if "calls" in request.GET else EMPTY
    similar, url = _similar(found), request.build_absolute_uri(found.address)
    context = {
        **parts(found, request.actor.user_id),  # type: ignore[attr-defined]
        "listing": found,
        "shown": of_listing(found, plans),
        "plans": plans,
        "estimate_form": form,
        "estimates": estimates(plans, **form.cleaned_data) if form.is_bound and form.is_valid() else [],
        "similar": similar,
        "compare_url": address([found.slug]),
        "compare_all_url": address([found.slug, *(one.slug for one in similar)]),
        "structured": structured(found, plans, url),
        "url": url,
        "category": found.category,
    }
    return render(request, "catalog/listing.html", context)


READ_LISTING = Prepared(
    lambda slug: Listing.objects.public().filter(slug=slug).select_related("org", "category").defer("search"),
    "\x00slug",
)
READ_PLANS = Prepared(
    lambda pk: Plan.objects.filter(listing=pk, state=Plan.State.ON_SALE).select_related("currency").order_by("price"),
    -7,
)


def _found(slug: str) -> Listing:
    found = READ_LISTING(slug)
    if not found:
        raise Http404("No such tool in the shop.")
    return found[0]


def _newest_like(category_id: int, kind: str) -> list[Card]:
    like = Question(category=category_id, tags=(f"k{kind}",))
    return cards(find(like, size=SIMILAR + 1, counted=False).ids)


# The same beside all tools of a shelf and kind.
newest_like: Kept[list[Card]] = Kept(_newest_like)


def _similar(found: Listing) -> list[Card]:
    """The latest of the same shelf and kind that answer."""
    return [card for card in newest_like(found.category_id, found.kind) if card.slug != found.slug][:SIMILAR]


@door.public
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """The approved versions of a public tool, latest first, each with what it changed."""
    found = get_object_or_404(Listing.objects.public().select_related("category"), slug=slug)
    with transaction.atomic(), as_system("what was approved was public; what only the provider may see is left out"):
        approved = ListingVersion.objects.filter(listing=found, state=ListingVersion.State.APPROVED)
        versions = list(approved.select_related("category").order_by("-number")[: MOST_VERSIONS + 1])
    rows: list[dict[str, Any]] = []
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        rows.append({"number": version.number, "at": version.decided_at, "changes": _changes(before, version)})
    context = {"listing": found, "category": found.category, "rows": rows[:MOST_VERSIONS]}
    return render(request, "catalog/history.html", context)


def _changes(old: ListingVersion | None, new: ListingVersion) -> list[dict[str, Any]]:
    public = [change for change in changes(old, new) if change.field != str(NOT_SHOWN)] if old else []
    return [
        {"field": change.field, "lines": [{"text": text, "change": SIGNS[sign]} for sign, text in change.lines]}
        for change in public
    ]
