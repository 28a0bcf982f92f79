"""Pictures of a tool: written anew as WebP in up to three widths; of what came, only the pixels are kept."""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image

from marketplace.lifecycle import Refused
from marketplace.organizations.pictures import bare, is_archive, kind_of, opened

WIDTHS: Final = (480, 960, 1600)
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_PIXELS: Final = 13_000_000  # a photograph of a telephone, or a screen of 4,096 × 3,072
NARROWEST: Final = 320
LONGEST_SIDE: Final = 4  # times the other
QUALITY: Final = 82


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture in one width, and the SHA-256 of its bytes."""

    width: int
    height: int
    sha256: str
    content: bytes


def drawn(upload: "UploadedFile[bytes]") -> list[Drawn]:
    """The files to keep, narrowest first; raises Refused with a sentence for what is no picture of bearable size."""
    content = upload.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Refused(_("This picture is larger than 8 MB. Send it smaller."))
    kind = None if is_archive(content) else kind_of(content)
    if kind is None:
        raise Refused(_("This is not a picture that we take. Send a PNG, JPEG or WebP."))
    with opened(content, kind, most_pixels=MOST_PIXELS, wanted=WIDTHS[-1]) as picture:
        _look(picture)
        plain = _plain(picture)
        return [_in_width(plain, width) for width in _widths(plain.width)]


def _look(picture: Image.Image) -> None:
    if picture.width < NARROWEST:
        raise Refused(
            _("This picture is narrower than %(pixels)d pixels. Nobody could read it; send it larger.")
            % {"pixels": NARROWEST}
        )
    if max(picture.size) > LONGEST_SIDE * min(picture.size):
        raise Refused(
            _("One side of this picture is more than %(times)d times the other. Cut it to what matters.")
            % {"times": LONGEST_SIDE}
        )


def _plain(picture: Image.Image) -> Image.Image:
    """In colours, on white where it was transparent, and no wider than the widest file."""
    has_alpha = picture.has_transparency_data
    plain = bare(picture, has_alpha=has_alpha)
    if plain.width > WIDTHS[-1]:
        plain = plain.resize((WIDTHS[-1], _height(plain, WIDTHS[-1])), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if has_alpha:
        paper = Image.new("RGB", plain.size, "white")
        paper.paste(plain, mask=plain.getchannel("A"))
        plain = paper
    return plain if plain.mode == "RGB" else plain.convert("RGB")


def _widths(width: int) -> list[int]:
    """Those that are not wider than the picture, which itself is the last when it lies well between."""
    smaller = [each for each in WIDTHS if each < width]
    return [*[each for each in smaller if each * 1.15 < width], width]


def _height(picture: Image.Image, width: int) -> int:
    return max(1, round(picture.height * width / picture.width))


def _in_width(plain: Image.Image, width: int) -> Drawn:
    size = (width, _height(plain, width))
    sized = plain if plain.size == size else plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    sized.save(out, "WEBP", quality=QUALITY, method=4)
    content = out.getvalue()
    return Drawn(*size, hashlib.sha256(content).hexdigest(), content)
