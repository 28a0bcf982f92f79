"""Files that the sides of a dispute show: PDFs and pictures as the house takes them, and plain text."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from marketplace.lifecycle import Refused
from marketplace.organizations import papers

MOST_FILES: Final = 5
MOST_TEXT: Final = 1024 * 1024
TEXT: Final = "text/plain"
NOT_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that passed: what it is called, what it is, the bytes to keep, and their hash."""

    name: str
    kind: str
    content: bytes
    sha256: str


def vetted(upload: "UploadedFile[bytes]") -> Piece:
    """The file to keep; raises Refused with a sentence for anything but a PDF, a picture or plain text in UTF-8."""
    if PurePath((upload.name or "").lower()).suffix in {".txt", ".log", ".csv"}:
        name, kind, content = _text(upload)
    else:
        paper = papers.vetted(upload)
        name, kind, content = paper.name, str(paper.kind), paper.content
    return Piece(name, kind, content, hashlib.sha256(content).hexdigest())


def _text(upload: "UploadedFile[bytes]") -> tuple[str, str, bytes]:
    if (upload.size or 0) > MOST_TEXT:
        raise Refused(_("This text is larger than 1 MB. Send the part that matters."))
    content = upload.read(MOST_TEXT + 1)
    try:
        is_text = not NOT_TEXT.search(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        is_text = False
    if not is_text or len(content) > MOST_TEXT:
        raise Refused(_("This file is named as a text, but it is not plain text in UTF-8."))
    stem = PurePath((upload.name or "").replace("\\", "/")).stem
    return re.sub(r"[^\w .()-]+", "_", stem).strip(" .")[-90:] + ".txt", TEXT, content
