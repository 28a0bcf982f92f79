"""Drafts: begun, written step by step by several tabs at once, or as a whole by a script."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from marketplace.audit.services import record
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.wording import FIELDS, Wording
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.tenancy.actor import Actor

State = ListingVersion.State


class Stale(Refused):
    """Somebody has saved this step since the page was opened."""


def draft_listing(actor: Actor, *, wording: Wording, reference: str = "") -> ListingVersion:
    """Start a listing of the actor's organization with its first draft; nobody else sees it.

    `reference` is a script's own name for the listing: a second listing under it is refused.
    """
    wording.check()
    if reference and find_reference(actor, reference):
        raise Refused(_("You have a listing with the reference “%(reference)s” already.") % {"reference": reference})
    with transaction.atomic():
        listing = _with_free_slug(actor, wording.name, reference)
        draft = ListingVersion.objects.create(listing=listing, org_id=org_of(actor), number=1, **wording.columns())
        record(actor, "listing.drafted", listing, name=wording.name)
    return draft


def begin_listing(actor: Actor, *, name: str) -> ListingVersion:
    """Start a listing of which only the name is known yet; the rest is written step by step."""
    with transaction.atomic():
        listing = _with_free_slug(actor, name, "")
        draft = ListingVersion.objects.create(listing=listing, org_id=org_of(actor), number=1, name=name)
        record(actor, "listing.drafted", listing, name=name)
    return draft


def find_reference(actor: Actor, reference: str) -> Listing | None:
    """The actor's listing of this name: one that a script made under it, or one without a reference at that address."""
    named = Q(reference=reference) | Q(reference=None, slug=reference)
    return Listing.objects.for_org(org_of(actor)).filter(named).order_by(F("reference").asc(nulls_last=True)).first()


def _with_free_slug(actor: Actor, name: str, reference: str) -> Listing:
    stem = slugify(name)[:50].strip("-") or "tool"
    taken = {"new", "import", *Listing.objects.filter(slug__startswith=stem).values_list("slug", flat=True)}
    wishes = (slug for slug in _numbered(stem) if slug not in taken)
    for _attempt in range(10):
        try:
            with transaction.atomic():
                return Listing.objects.create(org_id=org_of(actor), slug=next(wishes), reference=reference or None)
        except IntegrityError:
            if reference and find_reference(actor, reference):
                raise Refused(_("This reference was used a moment ago. Send it again to see the listing.")) from None
    raise Refused(_("We could not find a free address for this name. Please try again."))


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))


def own(actor: Actor, listing_id: int) -> Listing:
    """The actor's listing, locked; all that happens to a listing happens under this lock."""
    listing = Listing.objects.for_org(org_of(actor)).select_for_update().filter(pk=listing_id).first()
    if listing is None:
        raise Refused(_("This listing is not one of yours."))
    if listing.state == Listing.State.RETIRED:
        raise Refused(_("This listing is retired. Start a new one to offer the tool again."))
    return listing


def open_draft(listing: Listing) -> ListingVersion:
    """The open draft of a locked listing, or, not yet stored, the next version with the text of the latest."""
    draft = listing.versions.filter(state__in=ListingVersion.OPEN).first()
    if draft is not None:
        if draft.state == State.SUBMITTED:
            raise Refused(_("A moderator is reading this version. You can change it again after the decision."))
        return draft
    number = (listing.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    draft = ListingVersion(listing=listing, org_id=listing.org_id, number=number)
    if latest := listing.versions.order_by("-number").first():
        for name in FIELDS:
            setattr(draft, name, getattr(latest, name))
    return draft


def edit_draft(actor: Actor, *, listing_id: int, wording: Wording) -> ListingVersion:
    """Write the whole open draft anew, or open the next version when all before are decided."""
    wording.check()
    with transaction.atomic():
        listing = own(actor, listing_id)
        draft = open_draft(listing)
        for name, value in wording.columns().items():
            setattr(draft, name, value)
        draft.typed = {}
        draft.stamps = {step: [_saved(draft, step) + 1, ""] for step in ListingVersion.STEPS}
        draft.save()
        record(actor, "listing.edited", listing, number=draft.number)
    return draft


def stamp_of(version: ListingVersion | None, step: str) -> int:
    """How often a step of a draft was saved; a version that is decided has not been begun again."""
    if version is None or version.state not in ListingVersion.OPEN:
        return 0
    return _saved(version, step)


def _saved(version: ListingVersion, step: str) -> int:
    return int(version.stamps.get(step, [0])[0])


def save_step(
    actor: Actor,
    *,
    listing_id: int,
    step: str,
    columns: Mapping[str, Any],
    stamp: int,
    tab: str,
    is_automatic: bool = False,
) -> ListingVersion:
    """Write the columns of one step, which are known to be usable; what was typed there and did not fit is forgotten.

    Raises Stale, and writes nothing, when the step was saved from another tab than `tab` since it had this `stamp`.
    """
    with transaction.atomic():
        draft = _stamped(actor, listing_id, step, stamp, tab)
        for name, value in columns.items():
            setattr(draft, name, value)
        draft.typed.pop(step, None)
        draft.save()
        if not is_automatic:
            record(actor, "listing.edited", draft.listing, number=draft.number, step=step)
    return draft


def keep_typed(
    actor: Actor, *, listing_id: int, step: str, typed: Mapping[str, list[str]], stamp: int, tab: str
) -> ListingVersion:
    """Keep what was typed in a step although it does not fit yet, so that nothing is lost. Raises Stale as above."""
    with transaction.atomic():
        draft = _stamped(actor, listing_id, step, stamp, tab)
        draft.typed[step] = dict(typed)
        draft.save()
    return draft


def _stamped(actor: Actor, listing_id: int, step: str, stamp: int, tab: str) -> ListingVersion:
    """The draft, locked. A tab may overtake itself: its answer may have been lost on the way."""
    draft = open_draft(own(actor, listing_id))
    last = draft.stamps.get(step, [0, ""])
    if last[0] != stamp and not (tab and last[1] == tab):
        raise Stale(_("This step was saved somewhere else since you opened it, perhaps in another tab."))
    draft.stamps = {**draft.stamps, step: [last[0] + 1, tab]}
    return draft
