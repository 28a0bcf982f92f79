"""Found words, marked in names and summaries; everything else is escaped."""

import re
from typing import Final

from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from marketplace.catalog.models import Listing, ListingQuerySet

START, STOP = "\x02", "\x03"
MARKED: Final = re.compile(f"{START}([^{START}{STOP}]*){STOP}")


def with_marks(found: ListingQuerySet, words: str) -> ListingQuerySet:
    """Also read where the words stand; for the few listings of a page only, because it is slow."""
    query = SearchQuery(words, config="english", search_type="websearch")
    options = {"config": "english", "start_sel": START, "stop_sel": STOP, "highlight_all": True}
    name, summary = (SearchHeadline(field, query, **options) for field in ("name", "summary"))  # type: ignore[arg-type]
    return found.annotate(marked_name=name, marked_summary=summary)


def mark(listing: Listing) -> None:
    """Show name and summary with the marks that `with_marks` read. Not to be saved afterwards."""
    listing.name = html(listing.marked_name)  # type: ignore[attr-defined]
    listing.summary = html(listing.marked_summary)  # type: ignore[attr-defined]


def html(text: str) -> SafeString:
    """Escaped, with <mark> around what stands between the signs; a sign without its partner is dropped."""
    marked = MARKED.sub(r"<mark>\1</mark>", str(escape(text)))
    return mark_safe(marked.replace(START, "").replace(STOP, ""))  # noqa: S308 (escaped a line above)
