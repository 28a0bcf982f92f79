"""Files that somebody would rather not open, made on the fly."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from functools import cache

from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"


def picture(kind: str, size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    """A harmless picture."""
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def archive(name: str = "a.txt", content: bytes = b"x", *, symlink: bool = False) -> bytes:
    """A ZIP with one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        member = zipfile.ZipInfo(name)
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = (0o120777 if symlink else 0o644) << 16
        file.writestr(member, content)
    return out.getvalue()


@cache
def expanding() -> bytes:
    """100 MB of nothing in 100 kB."""
    return archive("zeros", bytes(100_000_000))


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(wide: int, high: int, data: bytes, *, more: bytes = b"", depth: int = 1, colour: int = 0) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@cache
def vast_png() -> bytes:
    """50,000 by 50,000 pixels, complete and valid, in some 300 kB."""
    packer, rows = zlib.compressobj(1), []
    for _ in range(50_000):
        rows.append(packer.compress(bytes(6_251)))
    return png(50_000, 50_000, b"".join(rows) + packer.flush())


def wordy_png() -> bytes:
    """A comment of 200 MB, compressed."""
    packer = zlib.compressobj(9)
    text = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    return png(1, 1, zlib.compress(b"\0\0"), more=chunk(b"zTXt", b"Comment\0\0" + text))


def webp(form: bytes, head: bytes) -> bytes:
    body = b"WEBP" + form + struct.pack("<I", len(head)) + head + bytes(64)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated a thousand times."""
    whole = picture("JPEG", (4000, 4000), progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 1000 + b"\xff\xd9"


def vast_jpeg() -> bytes:
    whole = picture("JPEG")
    frame = whole.index(b"\xff\xc0")
    return whole[: frame + 5] + struct.pack(">HH", 65_000, 65_000) + whole[frame + 9 :]


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
SCRIPTED = PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
LAUNCHING = PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /Launch /F (cmd.exe) >>")
CARRYING = PDF.replace(b"/Catalog", b"/Catalog /Names << /EmbeddedFiles 3 0 R >>")
LOCKED = PDF.replace(b"/Root", b"/Encrypt 5 0 R /Root")
VAST_VP8X = webp(b"VP8X", bytes(4) + (16_382).to_bytes(3, "little") * 2)
VAST_VP8L = webp(b"VP8L", b"\x2f" + (16_382 | 16_382 << 14).to_bytes(4, "little") + bytes(5))
VAST_VP8 = webp(b"VP8 ", b"\x10\x00\x00\x9d\x01\x2a" + (16_383).to_bytes(2, "little") * 2)

ARCHIVES = {
    "a ZIP": ("a.zip", archive),
    "a ZIP that expands": ("a.zip", expanding),
    "a ZIP in a ZIP": ("a.zip", lambda: archive("inner.zip", expanding())),
    "a ZIP with a symlink": ("a.zip", lambda: archive("link", b"/etc/passwd", symlink=True)),
    "a ZIP with a way out": ("a.zip", lambda: archive("../../etc/passwd")),
    "a ZIP called PDF": ("a.pdf", archive),
    "a Word document": ("a.docx", lambda: archive("word/document.xml")),
    "a tar with a symlink": ("a.tar", tar),
    "a tar called PNG": ("a.png", tar),
    "a gzip that expands": ("a.gz", lambda: gzip.compress(bytes(20_000_000))),
    "a 7z": ("a.7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(40)),
    "a RAR": ("a.rar", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(40)),
    "a PDF that is a ZIP too": ("a.pdf", lambda: PDF + archive()),
    "a JPEG that is a ZIP too": ("a.jpg", lambda: picture("JPEG") + archive()),
    "a PNG that is a ZIP too": ("a.png", lambda: picture("PNG") + expanding()),
}
OTHERS = {
    "a PDF with HTML behind it": ("a.pdf", lambda: PDF + b"<script>alert(1)</script>"),
    "a PDF with a page before it": ("a.pdf", lambda: b"<html>" + PDF),
    "a PDF with a program": ("a.pdf", lambda: SCRIPTED),
    "a PDF that starts a program": ("a.pdf", lambda: LAUNCHING),
    "a PDF with files in it": ("a.pdf", lambda: CARRYING),
    "a locked PDF": ("a.pdf", lambda: LOCKED),
    "half a PDF": ("a.pdf", lambda: PDF[:40]),
    "an SVG with a script": ("a.svg", lambda: SVG),
    "an SVG called PNG": ("a.png", lambda: SVG),
    "HTML called PDF": ("a.pdf", lambda: b"<!DOCTYPE html><script>alert(1)</script>"),
    "a program called PDF": ("a.pdf", lambda: b"MZ" + bytes(400)),
    "a PNG called JPEG": ("a.jpg", lambda: picture("PNG")),
    "a JPEG called PNG": ("a.png", lambda: picture("JPEG")),
    "a PDF called PNG": ("a.png", lambda: PDF),
    "a PNG without a kind": ("picture", lambda: picture("PNG")),
    "a GIF": ("a.gif", lambda: picture("GIF")),
    "a TIFF called PNG": ("a.png", lambda: picture("TIFF")),
    "a PNG of 50,000 by 50,000": ("a.png", vast_png),
    "a PNG that claims 50,000 by 50,000": ("a.png", lambda: png(50_000, 50_000, zlib.compress(b"\0"))),
    "a PNG with a comment of 200 MB": ("a.png", wordy_png),
    "half a PNG": ("a.png", lambda: picture("PNG")[:60]),
    "a JPEG that claims 65,000 by 65,000": ("a.jpg", vast_jpeg),
    "a JPEG with a thousand scans": ("a.jpg", many_scans),
    "a WebP that claims 16,383 by 16,383": ("a.webp", lambda: VAST_VP8X),
    "a lossless WebP that claims 16,383 by 16,383": ("a.webp", lambda: VAST_VP8L),
    "a lossy WebP that claims 16,383 by 16,383": ("a.webp", lambda: VAST_VP8),
    "a WebP without a head": ("a.webp", lambda: b"RIFF\x04\x00\x00\x00WEBP"),
    "nine megabytes": ("a.pdf", lambda: PDF[:9] + bytes(9 * 1024 * 1024) + PDF[9:]),
    "nothing": ("a.pdf", lambda: b""),
}
