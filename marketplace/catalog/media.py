"""Which pictures a version shows, as its column `media` holds them, and as a page shows them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from marketplace.catalog.models import PictureFile
from marketplace.catalog.schemas import NotUsable

MOST_PICTURES: Final = 8
LONGEST_ALT: Final = 300
Media = list[dict[str, Any]]


def named(media: Media) -> Media:
    """Hash and words of each picture, as a file or a program names them; the sizes follow from the hash."""
    return [{"sha256": one["sha256"], "alt": one["alt"]} for one in media]


def resolved(org_id: int, wanted: Sequence[Mapping[str, Any]]) -> Media:
    """The column for an organization's pictures, named by hash, in this order; raises NotUsable for an unknown one."""
    if len(wanted) > MOST_PICTURES:
        raise NotUsable(_("A listing shows at most %(most)d pictures.") % {"most": MOST_PICTURES})
    hashes = [one["sha256"] for one in wanted]
    if len(set(hashes)) < len(hashes):
        raise NotUsable(_("The same picture stands here twice."))
    files = PictureFile.objects.for_org(org_id).filter(picture__in=hashes).order_by("width") if hashes else []
    sizes: dict[str, list[list[Any]]] = {}
    for file in files:
        sizes.setdefault(file.picture, []).append([file.width, file.height, file.sha256])
    for digest in hashes:
        if digest not in sizes:
            raise NotUsable(
                _("Your organization has no picture %(sha256)s. Send it once in the step “Pictures” of a listing.")
                % {"sha256": digest[:80]}
            )
    return [{"sha256": one["sha256"], "alt": one["alt"], "sizes": sizes[one["sha256"]]} for one in wanted]


def check(media: Media) -> None:
    """Raise NotUsable unless each picture has words for people who cannot see it."""
    if len(media) > MOST_PICTURES:
        raise NotUsable(_("A listing shows at most %(most)d pictures.") % {"most": MOST_PICTURES})
    for number, one in enumerate(media, start=1):
        if not one["alt"].strip():
            raise NotUsable(_("Say what picture %(number)d shows, for people who cannot see it.") % {"number": number})
        if len(one["alt"]) > LONGEST_ALT:
            raise NotUsable(
                _("What picture %(number)d shows is said in more than %(most)d characters.")
                % {"number": number, "most": LONGEST_ALT}
            )


def in_words(picture: Mapping[str, Any]) -> str:
    """One picture in a comparison of two versions: what it shows, how large, and the beginning of its hash."""
    width, height, _sha256 = picture["sizes"][-1]
    return f"{picture['alt']} ({width} × {height}, {picture['sha256'][:12]}…)"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture on a page: the address of its largest file, those of all by width, and the room that it takes."""

    alt: str
    src: str
    srcset: str
    width: int
    height: int


def shots(media: Media, address: Callable[[str], str]) -> list[Shot]:
    """The pictures of a version for a page on which a file of this hash has that address."""
    found = []
    for one in media:
        width, height, largest = one["sizes"][-1]
        srcset = ", ".join(f"{address(sha256)} {wide}w" for wide, _height, sha256 in one["sizes"])
        found.append(Shot(one["alt"], address(largest), srcset, width, height))
    return found


def in_the_shop(sha256: str) -> str:
    """Where everybody finds a picture that the shop shows."""
    return f"/pictures/{sha256}.webp"
