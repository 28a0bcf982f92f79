"""From an invoice PDF to its lines of text, by pypdf."""

import io
import re

from .answers import Wrong, counted

MOST_PAGES = 30
MOST_CHARACTERS = 200_000


def lines_of(raw: bytes) -> list[str]:
    """Return the lines of a PDF in reading order; a scan, a locked or a broken file is refused with its reason."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    if not raw.lstrip()[:5] == b"%PDF-":
        raise Wrong("This is not a PDF file.", "file")
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Wrong("This PDF is protected by a password; please save it without one.", "file")
        pages = len(reader.pages)
        if pages > MOST_PAGES:
            raise Wrong(f"This PDF has {counted(pages, 'page')}; at most {MOST_PAGES} are allowed.", "file")
        text = "\n".join(_page(page) for page in reader.pages)
    except Wrong:
        raise
    # pypdf raises a wide range of errors on damaged files; each of them means the same to the person.
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, OSError,
            NotImplementedError, AssertionError) as error:  # fmt: skip
        raise Wrong("This PDF is damaged and cannot be read.", "file") from error
    lines = tidy(text)
    if sum(len(line) for line in lines) < 20:
        raise Wrong("This PDF contains no text; it is probably a scan. This tool does not read pictures.", "file")
    return lines


def _page(page: object) -> str:
    laid_out = page.extract_text(extraction_mode="layout")  # type: ignore[attr-defined]
    # The layout mode needs fonts it can measure; the plain mode is the wider net.
    return laid_out if laid_out.strip() else page.extract_text()  # type: ignore[attr-defined, no-any-return]


def tidy(text: str) -> list[str]:
    """Return the non-empty lines with runs of spaces shortened to at most three, so that columns stay apart."""
    if len(text) > MOST_CHARACTERS:
        raise Wrong(f"The text has {len(text):,} characters; at most {MOST_CHARACTERS:,} are allowed.", None, 413)
    lines = (re.sub(r"[ \t\u00a0]{3,}", "   ", line).strip() for line in text.splitlines())
    return [line for line in lines if line]
