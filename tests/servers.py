"""PostgreSQL, Valkey and anvil of this run's own, gone when it ends.

A plugin (`-p tests.servers`), because Django reads its settings before any fixture exists. Servers that the
environment names are used instead.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from settings.local import services

SERVERS = ExitStack()

if "DATABASE_URL" not in os.environ:
    folder = SERVERS.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-test-", ignore_cleanup_errors=True))
    os.environ.update(SERVERS.enter_context(services.running(Path(folder))))


def pytest_unconfigure() -> None:
    SERVERS.close()
