"""The shelves and the search: what an address asks for, narrowed, ordered, page by page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from marketplace.catalog.keeping import shelves
from marketplace.catalog.search import marks, wording, words
from marketplace.catalog.search.asking import HERE, LONGEST, Asked
from marketplace.catalog.search.cards import cards
from marketplace.catalog.search.finding import Found, find
from marketplace.tenancy import door


class HtmxRequest(HttpRequest):
    """A request that htmx may have sent."""

    htmx: HtmxDetails


SIZE = 24
MOST_PAGES = 8  # that one address shows at once, so that going back finds what was loaded


@door.public
@require_safe
def browse(request: HtmxRequest) -> HttpResponse:
    """The tools on offer that match what was typed and chosen."""
    asked = Asked.of(request.GET, shelves())
    after = marks.read(request.GET.get("after", ""))
    is_part = bool(request.htmx) and not request.htmx.history_restore_request
    if is_part and after:
        return _more(request, asked, after)
    start, pages = _place(request, is_more=False)
    found, meant = find(asked.question(), after=after, size=SIZE * pages), ""
    if asked.words and not found.ids and not after and (meant := words.correct(asked.words)):
        instead = find(asked.with_words(meant).question(), size=SIZE * pages)
        found, meant = (instead, meant) if instead.ids else (found, "")
    shown = _cards(found, meant or asked.words, is_later_page=after is not None)
    context = {
        "asked": asked,
        "q": asked.words,
        "category": asked.category,
        "on_browse": True,
        **shown,
        **wording.of(asked, found, meant, is_empty=not shown["cards"]),
        "found": found,
        "chips": asked.chips(),
        "sorts": asked.sorts(),
        "first_url": asked.url(),
        "simpler": [(word, f"{HERE}?q={word}") for word in _each(asked.words)] if not found.ids else [],
        **_onwards(asked.with_words(meant) if meant else asked, found, start, pages),
    }
    response = render(request, "catalog/browse.html#results" if is_part else "catalog/browse.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _more(request: HtmxRequest, asked: Asked, after: marks.Mark) -> HttpResponse:
    """The next cards alone, for a page that has counts and facets already."""
    start, pages = _place(request, is_more=True)
    found = find(asked.question(), after=after, size=SIZE, counted=False)
    shown = {**_cards(found, asked.words, is_later_page=True), "is_added": True}
    context = {**shown, **_onwards(asked, found, start, pages)}
    response = render(request, "catalog/browse.html#more", context)
    response["HX-Push-Url"] = asked.url(after=start, pages=str(pages) if pages > 1 else "")
    patch_vary_headers(response, ["HX-Request"])
    return response


@door.public
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """How what is being typed could go on."""
    typed = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST]
    return render(request, "catalog/suggestions.html", {"suggestions": words.suggest(typed)})


def _cards(found: Found, typed: str, *, is_later_page: bool) -> dict[str, Any]:
    """The cards of a page, in the order found. One that has left the shop a moment ago is not among them."""
    shown = cards(found.ids, typed)
    if not is_later_page:
        return {"cards": shown, "is_later_page": False}
    label = ngettext("%d more tool", "%d more tools", len(shown)) % len(shown)
    return {"cards": shown, "is_later_page": True, "is_added": False, "more_label": label}


def _place(request: HttpRequest, is_more: bool) -> tuple[str, int]:
    """Where what the page shows begins, and how many parts it holds; past the most, it begins with the latest part."""
    text, mark = request.GET.get("pages", ""), request.GET.get("after", "")
    pages = max(int(text), 1) if text.isdecimal() and len(text) < 4 else 1
    if is_more:
        return (request.GET.get("from", ""), pages) if 1 < pages <= MOST_PAGES else (mark, 1)
    return mark, min(pages, MOST_PAGES)


def _onwards(asked: Asked, found: Found, start: str, pages: int) -> dict[str, str]:
    """Where "more" leads: `next_url` for browsers; `more_url` for htmx, which keeps what is shown already."""
    if found.next is None:
        return {"next_url": "", "more_url": ""}
    mark = str(found.next)
    more = {"from": start, "pages": str(pages + 1)}
    return {"next_url": asked.url(after=mark), "more_url": asked.url(after=mark, **more)}


def _each(typed: str) -> list[str]:
    found = [word[0] for word in words.WORD.finditer(typed)]
    return found[:5] if len(found) > 1 else []
