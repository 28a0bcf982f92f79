"""The tool `review-sentiment`: how each review feels, how all do, and what they talk about."""

from collections import Counter
from statistics import mean
from typing import Any

from .answers import Json, Wrong, counted, envelope, table
from .files import bytes_of, column, separator_of, table_of, text_of
from .sentiment import judges, language_of, score
from .topics import Sentence, Topic, sentences_of, topics_of

MOST_REVIEWS = 2000
LONGEST = 5000
NEUTRAL = 0.25
_COLUMNS = (
    "review", "reviewtext", "text", "comment", "comments", "feedback", "bewertung", "bewertungstext", "rezension",
    "kommentar", "kundenmeinung", "meinung", "nachricht", "message", "body",
)  # fmt: skip
_NAMES = {"en": "English", "de": "German"}
_LABELS = ("negative", "neutral", "positive")


def run(given: Json) -> Json:
    """Return the answer for the form's input: `file` (CSV or lines) or `reviews` (lines), and `topics`, how many."""
    numbered = _from_file(given["file"]) if "file" in given else _from_lines(given["reviews"])
    field = "file" if "file" in given else "reviews"
    if not numbered:
        raise Wrong("There is no review in it.", field)
    if len(numbered) > MOST_REVIEWS:
        raise Wrong(f"{counted(len(numbered), 'review')} were given; at most {MOST_REVIEWS:,} are allowed.", field, 413)
    for line, text in numbered:
        if len(text) > LONGEST:
            raise Wrong(
                f"Line {line}: this review has {len(text):,} characters; at most {LONGEST:,} are allowed.", field
            )
    languages = _languages([text for _, text in numbered])
    if not any(languages):
        raise Wrong("None of the reviews was recognised as English or German; these are the languages it reads.", field)
    sentences = [
        Sentence(number, part, language, score(part, language))
        for number, ((_, text), language) in enumerate(zip(numbered, languages, strict=True))
        if language
        for part in sentences_of(text)
    ]
    return _answer(numbered, languages, sentences, topics_of(sentences, given["topics"]))


def _from_lines(text: str) -> list[tuple[int, str]]:
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _from_file(encoded: str) -> list[tuple[int, str]]:
    text = text_of(bytes_of(encoded))
    first = text.strip().splitlines()[0]
    heading = column([first.strip('"')], _COLUMNS) is not None and len(first) < 40
    if separator_of(text) not in first and not (heading and '"' in text):
        lines = _from_lines(text)
        return lines[1:] if heading else lines
    found = table_of(text)
    place = column(found.columns, _COLUMNS)
    if place is None:
        listing = ", ".join(f"“{name[:40]}”" for name in found.columns[:10])
        raise Wrong(f"No column with reviews was found among {listing}; name one of them “review”.", "file")
    return [(line, cells[place]) for line, cells in found.rows if cells[place]]


def _languages(texts: list[str]) -> list[str | None]:
    """Return each text's language; one too short to tell takes the usual one if it has judging words of it."""
    told = [language_of(text) for text in texts]
    usual = Counter(language for language in told if language).most_common()
    order = [language for language, _ in usual] + [other for other in ("en", "de") if other not in dict(usual)]

    def fallback(text: str) -> str | None:
        words = [word.strip(".,!?;:\"'()").casefold() for word in text.split()]
        return next((language for language in order if any(judges(word, language) for word in words)), None)

    return [language or fallback(text) for language, text in zip(told, texts, strict=True)]


def label_of(value: float) -> str:
    """Return negative, neutral or positive for a sentiment from -1 to 1."""
    return _LABELS[0] if value <= -NEUTRAL else _LABELS[2] if value >= NEUTRAL else _LABELS[1]


