"""Numbers as German, Swiss and English bookkeeping writes them."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from .answers import Wrong

Style = Literal["german", "english"]

_NOISE = re.compile(r"[€$£\s\u00a0\u202f'’]|EUR|USD|GBP|CHF", re.IGNORECASE)
_GERMAN = re.compile(r"\d{1,3}(\.\d{3})*,\d+|\d+,\d+|\d{1,3}(\.\d{3}){2,}")
_ENGLISH = re.compile(r"\d{1,3}(,\d{3})*\.\d+|\d+\.\d+|\d{1,3}(,\d{3}){2,}")
_OPEN = re.compile(r"\d{1,3}[.,]\d{3}")
_WHOLE = re.compile(r"\d+")
_MAX_DIGITS = 18


def bare(text: str) -> tuple[int, str]:
    """Return the sign and the text without sign, currency and spaces; (12,50 €) and 12,50- are negative."""
    body = _NOISE.sub("", text).replace("\u2212", "-")
    if body.startswith("(") and body.endswith(")"):
        return -1, body[1:-1]
    if body.startswith(("-", "+")):
        return (-1 if body[0] == "-" else 1), body[1:]
    if body.endswith("-"):
        return -1, body[:-1]
    return 1, body


def style_of(text: str) -> Style | Literal["unclear"] | None:
    """Return how a number is written; None if it is no number, "unclear" if 1.234 could be either."""
    _, body = bare(text)
    if len(body) > _MAX_DIGITS + 8:
        return None
    if _WHOLE.fullmatch(body) or _OPEN.fullmatch(body):
        return "unclear"
    if _GERMAN.fullmatch(body):
        return "german"
    return "english" if _ENGLISH.fullmatch(body) else None


def value_of(text: str, style: Style) -> Decimal:
    """Return the value of a number that `style_of` accepted."""
    sign, body = bare(text)
    body = body.replace(".", "").replace(",", ".") if style == "german" else body.replace(",", "")
    return sign * Decimal(body)


def common_style(cells: Iterable[tuple[int, str]], fallback: Style, field: str) -> Style:
    """Return the one way in which a column (line, text) writes numbers; a column that mixes both is refused."""
    first: dict[str, tuple[int, str]] = {}
    for line, text in cells:
        style = style_of(text)
        if style is None:
            raise Wrong(f"Line {line}: '{text[:40]}' is not a number.", field)
        first.setdefault(style, (line, text))
    if "german" in first and "english" in first:
        (line_g, german), (line_e, english) = first["german"], first["english"]
        raise Wrong(
            f"Line {line_g} writes numbers the German way ('{german}') and line {line_e} the English way "
            f"('{english}'); please use one of them throughout.",
            field,
        )
    if "german" in first:
        return "german"
    return "english" if "english" in first else fallback
