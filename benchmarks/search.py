"""Search over 100,000 and 1,000,000 listings: milliseconds in PostgreSQL, beside the naive ways in the same run.

Words are drawn by Zipf's law from a vocabulary of 60,000; the queries are those of the shop itself, timed with the round trip
of a local connection.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks import Result
from settings.local import services

SIZES = (100_000, 1_000_000)
VOCABULARY = 60_000
ROUNDS = 200
NAIVE_ROUNDS = 5
CAP = 20.0  # seconds for the naive ways, each
SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "du",
    "fa",
    "fe",
    "fi",
    "fo",
    "fu",
    "ga",
    "ge",
    "gi",
    "go",
    "gu",
    "ka",
    "ke",
    "ki",
    "ko",
    "ku",
    "la",
    "le",
    "li",
    "lo",
    "lu",
    "ma",
    "me",
    "mi",
    "mo",
    "mu",
    "na",
    "ne",
    "ni",
    "no",
    "nu",
    "pa",
    "pe",
    "pi",
    "po",
    "pu",
    "ra",
    "re",
    "ri",
    "ro",
    "ru",
    "sa",
    "se",
    "si",
    "so",
    "su",
    "ta",
    "te",
    "ti",
    "to",
    "tu",
    "va",
    "ve",
    "vi",
    "vo",
    "vu",
]
FILL = """
INSERT INTO catalog_searchentry (listing_id, category_id, price, rating, popularity, published_at, tags, tsv)
SELECT i, 1 + i %% 8, p, 1000 + (i * 37) %% 4000, greatest(0, (%(n)s / (i + 10))::int), now() - random() * interval '900 days',
    ARRAY[
        'k' || (ARRAY['tool','model','dataset','compute'])[1 + i %% 4],
        'mperiod',
        'p' || width_bucket(p, ARRAY[1,20000000,50000000,200000000]::bigint[]),
        'o' || (ARRAY['DE','ID','FR','NL','SG'])[1 + i %% 5],
        'l' || (ARRAY['en','de','id'])[1 + i %% 3],
        'r' || (ARRAY['eu','us','asia'])[1 + i %% 3],
        'v' || (1 + i %% 2), 'n1', 'u95', 't1'
    ]::varchar[],
    setweight(to_tsvector('english', (SELECT string_agg(w.word, ' ') FROM (SELECT pg_temp.drawn(i) FROM generate_series(1, 3)) d (k) JOIN vocabulary w ON w.k = d.k)), 'A') ||
    setweight(to_tsvector('english', coalesce((SELECT string_agg(w.word, ' ') FROM (SELECT pg_temp.drawn(i) FROM generate_series(1, 12)) d (k) JOIN vocabulary w ON w.k = d.k), '')), 'B')
FROM generate_series(1, %(n)s) i, LATERAL (SELECT (1000000 * (1 + (i * 7919::bigint) %% 300))::bigint AS p) x
"""


def run() -> Iterator[Result]:
    """p50 and p99 by relevance and newest, for rare and common words; suggestions and typos; the naive controls."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-bench-")))
        os.environ |= {
            **stack.enter_context(services.running(folder)),
            "DJANGO_SETTINGS_MODULE": "benchmarks._settings",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], check=True)
        import django

        django.setup()
        small, big = (_measure(size) for size in SIZES)
        for sort, limit in (("relevance", 15), ("newest", 25)):
            yield Result(f"search.{sort}.p50", big[sort][0], "ms at 1,000,000", limit)
            yield Result(f"search.{sort}.p99", big[sort][1], "ms at 1,000,000", 60)
        for kind in ("rare", "common"):
            for sort in ("relevance", "newest"):
                name = f"{kind} {sort}"
                yield Result(f"search.{kind}.{sort}", big[name][0] / small[name][0], "x its p50 at 100,000", 3)
        yield Result("search.begun.p99", big["begun"][1], "ms at 1,000,000", 10)
        yield Result("search.typo.p99", big["typo"][1], "ms at 1,000,000", 10)
        for name, naive, ours in (("rank", "rank all", "common relevance"), ("titles", "titles", "typo")):
            yield Result(
                f"search.control.{name}", big[naive][0] / big[ours][0], "x ours, the naive way", 5, at_most=False
            )


def _vocabulary() -> list[str]:
    """Made-up words of two to five syllables, the commonest first; the same ones each time."""
    dice, words = random.Random(7), {}
    while len(words) < VOCABULARY:
        words["".join(dice.choices(SYLLABLES, k=dice.randint(2, 5)))] = None
    return list(words)


