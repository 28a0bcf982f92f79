"""What a page of results says of itself: heading, number, why this order, and what to do where nothing was found."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from marketplace.catalog.search.asking import HERE, Asked
from marketplace.catalog.search.finding import Found


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where cards would stand."""

    icon: str
    title: str
    text: str
    url: str
    action: str


def of(asked: Asked, found: Found, meant: str, *, is_empty: bool) -> dict[str, Any]:
    """The words of the page; `meant` is what a typo was taken for, if it was."""
    shelf = asked.category
    said: dict[str, Any] = {
        "title": f"“{asked.words}”" if asked.words else str(shelf) if shelf else _("All tools"),
        "heading": _("Tools for “%s”") % asked.words if asked.words else str(shelf) if shelf else _("All tools"),
        "total": ngettext("%s tool", "%s tools", found.total) % _counted(found),
        "why": _why(asked),
        "meant": meant,
    }
    if meant:
        said["meant_before"] = _("Nothing was found for “%s”. Did you mean") % asked.words
        said["meant_after"] = _("? These are the tools for it.")
        said["meant_url"] = asked.url(q=meant)
    if is_empty:
        said["empty"] = _empty(asked)
    return said


ORDERS: Final = {
    "relevance": gettext_lazy(
        "Best match looks for your words in the name first, then in the line below it; among equals, tools that "
        "more businesses use come first, and those that do not answer come last."
    ),
    "popular": gettext_lazy("Most used counts the businesses with a running subscription."),
    "newest": gettext_lazy("Newest is when a tool came into the shop; a new version does not move it up."),
    "rating": gettext_lazy(
        "Best rated is the mean of the stars, with five more reviews of three stars added to each tool, so that "
        "one good review does not outdo fifty."
    ),
    "price": gettext_lazy("Lowest price compares the cheapest plan of each tool for 30 days."),
}


def _why(asked: Asked) -> str:
    """How the order on this page comes about."""
    parts = [str(ORDERS[asked.sort])]
    if not asked.words:
        parts.append(_("Tools that have not answered for a day are left out here; look for their words to find them."))
    return " ".join([*parts, _("Nobody can pay for a better place.")])


def _empty(asked: Asked) -> Empty:
    everything = _("Show all tools")
    if asked.words:
        text = _("Try fewer or other words, or say what you want done: “read invoices”, “what will sell”.")
        return Empty("search-x", _("No tool found for these words"), text, HERE, everything)
    if len(asked.params.keys() - {"sort"}) == 1 and asked.category:
        text = _("Tools appear here as soon as a moderator has approved them. Look at the other shelves meanwhile.")
        return Empty(asked.category.icon, _("Nothing on this shelf yet"), text, HERE, everything)
    if asked.params.keys() - {"sort"}:
        text = _("Take one of the filters above away, or start again with all tools.")
        return Empty("search-x", _("No tool fits all of this"), text, HERE, everything)
    text = _(
        "Tools appear here as soon as a moderator has read and approved them. If you make one, yours can be the first."
    )
    return Empty("store", _("The shelves are still empty"), text, "/o/", _("Offer a tool"))


def _counted(found: Found) -> str:
    return f"{number_format(found.total, force_grouping=True)}{'+' if found.is_capped else ''}"
