"""What every test may use."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client, TransactionTestCase

from tests import world
from tests.postgres import base as postgres


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> None:
    """Run the migrations as the owner; tests then work as the app role, bound by the row policies."""
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0, skip_checks=True)
        postgres.count_from(1_000_001)  # a page that writes a key as people read numbers ("1,000,001") shows it at once


@pytest.fixture(scope="session", autouse=True)
def what_migrate_filled_stays() -> Iterator[None]:
    """Emptied tables are not filled anew after each test: those that `migrate` fills are left out (tests/postgres)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.management.commands.flush.emit_post_migrate_signal", lambda *_, **__: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def a_usable_connection_stays() -> Iterator[None]:
    """From one test to the next, as it does in a market: a new session would learn of every table anew."""

    def is_spoilt(_: TransactionTestCase) -> bool:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block or not connection.is_usable():
                connection.close()
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_should_reload_connections", is_spoilt)
        yield


@pytest.fixture(autouse=True)
def signed_in_a_moment_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """`client.force_login` leaves a session as the sign-in pages do: fresh, a moderator's with the second factor."""
    plain = Client.force_login

    def force_login(self: Client, user: Any, backend: str | None = None) -> None:
        plain(self, user, backend)
        world.sign_in(self, user)

    monkeypatch.setattr(Client, "force_login", force_login)