def _fill(owner: psycopg.Connection, size: int, words: list[str]) -> None:
    began = time.perf_counter()
    owner.execute("TRUNCATE catalog_searchentry, catalog_searchword, catalog_shelfcount")
    owner.execute("CREATE TEMPORARY TABLE IF NOT EXISTS vocabulary (k int PRIMARY KEY, word text)")
    if owner.execute("SELECT count(*) FROM vocabulary").fetchone() == (0,):
        with owner.cursor().copy("COPY vocabulary FROM STDIN") as copy:
            for k, word in enumerate(words, start=1):
                copy.write_row((k, word))
        owner.execute("ANALYZE vocabulary")
        # Zipf with exponent 1: the k-th word at 1/k, by the inverse of the integral. The argument, or each row would have the same words.
        owner.execute(
            f"CREATE FUNCTION pg_temp.drawn(bigint) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT least({VOCABULARY}, ({VOCABULARY} ^ random() + 0 * $1)::int)'"
        )
    indexes = owner.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'catalog_searchentry' AND indexname LIKE 'search%'"
    ).fetchall()
    for name, _ in indexes:
        owner.execute(f"DROP INDEX {name}")
    owner.execute("SET maintenance_work_mem = '512MB'")
    owner.execute(FILL, {"n": size})
    for _, definition in indexes:
        owner.execute(definition)
    owner.execute(
        "INSERT INTO catalog_searchword (word, lexeme, entries) SELECT v.word, v.word, greatest(1, (%s / v.k)::int) FROM vocabulary v ON CONFLICT DO NOTHING",
        [size],
    )
    owner.execute("VACUUM (ANALYZE) catalog_searchentry, catalog_searchword")
    _say(f"{size:,} entries in {time.perf_counter() - began:.0f} s")


def _measure(size: int) -> dict[str, tuple[float, float]]:
    from marketplace.catalog.search import words as spelling
    from marketplace.catalog.search.finding import Question, find

    vocabulary, dice = _vocabulary(), random.Random(11)
    found: dict[str, tuple[float, float]] = {}
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        _fill(owner, size, vocabulary)
        kinds = {"common": (3, 60), "middling": (60, 3000), "rare": (3000, VOCABULARY - 1)}
        for sort in ("relevance", "newest"):
            whole: list[float] = []
            for kind, (low, high) in kinds.items():
                times, totals = [], []
                for _ in range(ROUNDS):
                    question = Question(words=vocabulary[dice.randint(low, high)], sort=sort)
                    times.append(_timed(lambda: totals.append(find(question, size=24).total)))  # noqa: B023
                found[f"{kind} {sort}"] = _say_times(f"{size:,} {kind} {sort}", times)
                if not any(totals) or (kind == "common" and size == SIZES[-1] and min(totals) < 1000):
                    raise RuntimeError(f"The {kind} words of this run are not {kind}.")
                whole += times
            found[sort] = _say_times(f"{size:,} {sort}", whole)
        some = [vocabulary[int(VOCABULARY ** dice.random()) - 1] for _ in range(ROUNDS)]
        found["begun"] = _say_times(
            f"{size:,} begun words",
            [_timed(lambda: spelling.suggest(word[: dice.randint(2, 5)])) for word in some],  # noqa: B023
        )
        wrong = [word[:1] + word[2:3] + word[1:2] + word[3:] for word in some]
        found["typo"] = _say_times(f"{size:,} typos", [_timed(lambda: spelling.correct(word)) for word in wrong])  # noqa: B023
        found |= _naive(owner, size, vocabulary)
    return found


def _naive(owner: psycopg.Connection, size: int, vocabulary: list[str]) -> dict[str, tuple[float, float]]:
    """The controls: rank every hit, count every hit; trigrams over whole titles."""
    rank = "SELECT listing_id, ts_rank(tsv, q), count(*) OVER () FROM catalog_searchentry, websearch_to_tsquery('english', %s) q WHERE tsv @@ q ORDER BY 2 DESC LIMIT 24"
    found = {}
    found["rank all"] = _bounded(
        f"{size:,} naive: rank and count all hits of a common word",
        lambda i: owner.execute(rank, [vocabulary[3 + i]]).fetchall(),
    )
    owner.execute(
        "CREATE TEMPORARY TABLE titles AS SELECT listing_id, array_to_string(tsvector_to_array(tsv), ' ') AS title FROM catalog_searchentry"
    )
    owner.execute("CREATE INDEX ON titles USING gin (title gin_trgm_ops)")
    owner.execute("ANALYZE titles")
    near = "SELECT title FROM titles WHERE %s <%% title ORDER BY word_similarity(%s, title) DESC LIMIT 6"
    found["titles"] = _bounded(
        f"{size:,} naive: trigrams on titles",
        lambda i: owner.execute(near, [vocabulary[40 + i][:-1] + "x"] * 2).fetchall(),
    )
    owner.execute("DROP TABLE titles")
    return found


def _bounded(name: str, work: Callable[[int], object]) -> tuple[float, float]:
    times: list[float] = []
    for i in range(NAIVE_ROUNDS):
        if sum(times) < CAP * 1000:
            times.append(_timed(lambda: work(i)))  # noqa: B023
    return _say_times(name, times)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _say_times(name: str, times: list[float]) -> tuple[float, float]:
    times = sorted(times)
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    _say(f"{name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    return p50, p99


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
