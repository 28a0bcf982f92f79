"""Pictures of a draft: kept by their hash, put in order, given words; and forgotten when no version shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Exists, Func, JSONField, OuterRef, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.catalog import media
from marketplace.catalog.drawing import Drawn
from marketplace.catalog.models import ListingVersion, PictureFile
from marketplace.catalog.schemas import NotUsable
from marketplace.catalog.services.drafting import save_step
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

MOST_KEPT: Final = 400  # pictures of one organization, over all its listings and their versions
UNUSED_FOR: Final = timedelta(days=1)
REASON: Final = "pictures that no version shows are looked for in all organizations"


@dataclass(frozen=True, slots=True)
class Added:
    """A picture to be kept, and what it shows."""

    files: Sequence[Drawn]
    alt: str


def save_pictures(
    actor: Actor,
    *,
    listing_id: int,
    pictures: Sequence[dict[str, str]],
    added: Added | None,
    stamp: int,
    tab: str,
    is_automatic: bool = False,
) -> ListingVersion:
    """Write which pictures the open draft shows: those named by hash, in this order, and then the one that is added.

    Raises Stale, and keeps nothing, when the step was saved from another tab since it had this `stamp`.
    """
    with transaction.atomic():
        wanted: list[dict[str, str]] = list(pictures)
        if added:
            wanted.append({"sha256": _kept(actor, added.files), "alt": added.alt})
        try:
            column = media.resolved(org_of(actor), wanted)
        except NotUsable as problem:
            raise Refused(str(problem)) from None
        return save_step(
            actor,
            listing_id=listing_id,
            step="media",
            columns={"media": column},
            stamp=stamp,
            tab=tab,
            is_automatic=is_automatic,
        )


def _kept(actor: Actor, files: Sequence[Drawn]) -> str:
    """The hash by which the picture goes. One that is here already is not stored again."""
    org_id, picture = org_of(actor), files[-1].sha256
    Organization.objects.select_for_update().get(pk=org_id)
    mine = PictureFile.objects.for_org(org_id)
    if mine.filter(picture=picture).update(added_at=timezone.now()):
        return picture
    if mine.values("picture").distinct().count() >= MOST_KEPT:
        raise Refused(_("Your organization keeps %(most)d pictures, which is as many as it may.") % {"most": MOST_KEPT})
    for drawn in files:
        row = PictureFile(
            org_id=org_id,
            picture=picture,
            sha256=drawn.sha256,
            width=drawn.width,
            height=drawn.height,
            size=len(drawn.content),
            added_by_id=actor.user_id,
        )
        place = f"{org_id}/{picture[:2]}/{picture}-{drawn.width}.webp"
        row.file.storage.delete(place)  # left over from a transaction that was rolled back
        row.file.save(place, ContentFile(drawn.content), save=False)
        row.save(force_insert=True)
    return picture


def forget_unused() -> int:
    """Delete the files that no version shows and nobody has sent for a day; answers how many."""
    with transaction.atomic(), as_system(REASON):
        name: Any = Func(Value("sha256"), OuterRef("picture"), function="jsonb_build_object")
        entry: Any = Func(name, function="jsonb_build_array", output_field=JSONField())
        shown = ListingVersion.objects.filter(org_id=OuterRef("org_id"), media__contains=entry)
        old = PictureFile.objects.older_than(timezone.now() - UNUSED_FOR).exclude(Exists(shown))
        unused = list(old.select_for_update(skip_locked=True, of=("self",))[:500])
        for row in unused:
            row.file.storage.delete(str(row.file.name))
        PictureFile.objects.filter(pk__in=[row.pk for row in unused]).delete()
    return len(unused)
