"""How a sentence feels, from -1 to 1: VADER's rules, with words of business reviews and a German front."""

import re
from functools import cache
from pathlib import Path
from typing import Any

_LEXICON = Path(__file__).parent / "lexicon"
ENGLISH_STOPS = frozenset((_LEXICON / "en.small-words.txt").read_text(encoding="utf-8").split())
GERMAN_STOPS = frozenset((_LEXICON / "de.small-words.txt").read_text(encoding="utf-8").split())
_AS_ENGLISH = {
    german: english
    for english, words in (
        ("not", "nicht kein keine keinen keinem keiner keines nie niemals kaum ohne nichts weder"),
        ("very", "sehr extrem wirklich total absolut echt besonders unglaublich richtig völlig ganz"),
        ("slightly", "etwas ziemlich relativ halbwegs einigermaßen"),
        ("but", "aber jedoch allerdings"),
    )
    for german in words.split()
}
_SIGH = "de:leid"  # "leider" colours the whole sentence; what is negated is another word


def language_of(text: str) -> str | None:
    """Return "en" or "de" by the small words a text uses, or None if neither prevails."""
    words = re.findall(r"[^\W\d_]+(?:['’][a-z]+)?", text.casefold())
    english = sum(word.replace("’", "'") in ENGLISH_STOPS for word in words)
    german = sum(word in GERMAN_STOPS for word in words)
    german += 2 * bool(re.search(r"[äöüß]", text.casefold()))
    if english == german:
        english = sum(word in _valences("en") for word in words)
        german = sum(stem(word, "de") in _valences("de") for word in words)
    if english == german:
        return None
    # Three foreign small words in a long text happen by chance; most of its words do not.
    best = max(english, german)
    return ("en" if english > german else "de") if best * 8 >= len(words) else None


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer  # type: ignore[import-untyped]

    return snowballstemmer.stemmer({"en": "english", "de": "german"}[language])


@cache
def stem(word: str, language: str) -> str:
    """Return the Snowball stem of a word."""
    return str(_stemmer(language).stemWord(word.casefold()))


@cache
def _listed(language: str) -> dict[str, float]:
    listed = {}
    for line in (_LEXICON / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            value, *words = line.split()
            listed.update(dict.fromkeys(words, float(value)))
    return listed


@cache
def _valences(language: str) -> dict[str, float]:
    if language == "en":
        return dict(_english().lexicon)
    return {stem(word, "de"): value for word, value in _listed("de").items() if "_" not in word}


@cache
def _phrases(language: str) -> list[tuple[re.Pattern[str], str]]:
    phrases = [word for word in _listed(language) if "_" in word]
    longest_first = sorted(phrases, key=len, reverse=True)
    return [(re.compile(rf"\b{re.escape(p).replace('_', ' ')}\b"), p) for p in longest_first]


@cache
def _english() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

    rules = SentimentIntensityAnalyzer()
    for word, value in _listed("en").items():
        if value:
            rules.lexicon[word] = value
        elif word != "no":
            rules.lexicon.pop(word, None)
    return rules


@cache
def _german() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    rules = SentimentIntensityAnalyzer()
    rules.lexicon = {f"de:{word}": value for word, value in _valences("de").items()}
    rules.lexicon.update({phrase: value for phrase, value in _listed("de").items() if "_" in phrase})
    return rules


def score(sentence: str, language: str) -> float:
    """Return the sentiment of a sentence in English ("en") or German ("de"), from -1 to 1; 0 is neutral."""
    text = " ".join(sentence.replace("’", "'").split())
    lowered = text if text.isupper() else text[:1].lower() + text[1:]
    for pattern, phrase in _phrases(language):
        lowered = re.sub(pattern.pattern, phrase, lowered, flags=re.IGNORECASE)
    if language == "de":
        return float(_german().polarity_scores(_in_vader_terms(lowered))["compound"])
    return float(_english().polarity_scores(lowered)["compound"])


def _in_vader_terms(text: str) -> str:
    """Return a German sentence with its small words as VADER knows them and its judging words as lexicon keys.

    German often negates after the verb ("gefällt mir nicht"); VADER looks only ahead of a word, so it is moved there.
    """
    known = _valences("de")
    out: list[str] = []
    for token in re.findall(r"[^\W_]+(?:[_'’-][^\W_]+)*|[^\w\s]+", text):
        low = token.casefold()
        root = stem(low, "de")
        if "_" in token:
            out.append(low)
        elif low in _AS_ENGLISH:
            out.append(_AS_ENGLISH[low])
        elif root in known:
            out.append(f"DE:{root.upper()}" if token.isupper() and len(token) > 2 else f"de:{root}")
        else:
            out.append("x-" + low if token[0].isalpha() else token)
    if any(word.startswith("de:") and word != _SIGH for word in out):
        out = ["x-leider" if word == _SIGH else word for word in out]
    for place, word in enumerate(out):
        ahead = [w for w in out[place + 1 : place + 4] if w.startswith("de:")]
        back = [k for k in range(max(0, place - 4), place) if out[k].startswith("de:")]
        if word == "not" and back and not ahead and not {",", ".", "but"} & set(out[back[-1] : place]):
            out[place] = "x-not"
            out.insert(back[-1], "not")
    return " ".join(out)


def judges(word: str, language: str) -> bool:
    """Return whether a word passes judgement, so that it cannot be a topic."""
    if language == "de":
        return stem(word, "de") in _valences("de")
    return word in _valences("en")
