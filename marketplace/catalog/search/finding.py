"""What a person asks of the shop, and the listings that answer it, at a cost that does not grow with the shop.

Up to CAP hits are read once; count, facets and order come from them. If there are more, the count says so and the
page comes from an ordered walk: of the WINDOW most popular hits those that fit best, then the rest by popularity; or
the newest; or the cheapest.
"""
# ruff: noqa: S608 (columns and numbers are written here; what people typed travels as parameters)

from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

from marketplace.catalog.models import ShelfCount
from marketplace.catalog.search.marks import COLUMNS, Mark

CAP: Final = 1000
WINDOW: Final = 192  # eight pages of 24
QUERY: Final = "websearch_to_tsquery('english', %s)"
FACETS: Final = {"category": "category_id", "price": "band", "country": "country", "checked": "level"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Words, filters and order. `sort` is relevance (popular, without words), newest or price."""

    words: str = ""
    category: int | None = None
    price: int | None = None
    country: str = ""
    checked: int | None = None
    sort: str = "newest"

    @property
    def filters(self) -> dict[str, Any]:
        """Column to value, of what is narrowed."""
        chosen = {column: getattr(self, name) for name, column in FACETS.items() if name != "checked"}
        return {column: value for column, value in chosen.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Found:
    """Ids in order, where to go on (None at the end), how many (more than CAP: uncounted), and facet counts as text."""

    ids: list[int]
    next: Mark | None
    total: int
    is_capped: bool
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def find(question: Question, *, after: Mark | None = None, size: int) -> Found:
    """`size` listings after a mark, with counts."""
    if not question.words and not question.filters.keys() - {"category_id"} and question.checked is None:
        return _found(_walk(question, after, size), size, *_kept(question.category or 0))
    where, values = _where(question)
    key = _order(question, after)
    rank = f"ts_rank(tsv, {QUERY})::float8" if question.words else "0::float8"
    beyond, bound = _beyond(key, after)
    facets = ", ".join(f"({column})" for column in FACETS.values())
    sql = f"""
        WITH h AS MATERIALIZED (
            SELECT listing_id, popularity, published_at, price, {", ".join(FACETS.values())}, {rank} AS rank
            FROM catalog_searchentry WHERE {where} LIMIT {CAP + 1})
        SELECT (SELECT count(*) FROM h),
            (SELECT json_agg(json_build_array({", ".join(FACETS.values())}, n)) FROM (
                SELECT {", ".join(FACETS.values())}, count(*) AS n FROM h GROUP BY GROUPING SETS ({facets})) f),
            (SELECT json_agg(row) FROM (
                SELECT json_build_array({", ".join(COLUMNS[key])}) AS row FROM h {beyond}
                ORDER BY {_by(key)} LIMIT {size + 1}) page)"""
    total, counts, rows = _rows(sql, [*([question.words] if question.words else []), *values, *bound])[0]
    is_capped = total > CAP
    page = _walk(question, after, size) if is_capped else [Mark(key, row) for row in rows or []]
    return _found(page, size, min(total, CAP), is_capped, _by_facet(counts or []))


def _found(page: list[Mark], size: int, total: int, is_capped: bool, counts: dict[str, dict[str, int]]) -> Found:
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
        WITH top AS MATERIALIZED (SELECT listing_id, popularity, tsv FROM catalog_searchentry WHERE {where}
            ORDER BY popularity DESC, listing_id DESC LIMIT {WINDOW}),
        h AS (SELECT listing_id, popularity, ts_rank(tsv, {QUERY})::float8 AS rank FROM top)
        SELECT {", ".join(COLUMNS["rank"])} FROM h {beyond} ORDER BY {_by("rank")} LIMIT {size + 1}"""
    return [Mark("rank", list(row)) for row in _rows(sql, [*values, question.words, *bound])]


def _edge(where: str, values: list[Any]) -> Mark | None:
    """The least popular of the window, where the walk by popularity goes on; None if there is nothing beyond."""
    sql = f"SELECT popularity, listing_id FROM catalog_searchentry WHERE {where} ORDER BY popularity DESC, "
    rows = _rows(f"{sql} listing_id DESC LIMIT 1 OFFSET {WINDOW - 1}", values)
    return Mark("popular", list(rows[0])) if rows else None


def _order(question: Question, after: Mark | None) -> str:
    key = question.sort if question.sort in ("newest", "price") else "rank" if question.words else "popular"
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
    for column, value in question.filters.items():
        parts.append(f"{column} = %s")
        values.append(value)
    if question.checked is not None:
        parts.append("level >= %s")
        values.append(question.checked)
    return " AND ".join(parts), values


def _kept(shelf: int) -> tuple[int, bool, dict[str, dict[str, int]]]:
    """Total and counts of one shelf, or of all, as the indexer keeps them: in one query, exact."""
    counts: dict[str, dict[str, int]] = {}
    for facet, value, entries in ShelfCount.objects.filter(shelf=shelf).values_list("facet", "value", "entries"):
        counts.setdefault(facet, {})[value] = entries
    return counts.pop("all", {}).get("", 0), False, counts


def _by_facet(rows: list[list[Any]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for *cells, n in rows:
        for name, cell in zip(FACETS, cells, strict=True):
            if cell is not None:
                counts[name][str(cell)] = n
    return counts


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
