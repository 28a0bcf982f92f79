"""Listings side by side. The address says which, so that it can be sent to somebody."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.catalog.comparing import MOST, address, compared
from marketplace.catalog.models import Listing, ListingQuerySet, Plan
from marketplace.catalog.models.listings import PlanQuerySet
from marketplace.catalog.search.asking import LONGEST
from marketplace.catalog.search.finding import Question, find
from marketplace.catalog.search.statements import Prepared
from marketplace.tenancy import door

OFFERED = 4
WIDE = ("description", "search", "example")


@door.public
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Up to four listings, what differs first; and what could be added."""
    asked = list(dict.fromkeys(slug[:60] for slug in request.GET.getlist("tool")[:40] if "\x00" not in slug))
    words = " ".join(request.GET.get("add", "").replace("\x00", "").split())[:LONGEST]
    listings = _in_order(asked[:MOST])
    slugs = [listing.slug for listing in listings]
    rows = compared(listings) if listings else []
    alone = len(listings) == 1
    context = {
        "listings": [(listing, address(slug for slug in slugs if slug != listing.slug)) for listing in listings],
        "slugs": slugs,
        "differing": [row for row in rows if row.differs or alone],
        "same": [] if alone else [(row.label, row.cells[0]) for row in rows if not row.differs],
        "gone": len(asked[:MOST]) - len(listings),
        "too_many": len(asked) > MOST,
        "words": words,
        "is_full": len(listings) >= MOST,
        "more": _to_add(listings, slugs, words) if len(listings) < MOST else [],
        "url": request.build_absolute_uri(address(slugs)),
    }
    return render(request, "catalog/compare.html", context)


def _read(*slugs: str) -> ListingQuerySet:
    return Listing.objects.public().filter(slug__in=slugs).select_related("org", "category").defer(*WIDE)


def _offers(*listings: int) -> PlanQuerySet:
    on_sale = Plan.objects.filter(listing__in=listings, state=Plan.State.ON_SALE)
    return on_sale.select_related("currency").order_by("price")


# There are always four of them, so that the statements never vary: the last stands for those that are not there.
READ = Prepared(_read, *(f"\x00{place}" for place in range(MOST)))
READ_OFFERS = Prepared(_offers, *range(-MOST, 0))


def _in_order(slugs: list[str]) -> list[Listing]:
    """The listings, each with its plans as `offers`."""
    found = READ(*_four(slugs)) if slugs else []
    plans = READ_OFFERS(*_four([listing.pk for listing in found])) if found else []
    for listing in found:
        listing.offers = [plan for plan in plans if plan.listing_id == listing.pk]  # type: ignore[attr-defined]
    return sorted(found, key=lambda listing: slugs.index(listing.slug))


def _four(given: list[Any]) -> list[Any]:
    return [*given, *given[-1:] * (MOST - len(given))]


def _to_add(listings: list[Listing], slugs: list[str], words: str) -> list[dict[str, Any]]:
    """What fits the words; without words, what stands on the same shelf, the most used first."""
    shelf = listings[0].category_id if listings and not words else None
    ids = find(Question(words=words, category=shelf, sort="relevance"), size=OFFERED + MOST).ids
    found: ListingQuerySet = Listing.objects.public().filter(pk__in=ids).exclude(slug__in=slugs)
    offered = sorted(found.only("slug", "name", "org__name").select_related("org"), key=lambda one: ids.index(one.pk))
    return [{"listing": one, "url": address([*slugs, one.slug])} for one in offered[:OFFERED]]
