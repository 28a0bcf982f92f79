"""What search engines may know of: the shop's pages and the votes, in files that stay small (sitemaps.org)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from governance.models import Governor, Proposal
from marketplace.catalog.models import Category, Listing
from marketplace.tenancy import door

AN_HOUR: Final = {"Cache-Control": "public, max-age=3600"}
SPAN: Final = 20_000  # numbers of listings in a file: no count and no offset, so that each costs the same
NEWEST: Final = 20_000  # proposals
FIXED: Final = ("landing", "catalog:browse", "disputes:rulings", "governance:proposals", "governance:rules")
NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
Entry = tuple[str, datetime | None]


@door.public
def index(request: HttpRequest) -> HttpResponse:
    """The files that there are."""
    newest = Listing.objects.public().order_by("-pk").values_list("pk", flat=True).first()
    parts = range(newest // SPAN + 1) if newest else ()
    files = [reverse("sitemap_pages"), *(reverse("sitemap_tools", args=[part]) for part in parts)]
    return _answer("sitemapindex", "sitemap", ((file, None) for file in files))


@door.public
def pages(request: HttpRequest) -> HttpResponse:
    """Shelves, votes and what explains the market."""
    fixed = [reverse(name) for name in FIXED]
    shelves = [f"{fixed[1]}?category={slug}" for slug in Category.objects.values_list("slug", flat=True)]
    daos = [reverse("governance:proposals", args=[slug]) for slug in Governor.objects.values_list("slug", flat=True)]
    votes = [each.get_absolute_url() for each in Proposal.objects.select_related("governor").order_by("-pk")[:NEWEST]]
    return _answer("urlset", "url", ((path, None) for path in (*fixed, *shelves, *daos, *votes)))


@door.public
def tools(request: HttpRequest, part: int) -> HttpResponse:
    """The tools whose numbers lie in one span, each with when its version was approved."""
    if part > 10**9:
        raise Http404("No such file.")
    here = Listing.objects.public().filter(pk__gte=part * SPAN, pk__lt=(part + 1) * SPAN).order_by("pk")
    place = reverse("catalog:listing", args=["-"])  # once, not for each
    found = here.values_list("slug", "updated_at")
    return _answer("urlset", "url", ((place.replace("-", slug), at) for slug, at in found))


def _answer(root: str, each: str, entries: Iterable[Entry]) -> HttpResponse:
    base = settings.BASE_URL.rstrip("/")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{NAMESPACE}">']
    for path, at in entries:
        when = f"<lastmod>{at.isoformat(timespec='seconds')}</lastmod>" if at else ""
        lines.append(f"<{each}><loc>{escape(base + path)}</loc>{when}</{each}>")
    return HttpResponse("\n".join([*lines, f"</{root}>", ""]), content_type="application/xml", headers=AN_HOUR)
