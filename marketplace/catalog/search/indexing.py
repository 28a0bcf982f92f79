"""How the search table follows the shop: changed listings are read again; everything can be made anew."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction

from marketplace.catalog.health import STAYS_DOWN
from marketplace.catalog.models import SearchEntry
from marketplace.catalog.search.reading import AGED, COUNT, FORGET, LEXEMES, READ, WENT_DOWN, WORDS
from marketplace.tenancy.scope import as_system

BATCH = 500
ONE_AT_A_TIME = 0x5EA2C4  # the advisory lock: of two indexers the one with the older reading could write last
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
        _run(_with_popularity("popular"), all=True, ids=[], down=STAYS_DOWN)
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


def sink() -> None:
    """Note for the indexer what time alone has changed: what has stayed down for a day by now, so that it leaves the
    first page, and what was updated too long ago for what it is found by."""
    with transaction.atomic(), as_system("search knows of every organization's tools how they stand"):
        _run(WENT_DOWN, down=STAYS_DOWN)
        _run(AGED)


def _index(ids: Sequence[int]) -> None:
    """Entries, counts and words of these listings, from what they are now."""
    _run(COUNT, sign=-1, all=False, ids=ids)
    _run(LEXEMES, ids=ids)
    gone = "DELETE FROM catalog_searchentry e WHERE listing_id = ANY(%(ids)s) AND NOT EXISTS "
    _run(f"{gone} (SELECT FROM catalog_listing l WHERE l.id = e.listing_id AND l.state = 'public')", ids=ids)
    _run(READ, all=False, ids=ids, down=STAYS_DOWN)
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
