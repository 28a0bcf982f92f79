"""What an address asks of the shop, and the addresses that ask a little more, or less."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django_countries import countries

from marketplace.catalog.models import Category
from marketplace.catalog.search.finding import Found, Question

HERE: Final = "/browse/"  # written out, for a page of facets must not look up an address for each
LONGEST: Final = 200
BANDS: Final = {
    "free": (0, "Free"),
    "under-20": (1, "Under 20 for 30 days"),
    "20-50": (2, "20 to 50 for 30 days"),
    "50-200": (3, "50 to 200 for 30 days"),
    "over-200": (4, "200 or more for 30 days"),
}
LEVELS: Final = {"business": (1, "Business checked"), "domain": (2, "Business and web address checked")}
SORTS: Final = {"relevance": "Best match", "popular": "Most used", "newest": "Newest", "price": "Lowest price"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: where its link leads, and how many there are (empty: not counted)."""

    key: str
    label: str
    url: str
    count: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A question by which the page can be narrowed."""

    name: str
    label: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Asked:
    """The words and the filters of an address, cleaned; what is not known is as if it were not there."""

    params: dict[str, str]
    categories: list[Category]

    @classmethod
    def of(cls, got: Any, categories: list[Category]) -> "Asked":
        """From a query string; got is request.GET."""
        words = " ".join(got.get("q", "").replace("\x00", "").split())[:LONGEST]
        shelves = {shelf.slug for shelf in categories}
        known = {"category": shelves, "price": BANDS, "country": dict(countries), "checked": LEVELS, "sort": SORTS}
        chosen = {name: got[name] for name, values in known.items() if got.get(name) in values}
        return cls({"q": words, **chosen} if words else chosen, categories)

    @property
    def words(self) -> str:
        return self.params.get("q", "")

    @property
    def category(self) -> Category | None:
        return next((shelf for shelf in self.categories if shelf.slug == self.params.get("category")), None)

    @property
    def sort(self) -> str:
        """The order asked for, or the usual one: what fits best to words, without any what is newest."""
        usual = "relevance" if self.words else "newest"
        asked = self.params.get("sort", usual)
        return {"relevance": usual, "popular": "relevance" if self.words else "popular"}.get(asked, asked)

    def with_words(self, words: str) -> "Asked":
        """The same with other words."""
        return Asked({**self.params, "q": words}, self.categories)

    def question(self) -> Question:
        """For `find`."""
        return Question(
            words=self.words,
            category=self.category.pk if self.category else None,
            price=BANDS[self.params["price"]][0] if "price" in self.params else None,
            country=self.params.get("country", ""),
            checked=LEVELS[self.params["checked"]][0] if "checked" in self.params else None,
            sort=self.sort,
        )

    def url(self, **changes: str) -> str:
        """This address with parameters changed; an empty value takes one away."""
        asked = {name: value for name, value in {**self.params, **changes}.items() if value}
        return f"{HERE}?{urlencode(asked)}" if asked else HERE

    def chips(self) -> list[Choice]:
        """What it is narrowed to, each with the address without it."""
        chips = [Choice("q", f"“{self.words}”", self.url(q=""))] if self.words else []
        for name, labels in self._labels().items():
            if (value := self.params.get(name)) is not None:
                chips.append(Choice(name, labels[value], self.url(**{name: ""})))
        return chips

    def sorts(self) -> list[Choice]:
        """The orders that make sense here; there is none that can be paid for."""
        names = ("relevance" if self.words else "popular", "newest", "price")
        usual = names[0] if self.words else "newest"
        return [
            Choice(name, SORTS[name], self.url(sort="" if name == usual else name), is_chosen=name == self.sort)
            for name in names
        ]

    def facets(self, found: Found) -> list[Facet]:
        """What else it can be narrowed by. A value that nothing has is left out; a chosen one can be taken away."""
        titles = {"category": "Category", "price": "Price", "country": "Provider's country", "checked": "Checked"}
        made = []
        for name, labels in self._labels().items():
            choices = list(self._choices(name, labels, found))
            if any(choice.is_chosen for choice in choices) or len(choices) > 1:
                made.append(Facet(name, titles[name], choices))
        return made

    def _choices(self, name: str, labels: dict[str, str], found: Found) -> Iterable[Choice]:
        counts = found.counts.get(name, {})
        for value, label in labels.items():
            number = _counted(name, value, counts, self.categories)
            chosen = self.params.get(name) == value
            if number or chosen:
                text = f"{number:,}{'+' if found.is_capped else ''}" if number else ""
                yield Choice(f"{name}-{value}", label, self.url(**{name: "" if chosen else value}), text, chosen)

    def _labels(self) -> dict[str, dict[str, str]]:
        return {
            "category": {shelf.slug: shelf.name for shelf in self.categories},
            "price": {value: label for value, (_, label) in BANDS.items()},
            "country": dict(countries),
            "checked": {value: label for value, (_, label) in LEVELS.items()},
        }


def _counted(name: str, value: str, counts: dict[str, int], categories: list[Category]) -> int:
    if name == "category":
        return next((counts.get(str(shelf.pk), 0) for shelf in categories if shelf.slug == value), 0)
    if name == "price":
        return counts.get(str(BANDS[value][0]), 0)
    if name == "checked":
        return sum(number for level, number in counts.items() if int(level) >= LEVELS[value][0])
    return counts.get(value, 0)
