"""Found words, marked in names and summaries; everything else is escaped."""

import re
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

START, STOP = "\x02", "\x03"
MARKED: Final = re.compile(f"{START}([^{START}{STOP}]*){STOP}")
OPTIONS: Final = f"StartSel={START}, StopSel={STOP}, HighlightAll=true"


def columns(*texts: str, words: str) -> tuple[str, list[str]]:
    """SQL that also says where the words stand in these columns, and its parameters. Slow: for the rows of one page."""
    query = "websearch_to_tsquery('english', %s::text)"
    return ", ".join(f"ts_headline('english', {text}, {query}, %s::text)" for text in texts), [words, OPTIONS] * len(
        texts
    )


def html(text: str) -> SafeString:
    """Escaped, with <mark> around what stands between the signs; a sign without its partner is dropped."""
    marked = MARKED.sub(r"<mark>\1</mark>", str(escape(text)))
    return mark_safe(marked.replace(START, "").replace(STOP, ""))  # noqa: S308 (escaped a line above)
