"""Rebuild what was derived from logs beside what is stored, in a rehearsal, and compare the two row by row.

Whoever derives tables from final logs registers a function here that does this for its tables: it is how a fault of a
handler is found that wrote something else than it would write today.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

Key = tuple[Any, ...]
Picture = dict[str, dict[Key, dict[str, Any]]]
PROJECTIONS: dict[str, str] = {}


def register(name: str, function: str) -> None:
    """Name a projection; `function` is the dotted path of one that returns a sentence for each difference."""
    PROJECTIONS[name] = function


def rebuild(name: str) -> list[str]:
    """The differences between what a projection stores and what its logs say today; empty when there is none."""
    function: Callable[[], list[str]] = import_string(PROJECTIONS[name])
    return function()


@contextmanager
def rehearsal() -> Iterator[None]:
    """One transaction on one snapshot, rolled back at its end whatever happened. Not inside another transaction."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
        transaction.set_rollback(True)


def shadow(tables: Sequence[str]) -> None:
    """Put temporary copies in front of tables: until the rehearsal ends, reading and writing by name meets the copies.

    PostgreSQL looks for a name among the temporary tables first. A copy has the columns, checks and indexes of its
    table, but no triggers, policies or foreign keys; nothing locks or changes a real row.
    """
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = %s::regclass", [table])
            schema = cursor.fetchone()[0]
            if schema.startswith("pg_temp"):
                raise RuntimeError(f"{table} is shadowed already.")
            cursor.execute(f'CREATE TEMPORARY TABLE "{table}" (LIKE {schema}."{table}" INCLUDING ALL)')
            cursor.execute(f'INSERT INTO pg_temp."{table}" TABLE {schema}."{table}"')
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [f'pg_temp."{table}"'])
            if sequence := cursor.fetchone()[0]:
                highest = f'(SELECT coalesce(max(id), 0) + 1 FROM pg_temp."{table}")'  # noqa: S608  (a table of ours)
                cursor.execute(f"SELECT setval(%s, {highest})", [sequence])


def empty(tables: Sequence[str]) -> None:
    """Delete all rows of shadow tables; of these only."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'TRUNCATE pg_temp."{table}"')


def compact(tables: Sequence[str]) -> None:
    """Rewrite shadow tables without the old versions of their rows, through which every further update would search."""
    with connection.cursor() as cursor:
        for table in tables:
            scratch = f'pg_temp."compact_{table}"'
            cursor.execute(f'CREATE TEMPORARY TABLE IF NOT EXISTS "compact_{table}" (LIKE pg_temp."{table}")')
            cursor.execute(f'INSERT INTO {scratch} TABLE pg_temp."{table}"')
            cursor.execute(f'TRUNCATE pg_temp."{table}"')
            cursor.execute(f'INSERT INTO pg_temp."{table}" TABLE {scratch}')
            cursor.execute(f"TRUNCATE {scratch}")


def picture(rows: QuerySet[Any], key: Sequence[str], facts: Sequence[str]) -> dict[Key, dict[str, Any]]:
    """Rows by a key that does not depend on when they were written, with the facts that are to be compared."""
    names = [*key, *facts]
    found = (dict(zip(names, row, strict=True)) for row in rows.order_by().values_list(*names))
    return {tuple(row[name] for name in key): {name: row[name] for name in facts} for row in found}


def compared(stored: Mapping[str, Mapping[Key, Any]], rebuilt: Mapping[str, Mapping[Key, Any]]) -> Iterator[str]:
    """A sentence for each row that is missing, too many or other than the logs say."""
    for table, ours in stored.items():
        theirs = rebuilt[table]
        for key in sorted(ours.keys() | theirs.keys(), key=str):
            name = f"{table} {' '.join(str(part) for part in key)}"
            if key not in theirs:
                yield f"{name}: it is stored, and no log makes it."
            elif key not in ours:
                yield f"{name}: the logs make it, and it is not stored."
            else:
                for fact, value in ours[key].items():
                    if value != theirs[key][fact]:
                        yield f"{name}: {fact} is {value} as stored and {theirs[key][fact]} by the logs."
