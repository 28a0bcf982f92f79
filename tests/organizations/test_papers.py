"""What is taken as a document, and what is refused, fast and in little room."""

import io
import json
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from marketplace.lifecycle import Refused
from marketplace.organizations import papers, pictures
from tests.organizations import bombs

BAD = bombs.ARCHIVES | bombs.OTHERS
MB = 1024


def upload(name: str, content: bytes, declared: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, declared)


def measured(work: Callable[[], Any]) -> dict[str, Any]:
    """Do it in a process of its own: what it said, how long it took, and how much memory beyond what was there."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        try:
            said = type(work()).__name__
        except Refused as refused:
            said = str(refused)
        except BaseException as problem:
            said = f"{type(problem).__name__}: {problem}"
        took = time.perf_counter() - started
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writer, json.dumps({"said": said, "seconds": took, "kilobytes": grown}).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        found = json.load(answer)
    os.waitpid(child, 0)
    return dict(found)


@pytest.mark.parametrize("what", BAD)
def test_it_is_refused_within_two_seconds_and_64_megabytes(what: str) -> None:
    name, make = BAD[what]
    sent = upload(name, make())
    found = measured(lambda: papers.vetted(sent))
    assert found["seconds"] <= 2, found
    assert found["kilobytes"] <= 64 * MB, found
    assert found["said"].endswith("."), found
    assert "Error" not in found["said"], found
    if what in bombs.ARCHIVES:
        assert found["said"] == papers.NO_ARCHIVES


def test_decoding_first_and_looking_later_would_take_the_memory() -> None:
    """The control: the same picture, opened without looking at its size."""

    def naive() -> None:
        Image.MAX_IMAGE_PIXELS = None
        with Image.open(io.BytesIO(bombs.vast_png())) as picture:
            picture.load()

    bombs.vast_png()
    assert measured(naive)["kilobytes"] > 64 * MB


def test_a_webp_decoder_reserves_the_room_before_it_tells_the_size() -> None:
    """So its header is read by ourselves, before the decoder sees it."""
    with pytest.raises(Refused, match="million pixels"):
        papers.vetted(upload("a.webp", bombs.VAST_VP8X))
    assert pictures.webp_pixels(bombs.picture("WEBP", (300, 200))) == 60_000
    assert pictures.webp_pixels(bombs.picture("WEBP", (300, 200), lossless=True)) == 60_000
    assert pictures.webp_pixels(bombs.VAST_VP8L) == 16_383**2


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("JPEG", "JPEG"), ("WEBP", "webp")])
def test_a_picture_is_kept_as_the_same_kind_of_picture(kind: str, suffix: str) -> None:
    paper = papers.vetted(upload(f"Auszug.{suffix}", bombs.picture(kind, (300, 200))))
    with Image.open(io.BytesIO(paper.content)) as kept:
        assert (kept.format, kept.size) == (kind, (300, 200))
        assert kept.convert("RGB").getpixel((5, 5))[1] == pytest.approx(128, abs=4)  # type: ignore[index]


@pytest.mark.parametrize("colours", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_pictures_of_all_colours_are_taken(colours: str) -> None:
    out = io.BytesIO()
    kind = "JPEG" if colours == "CMYK" else "PNG"
    Image.new(colours, (30, 20)).save(out, kind)
    assert papers.vetted(upload(f"a.{kind.lower()}", out.getvalue())).content


def test_nothing_but_pixels_is_kept_of_a_picture() -> None:
    where = Image.Exif()
    where[0x010E] = "canary-place"
    photo = bombs.picture("JPEG", exif=where.tobytes(), comment=b"canary-comment")
    note = PngImagePlugin.PngInfo()
    note.add_text("Author", "canary-author")
    for name, content in (("a.jpg", photo), ("a.png", bombs.picture("PNG", pnginfo=note))):
        assert b"canary" in content
        assert b"canary" not in papers.vetted(upload(name, content)).content


def test_a_photograph_is_turned_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    paper = papers.vetted(upload("a.jpg", bombs.picture("JPEG", (60, 40), exif=turned.tobytes())))
    with Image.open(io.BytesIO(paper.content)) as kept:
        assert kept.size == (40, 60)


def test_a_photograph_of_a_telephone_is_taken() -> None:
    assert papers.vetted(upload("a.jpg", bombs.picture("JPEG", (4032, 3024)))).content


def test_a_pdf_is_kept_as_it_came() -> None:
    assert papers.vetted(upload("Auszug HRB 4711.pdf", bombs.PDF)).content == bombs.PDF


def test_letters_in_the_streams_of_a_pdf_are_not_taken_for_programs() -> None:
    compressed = bombs.PDF.replace(b"endobj", b"endobj\n2 0 obj\nstream\n/JS /Encrypt\nendstream\nendobj", 1)
    assert papers.vetted(upload("a.pdf", compressed)).content == compressed


def test_what_the_browser_declares_has_to_agree_too() -> None:
    with pytest.raises(Refused, match="sent as something else"):
        papers.vetted(upload("a.png", bombs.picture("PNG"), "application/pdf"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Ada\\Auszug.pdf", "Auszug.pdf"),
        ('a"\r\nX: y.pdf', "a_X_ y.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("Gründung.pdf", "Gründung.pdf"),
    ],
)
def test_a_name_leads_nowhere(name: str, kept: str) -> None:
    sent = upload("a.pdf", bombs.PDF)
    sent._name = name  # type: ignore[attr-defined]  # as a client that does not clean its names
    assert papers.vetted(sent).name == kept
