"""Documents that people send: only PDF and pictures, and of pictures only what can be seen.

A picture is decoded and written anew, so that nothing but its pixels is kept. A PDF is kept as it came; it leaves
again only as a download. What a file is, its first bytes say; its name and its sender have to agree.
"""

import io
import re
import struct
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps

from marketplace.lifecycle import Refused
from marketplace.organizations.models.verification import Document

Kind = Document.Kind
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_PIXELS: Final = 20_000_000
MOST_SCANS: Final = 30  # of a progressive JPEG; each costs a pass over all pixels
TAIL: Final = 2048
SUFFIXES: Final = {".pdf": Kind.PDF, ".png": Kind.PNG, ".jpg": Kind.JPEG, ".jpeg": Kind.JPEG, ".webp": Kind.WEBP}
FORMATS: Final = {Kind.PNG: "PNG", Kind.JPEG: "JPEG", Kind.WEBP: "WEBP"}
ARCHIVES: Final = (b"PK", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"LZIP")
STREAMS: Final = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
ACTIVE: Final = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)\b")

NO_ARCHIVES: Final = gettext_lazy(
    "Archives such as ZIP are not taken, nor files with one inside. Send a PDF, or a picture as PNG, JPEG or WebP."
)
TOO_BIG: Final = gettext_lazy("This file is larger than 8 MB.")
TOO_MANY_PIXELS: Final = gettext_lazy("This picture has more than 20 million pixels. Send it smaller.")
DAMAGED: Final = gettext_lazy("This picture is damaged, or it is not what it says it is.")


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that passed: what it is called, what it is, and the bytes to keep."""

    name: str
    kind: Kind
    content: bytes


def vetted(upload: "UploadedFile[bytes]") -> Paper:
    """The document to keep; raises Refused with a sentence for anything but a PDF or a picture of bearable size."""
    if (upload.size or 0) > MOST_BYTES:
        raise Refused(TOO_BIG)
    content = upload.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Refused(TOO_BIG)
    name = re.sub(r"[^\w .()-]+", "_", PurePath((upload.name or "").replace("\\", "/")).name).strip(" .")[-100:]
    kind = _kind(content)
    declared = upload.content_type if upload.content_type in Kind.values else kind
    if kind != declared or kind != SUFFIXES.get(PurePath(name).suffix.lower()):
        raise Refused(_("This file is a %(kind)s, but it is named or sent as something else.") % {"kind": kind.label})
    if kind == Kind.PDF:
        _look_at_pdf(content)
        return Paper(name, kind, content)
    return Paper(name, kind, _redrawn(content, kind))


def _kind(content: bytes) -> Kind:
    """What the first bytes say."""
    if content.startswith(ARCHIVES) or content[257:262] == b"ustar" or zipfile.is_zipfile(io.BytesIO(content)):
        raise Refused(NO_ARCHIVES)
    if content.startswith((b"%PDF-1.", b"%PDF-2.")):
        return Kind.PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if content.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Kind.WEBP
    raise Refused(_("This is neither a PDF nor a picture that we know. Send a PDF, or a picture as PNG, JPEG or WebP."))


def _look_at_pdf(content: bytes) -> None:
    """Refuse a PDF that does not end as one, is locked, or openly brings programs or files along."""
    end = content[-TAIL:]
    if b"startxref" not in end or b"%%EOF" not in end[end.rindex(b"startxref") :]:
        raise Refused(_("This PDF is not complete. Save it once more and send it again."))
    if end[end.rindex(b"%%EOF") + 5 :].strip(b"\0\r\n\t "):
        raise Refused(_("Something is hidden behind the end of this PDF. Save it once more and send it again."))
    outline = STREAMS.sub(b"", content)  # in the streams are pixels and letters, in which any name may stand by chance
    if b"/Encrypt" in outline:
        raise Refused(_("This PDF is locked with a password. Send it without."))
    if ACTIVE.search(outline):
        raise Refused(_("This PDF contains programs or other files. Print it to a new PDF and send that."))


def _redrawn(content: bytes, kind: Kind) -> bytes:
    """The picture's pixels in a new file of the same kind, upright; its size is looked at before it is decoded."""
    if kind == Kind.WEBP and _webp_pixels(content) > MOST_PIXELS:
        raise Refused(TOO_MANY_PIXELS)  # its decoder would reserve the room before telling the size
    if kind == Kind.JPEG and content.count(b"\xff\xda") > MOST_SCANS:
        raise Refused(DAMAGED)
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[FORMATS[kind]]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Refused(TOO_MANY_PIXELS)
                picture.load()
                _write(ImageOps.exif_transpose(picture), kind, out)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(TOO_MANY_PIXELS) from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError):
        raise Refused(DAMAGED) from None
    return out.getvalue()


def _write(picture: Image.Image, kind: Kind, out: io.BytesIO) -> None:
    has_alpha = kind != Kind.JPEG and picture.has_transparency_data
    bare = picture.convert("L" if picture.mode in ("1", "L") else "RGBA" if has_alpha else "RGB")
    bare.info.clear()  # no comment, no place, no camera
    options = {
        Kind.PNG: {"compress_level": 3},
        Kind.JPEG: {"quality": 88},
        Kind.WEBP: {"quality": 88, "method": 0},
    }[kind]
    bare.save(out, FORMATS[kind], **options)


def _webp_pixels(content: bytes) -> int:
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
