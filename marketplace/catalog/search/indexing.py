"""How the search table follows the shop: changed listings are read again; everything can be made anew."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction

from marketplace.catalog.models import SearchEntry
from marketplace.catalog.search.tables import NOT_ON_SALE
from marketplace.tenancy.scope import as_system

BATCH = 500
ONE_AT_A_TIME = 0x5EA2C4  # the advisory lock: of two indexers the one with the older reading could write last
BANDS = (1, 20_000_000, 50_000_000, 200_000_000)  # where a band of prices begins, in millionths for 30 days

READ = f"""
INSERT INTO catalog_searchentry (listing_id, category_id, price, band, country, level, popularity, published_at, tsv)
SELECT l.id, l.category_id, coalesce(p.price, {NOT_ON_SALE}), width_bucket(p.price, ARRAY{list(BANDS)}::bigint[]),
    o.country, CASE WHEN o.state <> 'verified' THEN 0 WHEN o.domain = '' THEN 1 ELSE 2 END,
    coalesce(e.popularity, 0), coalesce(l.published_at, l.created_at),
    setweight(to_tsvector('english', l.name), 'A') || setweight(to_tsvector('english', l.summary), 'B')
FROM catalog_listing l JOIN organizations_organization o ON o.id = l.org_id
LEFT JOIN catalog_searchentry e ON e.listing_id = l.id
LEFT JOIN LATERAL (
    SELECT least(min(trunc(p.price * 1000000 * 2592000 / (10::numeric ^ c.decimals) / p.period_seconds)),
        {NOT_ON_SALE - 1})::bigint AS price
    FROM catalog_plan p JOIN catalog_currency c ON c.id = p.currency_id
    WHERE p.listing_id = l.id AND p.state = 'on_sale'
) p ON true
WHERE l.state = 'public' AND (%(all)s OR l.id = ANY(%(ids)s))
ORDER BY coalesce(e.popularity, 0) DESC, l.id DESC
ON CONFLICT (listing_id) DO UPDATE SET category_id = excluded.category_id, price = excluded.price, band = excluded.band,
    country = excluded.country, level = excluded.level, published_at = excluded.published_at, tsv = excluded.tsv
"""  # noqa: S608
COUNT = """
INSERT INTO catalog_shelfcount AS kept (shelf, facet, value, entries)
SELECT shelf, facet, value, %(sign)s * count(*)
FROM catalog_searchentry e
CROSS JOIN LATERAL (VALUES (0), (e.category_id)) s (shelf)
CROSS JOIN LATERAL (VALUES ('all', ''), ('category', e.category_id::text), ('price', e.band::text),
    ('country', e.country), ('checked', e.level::text)) f (facet, value)
WHERE value IS NOT NULL AND (%(all)s OR e.listing_id = ANY(%(ids)s))
GROUP BY shelf, facet, value
ORDER BY shelf, facet, value
ON CONFLICT (shelf, facet, value) DO UPDATE SET entries = kept.entries + excluded.entries
"""
WORDS = """
SELECT w.word, s.lexeme, count(*) AS entries FROM catalog_listing l
CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('simple', l.name || ' ' || l.summary))) w (word)
CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('english', w.word))) s (lexeme)
WHERE l.state = 'public' AND (%(all)s OR l.id = ANY(%(ids)s))
    AND length(w.word) BETWEEN 3 AND 40 AND w.word ~ '^[[:alpha:]]+$'
GROUP BY w.word, s.lexeme
"""
LEXEMES = """
CREATE TEMPORARY TABLE read_before ON COMMIT DROP AS
    SELECT DISTINCT l.lexeme FROM catalog_searchentry e, unnest(tsvector_to_array(e.tsv)) l (lexeme)
    WHERE e.listing_id = ANY(%(ids)s)
"""
FORGET = """
DELETE FROM catalog_searchword w USING read_before b WHERE w.lexeme = b.lexeme AND NOT EXISTS
    (SELECT FROM catalog_searchentry e WHERE e.tsv @@ quote_literal(b.lexeme)::tsquery);
