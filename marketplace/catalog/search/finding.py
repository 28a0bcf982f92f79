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
from marketplace.catalog.search.marks import COLUMNS, TYPES, Mark
from marketplace.catalog.search.statements import planned

CAP: Final = 1000
WINDOW: Final = 192  # eight pages of 24
EDGES: Final = (2_000, 32_000)  # places of an order at which a slice ends
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
    beyond, bound = _bounds(key, after, None)
    facets = "SELECT json_object_agg(tag, n) FROM (SELECT unnest(tags) AS tag, count(*) AS n FROM h GROUP BY 1) f"
    sql = f"""
        WITH h AS MATERIALIZED (
            SELECT listing_id, popularity, published_at, rating, price, tags{f", {RANK} AS rank" * (key == "rank")}
            FROM catalog_searchentry WHERE {where} LIMIT {CAP + 1})
        SELECT (SELECT count(*) FROM h), ({facets if counted else "SELECT NULL::json"}),
            (SELECT json_agg(row) FROM (
                SELECT json_build_array({", ".join(COLUMNS[key])}) AS row FROM h WHERE true{beyond}
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
    """One more than a page, in order. From the best of the window it goes on to the rest."""
    key = _order(question, after)
    if key != "rank":
        return [Mark(key, row) for row in _in_order(question, key, after, size + 1)]
    window = _in_order(question, "popular", None, WINDOW, question.words)
    ranked = sorted(([rank, *place] for *place, rank in window), reverse=True)
    seen = after.values if after and after.key == key else None
    page = [Mark(key, row) for row in ranked if seen is None or row < seen][: size + 1]
    if len(page) > size or len(window) < WINDOW:
        return page
    last = Mark("popular", window[-1][:-1])
    return page + [Mark("popular", row) for row in _in_order(question, "popular", last, size + 1 - len(page))]


def _in_order(question: Question, key: str, after: Mark | None, wanted: int, rank_for: str = "") -> list[list[Any]]:
    """The first entries that fit: the columns of the order, and the rank for some words.

    Where not every entry fits, the order is looked through in slices, each far longer than the one before. For a slice
    PostgreSQL can put two indexes together, that of the words or tags and that of the order, and reads only what is in
    both: a word with some thousand hits is neither sorted whole nor looked for among a hundred thousand others.
    """
    columns, given = ", ".join(COLUMNS[key]), []
    if rank_for:
        columns, given = f"{columns}, {RANK}", [rank_for]
    where, values = _where(question)
    found: list[list[Any]] = []
    for edge in _edges(question, key, after):
        bounds, bound = _bounds(key, after, edge)
        sql = f"SELECT {columns} FROM catalog_searchentry WHERE {where}{bounds} ORDER BY {_by(key)}"
        read = planned if _is_fixed(question, key) else _rows
        found += [list(row) for row in read(f"{sql} LIMIT {wanted - len(found)}", [*given, *values, *bound])]
        if edge is None or len(found) >= wanted:
            break
        after = edge
    return found


def _is_fixed(question: Question, key: str) -> bool:
    """Whether one plan is the best for all: the index of the order itself, from a mark on."""
    return not question.words and not question.tags and (question.category is None or key == "newest")


def _edges(question: Question, key: str, after: Mark | None) -> list[Mark | None]:
    """Where the slices after a mark end; the last one has no end. Without words and tags there is one slice."""
    if not question.words and not question.tags:
        return [None]
    seen = after.values if after and after.key == key else None
    ahead = [mark for mark in kept_edges(key) if seen is None or (seen < mark.values) is (key == "price")]
    return [*ahead, None]


def _marks(key: str) -> list[Mark]:
    """The entries at EDGES, whatever they are of; the index alone is read."""
    sql = f"SELECT {', '.join(COLUMNS[key])} FROM catalog_searchentry ORDER BY {_by(key)} LIMIT 1 OFFSET "
    return [Mark(key, list(row)) for row in planned(" UNION ALL ".join(f"({sql}{place - 1})" for place in EDGES), [])]


# Entries come and go meanwhile; a slice may be a little longer or shorter for that, and nothing is left out.
kept_edges: Kept[list[Mark]] = Kept(_marks, "FIGURES_KEPT_SECONDS")


def _bounds(key: str, after: Mark | None, until: Mark | None) -> tuple[str, list[Any]]:
    """SQL for what comes after one mark and not after another, and its parameters."""
    columns, places = ", ".join(COLUMNS[key]), ", ".join(f"%s::{TYPES[column]}" for column in COLUMNS[key])
    beyond, within = (">", "<=") if key == "price" else ("<", ">=")
    sql, values = "", []
    for mark, sign in ((after, beyond), (until, within)):
        if mark is not None and mark.key == key:
            sql += f" AND ({columns}) {sign} ({places})"
            values += mark.values
    return sql, values


def _order(question: Question, after: Mark | None) -> str:
    key = question.sort if question.sort in ("newest", "rating", "price") else "rank" if question.words else "popular"
    return "popular" if after and after.key == "popular" and key == "rank" else key


def _by(key: str) -> str:
    return ", ".join(f"{column} {'ASC' if key == 'price' else 'DESC'}" for column in COLUMNS[key])


def _where(question: Question) -> tuple[str, list[Any]]:
    parts: list[str] = ["true"]
    values: list[Any] = []
    if question.words:
        parts.append(f"tsv @@ {QUERY}")
        values.append(question.words)
    else:
        parts.append("answers")  # who looks around meets what works; who searches for it by its words finds it
    if question.category is not None:
        parts.append("category_id = %s::bigint")
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
