"""Addresses that programs ask for without being told: a browser for an icon, a search engine for what it may read."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import reverse

from marketplace.tenancy import door

A_DAY: Final = {"Cache-Control": "public, max-age=86400"}
PRIVATE: Final = ("/o/", "/accounts/", "/console/", "/inbox/", "/api/", "/gw/", "/browse/suggestions/")


@door.public
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon of every page, for what has no head of its own: a file, an answer in JSON, a page left early."""
    return HttpResponseRedirect(static("icons/favicon.ico"), headers=A_DAY)


@door.public
def robots(request: HttpRequest) -> HttpResponse:
    """The shop and the votes may be found; what lies behind a sign-in, or for programs need not be tried (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    lines.append(f"Sitemap: {settings.BASE_URL.rstrip('/')}{reverse('sitemap')}")
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8", headers=A_DAY)
