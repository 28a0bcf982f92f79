"""What a person asks of the shop, and the listings that answer it, at a cost that does not grow with the shop.

Up to CAP hits are read once; count, facets and order come from them. If there are more, the count says so and the
page comes from an ordered walk: of the WINDOW most popular hits those that fit best, then the rest by popularity; or
the newest; the best rated; or the cheapest.
"""
# ruff: noqa: S608 (columns and numbers are written here; what people typed travels as parameters)

from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

from marketplace.catalog.keeping import Kept
from marketplace.catalog.models import ShelfCount
from marketplace.catalog.search.marks import COLUMNS, Mark

CAP: Final = 1000
WINDOW: Final = 192  # eight pages of 24
QUERY: Final = "websearch_to_tsquery('english', %s)"
RANK: Final = f"(ts_rank(tsv, {QUERY}) * answers::int)::float8"  # what does not answer comes last


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Words, filters (all tags must be there) and order: relevance (popular, without words), newest, rating, price."""

    words: str = ""
    category: int | None = None
    tags: tuple[str, ...] = ()
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class Found:
    """Ids in order, where to go on (None at the end), how many (more than CAP: uncounted), and how many have a tag."""

    ids: list[int]
    next: Mark | None
    total: int
    is_capped: bool
    counts: dict[str, int] = field(default_factory=dict)


def find(question: Question, *, after: Mark | None = None, size: int, counted: bool = True) -> Found:
    """`size` listings after a mark; with counts, unless who asks has seen them on the page before."""
    plain, key = not question.words and not question.tags, _order(question, after)
    if plain or (key != "rank" and not counted):
        kept = kept_counts(question.category or 0) if counted else (0, False, {})
        return _found(_walk(question, after, size), size, *kept)
    where, values = _where(question)
    beyond, bound = _beyond(key, after)
    facets = "SELECT json_object_agg(tag, n) FROM (SELECT unnest(tags) AS tag, count(*) AS n FROM h GROUP BY 1) f"
    sql = f"""
        WITH h AS MATERIALIZED (
            SELECT listing_id, popularity, published_at, rating, price, tags{f", {RANK} AS rank" * (key == "rank")}
            FROM catalog_searchentry WHERE {where} LIMIT {CAP + 1})
        SELECT (SELECT count(*) FROM h), ({facets if counted else "SELECT NULL::json"}),
            (SELECT json_agg(row) FROM (
                SELECT json_build_array({", ".join(COLUMNS[key])}) AS row FROM h {beyond}
                ORDER BY {_by(key)} LIMIT {size + 1}) page)"""
    ranked = [question.words] if key == "rank" else []
    total, counts, rows = _rows(sql, [*ranked, *values, *bound])[0]
    is_capped = total > CAP
    page = _walk(question, after, size) if is_capped else [Mark(key, row) for row in rows or []]
    return _found(page, size, min(total, CAP), is_capped, counts or {})


def _found(page: list[Mark], size: int, total: int, is_capped: bool, counts: dict[str, int]) -> Found:
    more = page[size - 1] if len(page) > size else None
    return Found([mark.listing_id for mark in page[:size]], more, total, is_capped, counts)


def _walk(question: Question, after: Mark | None, size: int) -> list[Mark]:
    """One more than a page, straight from an index. From the best of the window it goes on to the rest."""
    key = _order(question, after)
    where, values = _where(question)
    page: list[Mark] = []
    if key == "rank":
        page = _window(question, where, values, after, size)
        if len(page) > size or (last := _edge(where, values)) is None:
            return page
        key, after, size = "popular", last, size - len(page)
    beyond, bound = _beyond(key, after)
    sql = f"SELECT {', '.join(COLUMNS[key])} FROM catalog_searchentry WHERE {where}"
    sql += f"{beyond.replace('WHERE', ' AND')} ORDER BY {_by(key)} LIMIT {size + 1}"
    return page + [Mark(key, list(row)) for row in _rows(sql, [*values, *bound])]


def _window(question: Question, where: str, values: list[Any], after: Mark | None, size: int) -> list[Mark]:
    beyond, bound = _beyond("rank", after)
    sql = f"""
        WITH top AS MATERIALIZED (SELECT listing_id, popularity, answers, tsv FROM catalog_searchentry WHERE {where}
            ORDER BY popularity DESC, listing_id DESC LIMIT {WINDOW}),
        h AS (SELECT listing_id, popularity, {RANK} AS rank FROM top)
        SELECT {", ".join(COLUMNS["rank"])} FROM h {beyond} ORDER BY {_by("rank")} LIMIT {size + 1}"""
    return [Mark("rank", list(row)) for row in _rows(sql, [*values, question.words, *bound])]


def _edge(where: str, values: list[Any]) -> Mark | None:
    """The least popular of the window, where the walk by popularity goes on; None if there is nothing beyond."""
    sql = f"SELECT popularity, listing_id FROM catalog_searchentry WHERE {where} ORDER BY popularity DESC, "
    rows = _rows(f"{sql} listing_id DESC LIMIT 1 OFFSET {WINDOW - 1}", values)
    return Mark("popular", list(rows[0])) if rows else None


def _order(question: Question, after: Mark | None) -> str:
    key = question.sort if question.sort in ("newest", "rating", "price") else "rank" if question.words else "popular"
    return "popular" if after and after.key == "popular" and key == "rank" else key


def _by(key: str) -> str:
    return ", ".join(f"{column} {'ASC' if key == 'price' else 'DESC'}" for column in COLUMNS[key])


def _beyond(key: str, after: Mark | None) -> tuple[str, list[Any]]:
    if after is None or after.key != key:
        return "", []
    sign = ">" if key == "price" else "<"
    return f"WHERE ({', '.join(COLUMNS[key])}) {sign} ({', '.join(['%s'] * len(COLUMNS[key]))})", after.values


def _where(question: Question) -> tuple[str, list[Any]]:
    parts: list[str] = ["true"]
    values: list[Any] = []
    if question.words:
        parts.append(f"tsv @@ {QUERY}")
        values.append(question.words)
    else:
        parts.append("answers")  # who looks around meets what works; who searches for it by its words finds it
    if question.category is not None:
        parts.append("category_id = %s")
        values.append(question.category)
    if question.tags:
        parts.append("tags @> %s::varchar[]")
        values.append(list(question.tags))
    return " AND ".join(parts), values


def _kept(shelf: int) -> tuple[int, bool, dict[str, int]]:
    """Total and counts of one shelf, or of all, as the indexer keeps them: in one query, exact."""
    counts = dict(ShelfCount.objects.filter(shelf=shelf).values_list("tag", "entries"))
    return counts.pop("", 0), False, counts


kept_counts: Kept[tuple[int, bool, dict[str, int]]] = Kept(_kept)


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
