"""The provider's own listing of an address, and its latest text."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.tenancy.door import ActedRequest


def mine(request: ActedRequest, slug: str) -> Listing:
    """The listing, if it is one of the organization's; raises Http404."""
    return get_object_or_404(Listing.objects.for_org(request.org.pk), slug=slug)


def latest_of(listing: Listing) -> ListingVersion:
    """The version with the highest number; raises Http404 for a listing without any."""
    latest = listing.versions.select_related("category").order_by("-number").first()
    if latest is None:
        raise Http404("This listing has no text.")
    return latest


def pictures_of(org: Any) -> Callable[[str], str]:
    """Where the members of an organization find its pictures by their hash, shown in the shop or not."""
    return lambda sha256: f"/o/{org.slug}/pictures/{sha256}.webp"
