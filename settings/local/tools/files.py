"""From an uploaded file to text and to a table, with sentences that say where it goes wrong."""

import base64
import binascii
import csv
import io
import re
from dataclasses import dataclass

from .answers import Wrong, counted

FILE_LIMIT = 2 * 1024 * 1024
MOST_COLUMNS = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SIGNATURES = {
    b"PK\x03\x04": "This is an Excel workbook or a ZIP archive, not a CSV file. Save it from Excel as CSV.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook, not a CSV file. Save it from Excel as CSV.",
    b"%PDF-": "This is a PDF, but a CSV file is needed.",
}


@dataclass(frozen=True)
class Table:
    """A CSV file: its column names, its rows with the line each starts on, and the separator that was found."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]
    separator: str


def bytes_of(encoded: str, field: str = "file") -> bytes:
    """Return the bytes of a base64 upload of at most 2 MB."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("The file did not arrive whole: its content is not valid base64.", field) from None
    if len(raw) > FILE_LIMIT:
        raise Wrong("The file is too large; at most 2 MB are allowed.", field, 413)
    if not raw:
        raise Wrong("The file is empty.", field)
    return raw


def text_of(raw: bytes, field: str = "file") -> str:
    """Return the text of a file in UTF-8, UTF-16 (with mark) or Windows-1252; anything binary is refused."""
    for signature, sentence in _SIGNATURES.items():
        if raw.startswith(signature):
            raise Wrong(sentence, field)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
    if _CONTROL.search(text) or text.count("\ufffd") > len(text) / 200:
        raise Wrong("This is not a text file: it contains bytes that no CSV file has.", field)
    if not text.strip():
        raise Wrong("The file is empty.", field)
    return text


def _records(text: str, separator: str, limit: int | None = None) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found, start = [], 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            found.append((start, [cell.strip() for cell in cells]))
        start = reader.line_num + 1
        if limit and len(found) >= limit:
            break
    return found


def separator_of(text: str) -> str:
    """Return the separator (; tab , |) that splits the heading and the first rows alike into the most columns."""
    best, best_rank = ",", (0.0, 0)
    for separator in (";", "\t", ",", "|"):
        try:
            rows = _records(text, separator, limit=20)
        except csv.Error:
            continue
        width = len(rows[0][1]) if rows else 0
        alike = sum(len(cells) == width for _, cells in rows) / max(len(rows), 1)
        if width > 1 and (alike, width) > best_rank:
            best, best_rank = separator, (alike, width)
    return best


def table_of(text: str, field: str = "file", max_rows: int = 50_000) -> Table:
    """Return the table in a CSV text; its first line names the columns, every row has one cell for each."""
    separator = separator_of(text)
    try:
        records = _records(text, separator)
    except csv.Error as error:
        raise Wrong(f"The file cannot be read as CSV: {error}.", field) from None
    if not records:
        raise Wrong("The file is empty: it needs a heading line, and rows below it.", field)
    columns = records[0][1]
    while len(columns) > 1 and not columns[-1]:
        columns = columns[:-1]
    if len(columns) > MOST_COLUMNS:
        raise Wrong(f"The file has {len(columns):,} columns; at most {MOST_COLUMNS} are allowed.", field)
    rows = [(line, _fitted(line, cells, len(columns), field)) for line, cells in records[1:]]
    if not rows:
        raise Wrong("The file has a heading line but no rows below it.", field)
    if len(rows) > max_rows:
        raise Wrong(f"The file has {counted(len(rows), 'row')}; at most {max_rows:,} are allowed.", field, 413)
    return Table(columns, rows, separator)


def _fitted(line: int, cells: list[str], width: int, field: str) -> list[str]:
    if len(cells) > width and any(cells[width:]):
        raise Wrong(f"Line {line} has {len(cells)} columns, but the heading has {width}.", field)
    return (cells + [""] * width)[:width]


def plain(name: str) -> str:
    """Return a column name for comparing: lower case, letters and digits only, umlauts written out."""
    lowered = name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return re.sub(r"[^a-z0-9]", "", lowered)


def column(columns: list[str], names: tuple[str, ...]) -> int | None:
    """Return the place of the first column that bears one of the names, exactly or else as its beginning."""
    known = [plain(name) for name in columns]
    for name in names:
        if name in known:
            return known.index(name)
    for name in names:
        for place, title in enumerate(known):
            if title.startswith(name) and len(name) > 3:
                return place
    return None
