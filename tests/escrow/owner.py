"""Tampering with the books as nobody of the market can: as the tables' owner, with the triggers of the ledger off."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction

LEDGER = "escrow_ledgerentry"
TABLES = (
    "escrow_escrow", LEDGER, "escrow_release", "escrow_payment", "escrow_credit", "escrow_withdrawal",
    "escrow_straydeposit", "escrow_settlement", "subscriptions_marketparams", "catalog_currency",
    "subscriptions_order", "subscriptions_subscription",
)  # fmt: skip


@contextmanager
def kept() -> Iterator[Callable[..., Any]]:
    """Keep all books, and give a way to run SQL against them; `with change(…):` puts every row back at its end."""
    _as_owner(*(f"CREATE TABLE kept_{table} AS TABLE {table}" for table in TABLES))
    try:
        yield _changed
    finally:
        _as_owner(*(f"DROP TABLE kept_{table}" for table in TABLES))


@contextmanager
def tampered(*statements: str) -> Iterator[None]:
    """Run SQL against the books, and put every row back as it was afterwards."""
    with kept() as change, change(*statements):
        yield


@contextmanager
def _changed(*statements: str) -> Iterator[None]:
    _as_owner(*statements)
    try:
        yield
    finally:
        _as_owner(
            "SET CONSTRAINTS ALL DEFERRED",
            "DELETE FROM escrow_release",
            "DELETE FROM escrow_payment",
            f"DELETE FROM {LEDGER}",
            "DELETE FROM escrow_escrow",
            "DELETE FROM catalog_currency WHERE id NOT IN (SELECT id FROM kept_catalog_currency)",
            *(f"DELETE FROM {table}" for table in TABLES if table.startswith(("escrow_", "subscriptions_m"))),
            *(_put_back(table) for table in TABLES),
        )


def _put_back(table: str) -> str:
    if table.startswith(("catalog", "subscriptions_order", "subscriptions_subscription")):
        columns = "(SELECT string_agg(format('%I = kept.%I', attname, attname), ', ') FROM pg_attribute"
        where = f"WHERE attrelid = '{table}'::regclass AND attnum > 0 AND attname <> 'id')"
        update = f"'UPDATE {table} t SET ' || {columns} {where} || ' FROM kept_{table} kept WHERE t.id = kept.id'"
        return f"DO $$ BEGIN EXECUTE {update}; END $$"
    return f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table}"


def _as_owner(*statements: str) -> None:
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {LEDGER} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {LEDGER} ENABLE TRIGGER USER")
