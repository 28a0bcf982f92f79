"""A public listing taken out of the shop by a moderator, and put back."""

from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.audit.services import record
from marketplace.catalog.models import Listing
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor


def suspend_listing(actor: Actor, *, listing_id: int, reason: str) -> Listing:
    """Take a listing out of the shop until a moderator puts it back. For moderation, inside its transaction."""
    return _moved(actor, listing_id, Listing.State.SUSPENDED, "listing.suspended", reason)


def restore_listing(actor: Actor, *, listing_id: int, reason: str) -> Listing:
    """Put a suspended listing back. For moderation, inside its transaction."""
    return _moved(actor, listing_id, Listing.State.PUBLIC, "listing.restored", reason)


def _moved(actor: Actor, listing_id: int, to: str, verb: str, reason: str) -> Listing:
    with transaction.atomic():
        listing = Listing.objects.select_for_update().filter(pk=listing_id).first()
        if listing is None or not listing.can_move(to):
            raise Refused(_("The listing has changed meanwhile, so this cannot be done. Look at the case again."))
        listing.move(to)
        record(actor, verb, listing, org_id=listing.org_id, reason=reason)
    return listing
