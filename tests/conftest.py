"""Real servers for the whole run: PostgreSQL, Valkey and anvil of this session's own, gone when it ends."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

SERVERS = ExitStack()


def start_servers() -> None:
    """Before Django reads its settings, which is before fixtures exist."""
    from settings.local import services

    folder = SERVERS.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-test-", ignore_cleanup_errors=True))
    os.environ.update(SERVERS.enter_context(services.running(Path(folder))))


if "DATABASE_URL" not in os.environ:
    start_servers()


def pytest_unconfigure() -> None:
    SERVERS.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> None:
    """Run the migrations as the owner; tests then work as the app role, bound by the row policies."""
    from django.core.management import call_command

    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0, skip_checks=True)