DROP TABLE read_before
"""
Counted = Callable[[], dict[int, int]]
COUNTERS: list[Counted] = []


def popular_by(counter: Counted) -> Counted:
    """Let `counter()` say how many use each listing (id: businesses); for the `ready()` of an app above."""
    if counter not in COUNTERS:
        COUNTERS.append(counter)
    return counter


def catch_up(limit: int = BATCH) -> int:
    """Read again what changed, oldest change first; how many changes that settled. Nothing if another is at it."""
    with transaction.atomic(), as_system("search shows every organization's public listings"):
        if not _alone():
            return 0
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH oldest AS (SELECT id FROM catalog_searchchange ORDER BY id LIMIT %s FOR UPDATE) "
                "DELETE FROM catalog_searchchange c USING oldest WHERE c.id = oldest.id RETURNING c.listing_id",
                [limit],
            )
            changes = [listing_id for (listing_id,) in cursor.fetchall()]
        if changes:
            _index(sorted(set(changes)))
    return len(changes)


def rebuild() -> int:
    """Make entries, counts and words anew, the popular ones first; how many entries. Readers see the old until then."""
    with transaction.atomic(), as_system("search shows every organization's public listings"):
        _run("SELECT pg_advisory_xact_lock(%(key)s)", key=ONE_AT_A_TIME)
        _run("DELETE FROM catalog_searchchange")
        _run("DELETE FROM catalog_shelfcount")
        _run("CREATE TEMPORARY TABLE popular ON COMMIT DROP AS SELECT listing_id, popularity FROM catalog_searchentry")
        _run("DELETE FROM catalog_searchentry")
        _run(_with_popularity("popular"), all=True, ids=[])
        _run(COUNT, sign=1, all=True, ids=[])
        _run("DELETE FROM catalog_searchword")
        _run(f"INSERT INTO catalog_searchword (word, lexeme, entries) {WORDS}", all=True, ids=[])
        entries = SearchEntry.objects.count()
    weigh()
    return entries


def weigh() -> int:
    """Write down anew how many use each listing, where that has changed; how many entries changed."""
    changed = 0
    with transaction.atomic(), as_system("how many use a listing is known across organizations"):
        if not COUNTERS or not _alone():
            return 0
        users: dict[int, int] = {}
        for counter in COUNTERS:
            for listing_id, count in counter().items():
                users[listing_id] = users.get(listing_id, 0) + count
        entries = SearchEntry.objects.filter(popularity__gt=0).values_list("listing_id", "popularity")
        known = dict(entries)
        for listing_id in known.keys() | users.keys():
            count = users.get(listing_id, 0)
            if count != known.get(listing_id, 0):
                changed += SearchEntry.objects.filter(pk=listing_id).update(popularity=count)
    return changed


def _index(ids: Sequence[int]) -> None:
    """Entries, counts and words of these listings, from what they are now."""
    _run(COUNT, sign=-1, all=False, ids=ids)
    _run(LEXEMES, ids=ids)
    gone = "DELETE FROM catalog_searchentry e WHERE listing_id = ANY(%(ids)s) AND NOT EXISTS "
    _run(f"{gone} (SELECT FROM catalog_listing l WHERE l.id = e.listing_id AND l.state = 'public')", ids=ids)
    _run(READ, all=False, ids=ids)
    _run(COUNT, sign=1, all=False, ids=ids)
    _run("DELETE FROM catalog_shelfcount WHERE entries <= 0")
    # New words at once; how often they occur is counted by `rebuild`.
    _run(f"INSERT INTO catalog_searchword (word, lexeme, entries) {WORDS} ON CONFLICT DO NOTHING", all=False, ids=ids)
    _run(FORGET)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        (mine,) = cursor.fetchone()
    return bool(mine)


def _with_popularity(table: str) -> str:
    return READ.replace("LEFT JOIN catalog_searchentry e", f"LEFT JOIN {table} e")


def _run(sql: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
