"""Documents that people send: only PDF and pictures, and of pictures only what can be seen.

A picture is decoded and written anew, so that nothing but its pixels is kept. A PDF is kept as it came; it leaves
again only as a download. What a file is, its first bytes say; its name and its sender have to agree.
"""

import io
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image

from marketplace.lifecycle import Refused
from marketplace.organizations.models.verification import Document
from marketplace.organizations.pictures import FORMATS, bare, is_archive, kind_of, opened

Kind = Document.Kind
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_PIXELS: Final = 20_000_000
TAIL: Final = 2048
SUFFIXES: Final = {".pdf": Kind.PDF, ".png": Kind.PNG, ".jpg": Kind.JPEG, ".jpeg": Kind.JPEG, ".webp": Kind.WEBP}
STREAMS: Final = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
ACTIVE: Final = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)\b")

NO_ARCHIVES: Final = gettext_lazy(
    "Archives such as ZIP are not taken, nor files with one inside. Send a PDF, or a picture as PNG, JPEG or WebP."
)
TOO_BIG: Final = gettext_lazy("This file is larger than 8 MB.")


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
    if is_archive(content):
        raise Refused(NO_ARCHIVES)
    kind = Kind.PDF if content.startswith((b"%PDF-1.", b"%PDF-2.")) else kind_of(content)
    if kind is None:
        raise Refused(
            _("This is neither a PDF nor a picture that we know. Send a PDF, or a picture as PNG, JPEG or WebP.")
        )
    return kind


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
    out = io.BytesIO()
    with opened(content, kind, most_pixels=MOST_PIXELS) as picture:
        _write(picture, kind, out)
    return out.getvalue()


def _write(picture: Image.Image, kind: Kind, out: io.BytesIO) -> None:
    options = {
        Kind.PNG: {"compress_level": 3},
        Kind.JPEG: {"quality": 88},
        Kind.WEBP: {"quality": 88, "method": 0},
    }[kind]
    plain = bare(picture, has_alpha=kind != Kind.JPEG and picture.has_transparency_data)
    plain.save(out, FORMATS[kind], **options)
