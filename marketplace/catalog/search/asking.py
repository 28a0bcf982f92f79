"""What an address asks of the shop, and the addresses that ask a little more, or less."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import Category
from marketplace.catalog.search.facets import Filter, filters
from marketplace.catalog.search.finding import Found, Question

HERE: Final = "/browse/"  # written out, for a page of facets must not look up an address for each
LONGEST: Final = 200
SORTS: Final = {
    "relevance": _("Best match"),
    "popular": _("Most used"),
    "newest": _("Newest"),
    "rating": _("Best rated"),
    "price": _("Lowest price"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a facet: where its link leads, and how many there are (empty: not counted)."""

    key: str
    label: Any
    url: str
    count: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A question by which the page can be narrowed."""

    name: str
    label: Any
    choices: list[Choice]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The words and the filters of an address, cleaned; what is not known is as if it were not there."""

    params: dict[str, str]
    categories: Sequence[Category]
    filters: tuple[Filter, ...]

    @classmethod
    def of(cls, got: Any, categories: Sequence[Category]) -> "Asked":
        """From a query string; got is request.GET."""
        known = filters(categories)
        params = {}
        if words := " ".join(got.get("q", "").replace("\x00", "").split())[:LONGEST]:
            params["q"] = words
        for each in known:
            if (answer := got.get(each.name)) in each.answers:
                params[each.name] = answer
        if got.get("sort") in SORTS:
            params["sort"] = got["sort"]
        return cls(params, categories, known)

    @property
    def words(self) -> str:
        return self.params.get("q", "")

    @property
    def category(self) -> Category | None:
        slug = self.params.get("category")
        return next((shelf for shelf in self.categories if shelf.slug == slug), None) if slug else None

    @property
    def sort(self) -> str:
        """The order asked for, or the usual one: what fits best to words, without any what is newest."""
        usual = "relevance" if self.words else "newest"
        asked = self.params.get("sort", usual)
        return {"relevance": usual, "popular": "relevance" if self.words else "popular"}.get(asked, asked)

    def with_words(self, words: str) -> "Asked":
        """The same with other words."""
        return Asked({**self.params, "q": words}, self.categories, self.filters)

    def question(self) -> Question:
        """For `find`."""
        chosen = [each for each in self.filters if each.name in self.params and each.name != "category"]
        return Question(
            words=self.words,
            category=self.category.pk if self.category else None,
            tags=tuple(each.answers[self.params[each.name]][0] for each in chosen),
            sort=self.sort,
        )

    def url(self, **changes: str) -> str:
        """This address with parameters changed; an empty value takes one away."""
        asked = {name: value for name, value in {**self.params, **changes}.items() if value}
        return f"{HERE}?{urlencode(asked)}" if asked else HERE

    def chips(self) -> list[Choice]:
        """What it is narrowed to, each with the address without it."""
        chips = [Choice("q", f"“{self.words}”", self.url(q=""))] if self.words else []
        for each in self.filters:
            if (answer := self.params.get(each.name)) is not None:
                chips.append(Choice(each.name, each.answers[answer][1], self.url(**{each.name: ""})))
        return chips

    def sorts(self) -> list[Choice]:
        """The orders that make sense here; there is none that can be paid for."""
        names = ("relevance" if self.words else "popular", "newest", "rating", "price")
        usual = names[0] if self.words else "newest"
        return [
            Choice(name, SORTS[name], self.url(sort="" if name == usual else name), is_chosen=name == self.sort)
            for name in names
        ]

    def facets(self, found: Found) -> list[Facet]:
        """What else it can be narrowed by. An answer that nothing or everything gives would not narrow anything."""
        made: list[Facet] = []
        for each in self.filters:
            is_chosen = each.name in self.params
            if is_chosen or any(0 < found.counts.get(tag, 0) < found.total for tag, _label in each.answers.values()):
                choices = list(self._choices(each, found))
                made.append(Facet(each.name, each.label, choices, is_open=is_chosen or not made))
        return made

    def _choices(self, each: Filter, found: Found) -> Iterable[Choice]:
        chosen, counts, more = self.params.get(each.name), found.counts, "+" if found.is_capped else ""
        without = self.url(**{each.name: ""})
        start = f"{without}{'&' if '?' in without else '?'}{each.name}="  # no answer needs quoting
        for answer, (tag, label) in each.answers.items():
            number = counts.get(tag)
            if number or answer == chosen:
                text = f"{number_format(number, force_grouping=True)}{more}" if number else ""
                url = without if answer == chosen else start + answer
                yield Choice(f"{each.name}-{answer}", label, url, text, answer == chosen)
