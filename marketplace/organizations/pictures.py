"""Pictures that people send: what they are and how large, read before they are decoded.

What a file is, its first bytes say. Only PNG, JPEG and WebP are opened, and of them only as many pixels as somebody
has room for.
"""

import io
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps

from marketplace.lifecycle import Refused
from marketplace.organizations.models.verification import Document

Kind = Document.Kind
MOST_SCANS: Final = 30  # of a progressive JPEG; each costs a pass over all pixels
ORIENTATION: Final = 0x0112  # of EXIF; 5 to 8 lie on their side
FORMATS: Final = {Kind.PNG: "PNG", Kind.JPEG: "JPEG", Kind.WEBP: "WEBP"}
ARCHIVES: Final = (b"PK", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"LZIP")
DAMAGED: Final = gettext_lazy("This picture is damaged, or it is not what it says it is.")


def is_archive(content: bytes) -> bool:
    """Whether it is an archive, or has one inside, whatever it is besides."""
    return content.startswith(ARCHIVES) or content[257:262] == b"ustar" or zipfile.is_zipfile(io.BytesIO(content))


def kind_of(content: bytes) -> Kind | None:
    """The kind of picture that the first bytes say; None for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if content.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Kind.WEBP
    return None


@contextmanager
def opened(content: bytes, kind: Kind, *, most_pixels: int, wanted: int | None = None) -> Iterator[Image.Image]:
    """The picture, decoded and upright; raises Refused, before decoding, when it has more pixels than that.

    With `wanted` a JPEG may come smaller, as long as it keeps so many pixels of width.
    """
    if kind == Kind.WEBP and webp_pixels(content) > most_pixels:
        raise _too_many(most_pixels)  # its decoder would reserve the room before telling the size
    if kind == Kind.JPEG and content.count(b"\xff\xda") > MOST_SCANS:
        raise Refused(DAMAGED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[FORMATS[kind]]) as picture:
                if picture.width * picture.height > most_pixels:
                    raise _too_many(most_pixels)
                if wanted:
                    picture.draft("RGB", _in_width(picture, wanted))
                picture.load()
                ImageOps.exif_transpose(picture, in_place=True)
                yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many(most_pixels) from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError):
        raise Refused(DAMAGED) from None


def _in_width(picture: Image.Image, wanted: int) -> tuple[int, int]:
    """The size as stored at which the picture, once it is upright, is so wide."""
    is_lying = picture.getexif().get(ORIENTATION, 1) >= 5
    share = wanted / (picture.height if is_lying else picture.width)
    return max(1, int(picture.width * share)), max(1, int(picture.height * share))


def bare(picture: Image.Image, *, has_alpha: bool) -> Image.Image:
    """Its pixels as grey, as colours, or with transparency, and nothing else: no comment, no place, no camera."""
    mode = "L" if picture.mode in ("1", "L") else "RGBA" if has_alpha else "RGB"
    plain = picture if picture.mode == mode else picture.convert(mode)
    plain.info.clear()
    return plain


def _too_many(most_pixels: int) -> Refused:
    millions = {"millions": most_pixels // 1_000_000}
    return Refused(_("This picture has more than %(millions)d million pixels. Send it smaller.") % millions)


def webp_pixels(content: bytes) -> int:
    """Width times height as the header of a WebP says (RFC 9649, section 2.5 to 2.7)."""
    form, head = content[12:16], content[20:30]
    if len(head) < 10:
        raise Refused(DAMAGED)
    if form == b"VP8X":
        wide, high = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (4, 7))
    elif form == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        wide, high = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif form == b"VP8 ":
        wide, high = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    else:
        raise Refused(DAMAGED)
    return wide * high
