"""The distinct words of the shop: how one that was begun goes on, and what one that nothing has was meant to be."""
# ruff: noqa: S608 (the only number written into a query is ours)

import re
from collections.abc import Iterable
from typing import Final

from django.db import connection

SHOWN: Final = 6
SHORTEST: Final = 2
LONGEST: Final = 40
WORD: Final = re.compile(r"[^\W\d_]+")


def suggest(typed: str) -> list[str]:
    """What was typed with its last word completed, the commonest first; with a likely word if none begins so."""
    found = list(WORD.finditer(typed))
    if not found or found[-1].end() != len(typed) or not SHORTEST <= len(found[-1][0]) <= LONGEST:
        return []
    before, last = typed[: found[-1].start()], found[-1][0].lower()
    return [before + word for word in _begun(last, SHOWN) or _alike(last)[:3]]


def correct(typed: str) -> str:
    """What was probably meant by words that find nothing; empty if nothing else comes to mind."""
    words = [word[0].lower() for word in WORD.finditer(typed)]
    known = _known(words)
    changed = typed
    for place, word in enumerate(words):
        if word in known or not SHORTEST <= len(word) <= LONGEST:
            continue
        begun = _begun(word, 1) if place == len(words) - 1 else []
        if meant := begun or _alike(word)[:1]:
            changed = re.sub(rf"(?i)\b{re.escape(word)}\b", meant[0], changed, count=1)
    return changed if changed != typed else ""


def distance(one: str, other: str) -> int:
    """Letters to add, take away, exchange or swap with their neighbour to get from one word to the other."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(row[j - 1] + 1, rows[i - 1][j] + 1, rows[i - 1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def _known(words: list[str]) -> set[str]:
    return {word for word, _ in _rows("SELECT word, entries FROM catalog_searchword WHERE word = ANY(%s)", words)}


def _begun(word: str, limit: int) -> list[str]:
    sql = f"SELECT word, entries FROM catalog_searchword WHERE word LIKE %s ORDER BY entries DESC, word LIMIT {limit}"
    return [known for known, _ in _rows(sql, word + "%")]  # only letters, so nothing in it is a pattern


def _alike(word: str) -> list[str]:
    """Words at most a third of whose letters differ, the nearest first; trigrams choose whom to look at."""
    far = max(1, len(word) // 3)
    near = sorted(
        (distance(word, known), -entries, known)
        for known, entries in _rows("SELECT word, entries FROM catalog_words_alike(%s)", word)
    )
    return [known for away, _, known in near if away <= far]


def _rows(sql: str, *values: str | list[str]) -> Iterable[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
