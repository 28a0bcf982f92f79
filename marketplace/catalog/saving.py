"""Lists of listings that an organization keeps: saved, noted, moved, taken off, and put back.

What is taken away keeps its row for a day, so that it can be put back; the next one to take something away deletes it.
"""

from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.audit.services import record
from marketplace.catalog.models import Listing, SavedList, SavedListing
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

MOST_LISTS: Final = 50
MOST_ON_A_LIST: Final = 100
CAN_BE_PUT_BACK: Final = timedelta(days=1)


def make_list(actor: Actor, *, name: str) -> SavedList:
    """A new list of the actor's organization."""
    with transaction.atomic():
        org = Organization.objects.select_for_update().get(pk=org_of(actor))
        if SavedList.objects.for_org(org.pk).kept().count() >= MOST_LISTS:
            raise Refused(_("An organization keeps at most %d lists. Take away one that nobody needs.") % MOST_LISTS)
        try:
            with transaction.atomic():
                made = SavedList.objects.create(org=org, name=name.strip(), created_by_id=actor.user_id)
        except IntegrityError:
            raise Refused(_same_name(name)) from None
        record(actor, "saved_list.made", made, name=made.name)
    return made


def rename_list(actor: Actor, *, list_id: int, name: str) -> SavedList:
    """Give a list another name."""
    with transaction.atomic():
        found = _list(actor, list_id)
        found.name = name.strip()
        try:
            with transaction.atomic():
                found.save(update_fields=["name"])
        except IntegrityError:
            raise Refused(_same_name(name)) from None
        record(actor, "saved_list.renamed", found, name=found.name)
    return found


def _same_name(name: str) -> str:
    return _("Your organization has a list called “%s” already.") % name.strip()


def save(actor: Actor, *, listing_id: int, list_id: int | None, new_list: str = "", note: str = "") -> SavedListing:
    """Put a public listing on a list, or on a new one called `new_list`."""
    with transaction.atomic():
        listing = Listing.objects.public().filter(pk=listing_id).first()
        if listing is None:
            raise Refused(_("This tool is not in the shop any more."))
        on = make_list(actor, name=new_list) if list_id is None else _list(actor, list_id)
        _has_room(on)
        try:
            with transaction.atomic():
                saved = SavedListing.objects.create(
                    org_id=on.org_id, saved_list=on, listing=listing, note=note.strip(), saved_by_id=actor.user_id
                )
        except IntegrityError:
            raise Refused(_there_already(listing, on)) from None
        record(actor, "listing.saved", saved, listing=listing.slug)
    return saved


def _there_already(listing: Listing, on: SavedList) -> str:
    return _("%(tool)s is on “%(list)s” already.") % {"tool": listing, "list": on}


def _has_room(on: SavedList) -> None:
    if on.entries.filter(removed_at=None).count() >= MOST_ON_A_LIST:
        raise Refused(_("A list holds at most %d tools. Begin another one.") % MOST_ON_A_LIST)


def change(actor: Actor, *, saved_id: int, list_id: int, note: str) -> SavedListing:
    """Note something else, and move it to another list of the organization."""
    with transaction.atomic():
        saved = _saved(actor, saved_id)
        on = _list(actor, list_id)
        if on.pk != saved.saved_list_id:
            _has_room(on)
        saved.note, saved.saved_list = note.strip(), on
        try:
            with transaction.atomic():
                saved.save(update_fields=["note", "saved_list"])
        except IntegrityError:
            raise Refused(_there_already(saved.listing, on)) from None
        record(actor, "saved_listing.changed", saved)
    return saved


def take_off(actor: Actor, *, saved_id: int) -> SavedListing:
    """Take a listing off its list; it can be put back for a day."""
    with transaction.atomic():
        saved = _saved(actor, saved_id)
        _sweep(saved.org_id)
        saved.removed_at = timezone.now()
        saved.save(update_fields=["removed_at"])
        record(actor, "saved_listing.removed", saved)
    return saved


def put_back(actor: Actor, *, saved_id: int) -> SavedListing:
    """Undo taking a listing off."""
    with transaction.atomic():
        gone = SavedListing.objects.for_org(org_of(actor)).select_related("listing", "saved_list")
        saved = gone.select_for_update(of=("self",)).filter(pk=saved_id).first()
        if saved is None or saved.saved_list.removed_at:
            raise Refused(_("This cannot be put back any more. Save it again from its page."))
        if saved.removed_at is None:
            return saved
        _has_room(_list(actor, saved.saved_list_id))
        saved.removed_at = None
        try:
            with transaction.atomic():
                saved.save(update_fields=["removed_at"])
        except IntegrityError:
            raise Refused(_there_already(saved.listing, saved.saved_list)) from None
        record(actor, "saved_listing.put_back", saved)
    return saved


def remove_list(actor: Actor, *, list_id: int) -> SavedList:
    """Take a list away with all that is on it; it can be put back for a day."""
    with transaction.atomic():
        found = _list(actor, list_id)
        _sweep(found.org_id)
        found.removed_at = timezone.now()
        found.save(update_fields=["removed_at"])
        record(actor, "saved_list.removed", found)
    return found


def put_list_back(actor: Actor, *, list_id: int) -> SavedList:
    """Undo taking a list away."""
    with transaction.atomic():
        found = SavedList.objects.for_org(org_of(actor)).select_for_update().filter(pk=list_id).first()
        if found is None:
            raise Refused(_("This list cannot be put back any more."))
        if found.removed_at is None:
            return found
        found.removed_at = None
        try:
            with transaction.atomic():
                found.save(update_fields=["removed_at"])
        except IntegrityError:
            raise Refused(_same_name(found.name)) from None
        record(actor, "saved_list.put_back", found)
    return found


def _list(actor: Actor, list_id: int) -> SavedList:
    """A list of the actor's organization, locked."""
    found = SavedList.objects.for_org(org_of(actor)).kept().select_for_update().filter(pk=list_id).first()
    if found is None:
        raise Refused(_("Your organization has no such list, or somebody has just taken it away."))
    return found


def _saved(actor: Actor, saved_id: int) -> SavedListing:
    """What the actor's organization saved, locked."""
    mine = SavedListing.objects.for_org(org_of(actor)).kept().select_related("listing", "saved_list")
    found = mine.select_for_update(of=("self",)).filter(pk=saved_id).first()
    if found is None:
        raise Refused(_("This is not on one of your organization's lists any more."))
    return found


def _sweep(org_id: int) -> None:
    """Delete what was taken away so long ago that nobody puts it back."""
    before = timezone.now() - CAN_BE_PUT_BACK
    SavedListing.objects.for_org(org_id).filter(removed_at__lt=before).delete()
    SavedList.objects.for_org(org_id).filter(removed_at__lt=before).delete()


def part(listing: Listing, user_id: int | None) -> dict[str, Any]:
    """For a tool's page, under the name `saved`: on which lists of the reader's organizations it is."""
    if user_id is None:
        return {"saved": []}
    with transaction.atomic(savepoint=False), as_system("the reader may belong to several organizations"):
        mine = SavedListing.objects.kept().filter(listing=listing, org__memberships__user_id=user_id)
        return {"saved": list(mine.select_related("saved_list", "org")[:5])}
