"""What reviews talk about: words and word pairs that several of them share, and how those sentences feel."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

from .sentiment import ENGLISH_STOPS, GERMAN_STOPS, judges, stem

_STOPS = {"en": ENGLISH_STOPS, "de": GERMAN_STOPS}
_WORDS = re.compile(r"[^\W\d_]{3,}(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True)
class Sentence:
    """A sentence of a review (by its number), with language and sentiment from -1 to 1."""

    review: int
    text: str
    language: str
    score: float


@dataclass
class Topic:
    """A shared word or pair, the reviews that mention it, and its sentences."""

    name: str
    reviews: set[int] = field(default_factory=set)
    sentences: list[Sentence] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Return the mean sentiment of the topic's sentences, from -1 to 1."""
        return mean(sentence.score for sentence in self.sentences)


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a review; a full stop inside a number or a short form does not end one."""
    parts = re.split(r"(?<=[.!?…])(?<!\b[A-Za-zÄÖÜ]\.)(?<!\d\.)\s+|\n+", text)
    return [part.strip() for part in parts if part and part.strip()]


def topics_of(sentences: Sequence[Sentence], most: int, fewest_reviews: int = 2) -> list[Topic]:
    """Return up to `most` topics that at least `fewest_reviews` reviews mention, the most mentioned first."""
    topics: dict[tuple[str, ...], Topic] = defaultdict(lambda: Topic(""))
    shown: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for roots, words in _terms(sentence):
            topics[roots].reviews.add(sentence.review)
            if not topics[roots].sentences or topics[roots].sentences[-1] is not sentence:
                topics[roots].sentences.append(sentence)
            shown[roots][words] += 1
    kept = {roots: topic for roots, topic in topics.items() if len(topic.reviews) >= fewest_reviews}
    for roots in [roots for roots in kept if len(roots) == 2]:
        # "delivery time" says more than "delivery" where one hardly comes without the other.
        parts = [part for part in ((roots[0],), (roots[1],)) if part in kept]
        if all(len(kept[roots].reviews) * 2 < len(kept[part].reviews) for part in parts):
            del kept[roots]
        else:
            for part in parts:
                if len(kept[part].reviews) <= len(kept[roots].reviews) * 1.25:
                    del kept[part]
    for roots, topic in kept.items():
        topic.name = shown[roots].most_common(1)[0][0]
    return sorted(kept.values(), key=lambda topic: (-len(topic.reviews), -len(topic.name.split()), topic.name))[:most]


def _terms(sentence: Sentence) -> list[tuple[tuple[str, ...], str]]:
    language = sentence.language
    terms: list[tuple[tuple[str, ...], str]] = []
    previous: tuple[str, str, int] | None = None
    for match in _WORDS.finditer(sentence.text):
        word = match[0]
        low = word.casefold().replace("’", "'")
        # German nouns begin with a capital letter; nothing else in mid-sentence does.
        noun = language == "en" or word[0].isupper()
        if low in _STOPS[language] or judges(low, language) or not noun:
            previous = None
            continue
        shown = word if language == "de" else low
        terms.append(((stem(low, language),), shown))
        if previous and sentence.text[previous[2] : match.start()] == " ":
            terms.append(((previous[0], stem(low, language)), f"{previous[1]} {shown}"))
        previous = (stem(low, language), shown, match.end())
    return terms
