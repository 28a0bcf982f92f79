"""Statements of fixed shape, which PostgreSQL plans once for each connection instead of once for each page."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Generic, Self, TypeVar

import psycopg
from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


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


class Prepared(Generic[M]):
    """A query set of models that is put into SQL once; each call gives it other values and reads it anew.

    To make SQL of a query set costs several times what PostgreSQL needs for a row or two. `build` gets stand-ins for
    the values, which must come out of the fields as they went in, and not be cut by a slice.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], *stand_ins: Any) -> None:
        self.build, self.stand_ins = build, stand_ins

    @cached_property
    def _made(self) -> tuple[str, list[Any], Any, list[str], list[Any], Any]:
        compiler: Any = self.build(*self.stand_ins).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        first, last = compiler.klass_info["select_fields"][0], compiler.klass_info["select_fields"][-1]
        names = [column[0].target.attname for column in compiler.select[first : last + 1]]
        related: list[Any] = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg]
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return sql, list(params), compiler, names, related, converters

    def __call__(self, *values: Any) -> list[M]:
        """The models, with what the query set selects beside them."""
        sql, params, compiler, names, related, converters = self._made
        given = dict(zip(self.stand_ins, values, strict=True))
        rows: Iterable[Any] = planned(sql, [given.get(param, param) for param in params])
        found = []
        for row in compiler.apply_converters(rows, converters) if converters else rows:
            model = compiler.klass_info["model"].from_db(connection.alias, names, row[: len(names)])
            for other in related:
                other.populate(row, model)
            found.append(model)
        return found