def _answer(
    numbered: list[tuple[int, str]], languages: list[str | None], sentences: list[Sentence], topics: list[Topic]
) -> Json:
    felt: dict[int, list[float]] = {}
    for sentence in sentences:
        felt.setdefault(sentence.review, []).append(sentence.score)
    reviews = []
    for number, ((line, text), language) in enumerate(zip(numbered, languages, strict=True)):
        # A sentence without judgement ("I bought two.") should not water down those with one.
        judged = [value for value in felt.get(number, []) if value] or [0.0]
        value = round(mean(judged), 3) if language else None
        reviews.append(
            {
                "line": line,
                "text": text,
                "language": language,
                "score": value,
                "sentiment": label_of(value) if value is not None else None,
            }
        )
    rated = [review for review in reviews if review["language"]]
    counts = Counter(str(review["sentiment"]) for review in rated)
    overall = round(mean(float(review["score"]) for review in rated), 3)  # type: ignore[arg-type]
    shares = {label: counts[label] for label in reversed(_LABELS)}
    told = [_topic(topic) for topic in topics]
    data = {
        "overall": {"score": overall, "sentiment": label_of(overall), "counts": shares},
        "reviews": reviews,
        "topics": told,
    }
    return envelope(_summary(shares, len(rated), told), data, _tables(shares, reviews, told), notes=_notes(languages))


def _topic(topic: Topic) -> Json:
    ordered = sorted(topic.sentences, key=lambda sentence: sentence.score)
    examples = [ordered[-1].text, ordered[0].text] if topic.score >= 0 else [ordered[0].text, ordered[-1].text]
    return {
        "name": topic.name,
        "reviews": len(topic.reviews),
        "score": round(topic.score, 3),
        "sentiment": label_of(topic.score),
        "examples": list(dict.fromkeys(examples)),
    }


def _summary(shares: dict[str, int], total: int, topics: list[Json]) -> str:
    said = ", ".join(f"{counted(number, label, label)}" for label, number in shares.items())
    summary = f"Of {counted(total, 'review')}, {said}."
    praised = [topic["name"] for topic in topics if topic["sentiment"] == "positive"][:2]
    blamed = [topic["name"] for topic in topics if topic["sentiment"] == "negative"][:2]
    parts = [
        f"{how} most for {' and '.join(names)}" for how, names in (("praised", praised), ("blamed", blamed)) if names
    ]
    return f"{summary} You are {' and '.join(parts)}." if parts else summary


def _tables(shares: dict[str, int], reviews: list[Json], topics: list[Json]) -> list[Json]:
    total = sum(shares.values())
    overall: list[list[Any]] = [[label, number, f"{100 * number / total:.0f} %"] for label, number in shares.items()]
    tables = [table("Overall", ["Sentiment", "Reviews", "Share"], overall)]
    if topics:
        rows: list[list[Any]] = [
            [t["name"], t["reviews"], t["sentiment"], t["score"], t["examples"][0]] for t in topics
        ]
        tables.append(table("Topics", ["Topic", "Reviews", "Sentiment", "Score", "For example"], rows))
    each: list[list[Any]] = [
        [r["line"], r["sentiment"] or "not rated", r["score"], _NAMES.get(r["language"] or ""), r["text"]]
        for r in reviews
    ]
    tables.append(table("Reviews", ["Line", "Sentiment", "Score", "Language", "Review"], each[:500]))
    return tables


def _notes(languages: list[str | None]) -> list[str]:
    notes = []
    spoken = Counter(language for language in languages if language)
    notes.append(f"Language: {', '.join(f'{_NAMES[code]} {number:,}' for code, number in spoken.most_common())}.")
    skipped = languages.count(None)
    if skipped:
        were = "was" if skipped == 1 else "were"
        notes.append(f"{counted(skipped, 'review')} in no language that was recognised {were} not rated.")
    if "de" in spoken:
        notes.append("German is rated with a smaller word list than English and is less certain.")
    notes.append("Scores run from -1 (negative) to 1 (positive); irony is not recognised.")
    if len(languages) > 500:
        notes.append("The table shows the first 500 reviews; the full result has all.")
    return notes
