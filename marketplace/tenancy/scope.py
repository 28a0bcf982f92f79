"""The transaction-local settings that PostgreSQL's row policies read."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

WRITE = "SELECT set_config('app.org', %s, true), set_config('app.user', %s, true), set_config('role', %s, true)"


NOBODY = ("", "", "none")  # how every transaction begins


class NoTransaction(RuntimeError):
    """A scope was asked for outside a transaction, where it would be gone with the next statement."""


@contextmanager
def scope(*, org_id: int | None = None, user_id: int | None = None) -> Iterator[None]:
    """Show and accept the rows of one organization, and of one person, until the block ends."""
    with _set(str(org_id or ""), str(user_id or ""), None):
        yield


@contextmanager
def as_system(reason: str) -> Iterator[None]:
    """Show and accept every row, for work that belongs to no single organization; `reason` says which."""
    if not reason:
        raise ValueError("Say why this work may see every organization.")
    with _set("", "", settings.DATABASE_SYS_ROLE):
        yield


@contextmanager
def _set(org: str, user: str, role: str | None) -> Iterator[None]:
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise NoTransaction("Open a transaction first: a scope lives and dies with one.")
    outer, inner = getattr(connection, "scope", NOBODY), (org, user, role or "none")
    _write(connection, inner)
    try:
        yield
    finally:
        # What is set in a savepoint that is rolled back is taken back with it, as `outer` is here.
        connection.scope = outer
        # A failed transaction takes the settings back by itself, and would refuse this statement.
        usable = connection.connection and connection.connection.info.transaction_status == TransactionStatus.INTRANS
        if usable:
            _write(connection, outer)


def _write(connection: BaseDatabaseWrapper, scope: tuple[str, str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WRITE, scope)
    connection.scope = scope  # type: ignore[attr-defined]
