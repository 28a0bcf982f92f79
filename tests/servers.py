"""PostgreSQL, Valkey and anvil of this run's own, gone when it ends.

A plugin (`-p tests.servers`), because Django reads its settings before any fixture exists. Servers that the
environment names are used instead.
"""

import gc
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from settings.local import services

SERVERS = ExitStack()

# Modules, tests and templates stay until the end: looking through them for rubbish all the time is a sixth of the work.
gc.set_threshold(20_000, 20, 50)

# Each process of pytest-xdist has servers of its own, although it inherits the environment of the one that started it.
if "DATABASE_URL" not in os.environ or os.environ.get("PYTEST_XDIST_WORKER"):
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CHAIN_RPC_URL"):
        os.environ.pop(name, None)
    folder = SERVERS.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-test-", ignore_cleanup_errors=True))
    os.environ.update(SERVERS.enter_context(services.running(Path(folder))))


def pytest_unconfigure() -> None:
    SERVERS.close()
