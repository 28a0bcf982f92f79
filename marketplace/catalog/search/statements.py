"""Statements of fixed shape, which PostgreSQL plans once for each connection instead of once for each page."""

from collections.abc import Sequence
from typing import Any, Self

import psycopg
from django.db import connection


class Planned(psycopg.Cursor[Any]):
    """A cursor that leaves parameters to the server, and with them the plan. See settings/database/base.py."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        return super().execute(query, params, prepare=True, **options)


class Logged(Planned):
    """The same, for Django's list of queries: there a statement that is planned already would have no text."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        done = super().execute(query, params, **options)
        self._query = self._convert_query(query, params)
        return done


def planned(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows. Only for statements whose best plan does not depend on the values, and that cast every one of them."""
    connection.ensure_connection()
    wrap: Any = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap((Logged if connection.queries_logged else Planned)(connection.connection)) as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
