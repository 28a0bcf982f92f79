"""A real tools server, and papers made by code."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

# As in the child processes: threads of linear algebra only get in the way on busy machines.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).parents[3]
KEY = "a-key-for-tests-only-0123456789"
Paper = list[tuple[int, int, int, str]]


def _pdf(papers: list[Paper]) -> bytes:
    """Return a PDF with a page per paper; a paper is (x, y, size, text) in points from the lower left."""
    count = len(papers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(count))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, paper in enumerate(papers):
        parts = []
        for x, y, size, text in paper:
            escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("cp1252")
            parts.append(b"BT /F1 %d Tf %d %d Td (%s) Tj ET" % (size, x, y, escaped))
        stream = b"\n".join(parts)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


@pytest.fixture(scope="session")
def pdf_of() -> Callable[..., bytes]:
    """Make a PDF of lines of text, one page for each list of lines."""
    return lambda *pages: _pdf([[(50, 790 - 16 * n, 10, line) for n, line in enumerate(lines)] for lines in pages])


@pytest.fixture(scope="session")
def example_invoice() -> bytes:
    """The invoice that the catalogue offers as an example, set in columns as accounting programs do."""
    left = ["Café Ada", "Ada Beispiel", "Marktplatz 3", "50667 Köln"]
    right = [
        ("Rechnungsnummer:", "RE-2025-0187"),
        ("Rechnungsdatum:", "14.03.2025"),
        ("Fällig am:", "28.03.2025"),
        ("Kundennummer:", "10442"),
    ]
    items = [
        ("1", "Kopierpapier A4, 500 Blatt", "20", "4,95 €", "99,00 €"),
        ("2", "Toner schwarz, 12.000 Seiten", "3", "389,50 €", "1.168,50 €"),
    ]
    sums = [("Zwischensumme (netto)", "1.267,50 €"), ("zzgl. 19 % MwSt.", "240,83 €"), ("Gesamtbetrag", "1.508,33 €")]
    paper: Paper = [
        (50, 790, 16, "Muster Bürobedarf GmbH"),
        (50, 774, 8, "Hafenstraße 12 · 20457 Hamburg · Telefon 040 123456"),
        (50, 610, 14, "Rechnung"),
    ]
    paper += [(50, 720 - 14 * n, 10, text) for n, text in enumerate(left)]
    for n, (label, value) in enumerate(right):
        paper += [(330, 720 - 14 * n, 10, label), (450, 720 - 14 * n, 10, value)]
    columns = (50, 80, 300, 370, 460)
    for n, row in enumerate([("Pos", "Bezeichnung", "Menge", "Einzelpreis", "Betrag"), *items]):
        paper += [(x, 580 - 16 * n, 10, text) for x, text in zip(columns, row, strict=True)]
    for n, (label, value) in enumerate(sums):
        paper += [(300, 510 - 16 * n, 10, label), (460, 510 - 16 * n, 10, value)]
    paper += [
        (50, 430, 10, "Bitte überweisen Sie den Betrag ohne Abzug bis zum Fälligkeitstag."),
        (50, 80, 8, "IBAN: DE89 3704 0044 0532 0130 00"),
        (260, 80, 8, "BIC: COBADEFFXXX"),
        (50, 68, 8, "USt-IdNr.: DE136695976"),
        (260, 68, 8, "Amtsgericht Hamburg HRB 12345"),
    ]
    return _pdf([paper])


@pytest.fixture(scope="session")
def upload() -> Callable[[str | bytes], str]:
    """Encode a file as the form does."""
    return lambda content: base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


@pytest.fixture(scope="session")
def ask() -> Callable[..., tuple[int, dict[str, Any]]]:
    """Compute as the child process does, without HTTP; returns status and answer, which must hold no fault."""
    from settings.local.tools.worker import computed

    def asked(slug: str, **given: Any) -> tuple[int, dict[str, Any]]:
        status, answer, log = computed(slug, json.dumps(given).encode())
        assert status < 500, log
        return status, answer

    return asked


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[str, int]]:
    """A real server on a free port; gives its address and process id."""
    environment = os.environ | {"PORT": "0", "DEMO_TOOLS_KEY": KEY}
    command = [sys.executable, "-m", "settings.local.tools"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        # Somebody must read the log, or the server stops when the pipe is full.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def client(server: tuple[str, int]) -> Iterator[httpx.Client]:
    """A caller who holds the key."""
    with httpx.Client(base_url=server[0], headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as caller:
        yield caller
