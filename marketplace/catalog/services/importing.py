"""A listing from outside, whole: by a program through the API, or as a file that a person uploads."""

from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.services.deciding import submit_version
from marketplace.catalog.services.drafting import draft_listing, edit_draft, find_reference
from marketplace.catalog.wording import Wording, of_version
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor


@dataclass(frozen=True, slots=True)
class Imported:
    """The version that now says what was sent; `is_new` when the listing did not exist before."""

    version: ListingVersion
    is_new: bool


def import_listing(actor: Actor, *, reference: str, wording: Wording, submit: bool = False) -> Imported:
    """Write the listing that the actor's organization calls `reference`, and hand it to the moderators if asked to.

    Sending the same again changes nothing, so a program that lost the answer may ask once more.
    """
    if not reference:
        raise Refused(_("Give the listing a reference, so that it is found again the next time."))
    wording.check()
    with transaction.atomic():
        found = find_reference(actor, reference)
        if found is None:
            version = draft_listing(actor, wording=wording, reference=reference)
        else:
            version = _same(found, wording) or edit_draft(actor, listing_id=found.pk, wording=wording)
        if submit and version.state in (ListingVersion.State.DRAFT, ListingVersion.State.CHANGES):
            version = submit_version(actor, listing_id=version.listing_id)
    return Imported(version, found is None)


def _same(listing: Listing, wording: Wording) -> ListingVersion | None:
    """The latest version, if it says just this and was not refused."""
    latest = listing.versions.select_related("category").order_by("-number").first()
    if latest is None or latest.state == ListingVersion.State.REJECTED or latest.typed:
        return None
    stands = of_version(latest)
    if wording.media is None:
        stands = replace(stands, media=None)
    return latest if stands == wording else None
