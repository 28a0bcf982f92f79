"""The control of the whole suite: as a role that no policy binds, it fails."""

import os
import subprocess
import sys

import pytest


@pytest.mark.django_db
def test_without_row_policies_the_suite_fails() -> None:
    suite = [sys.executable, "-m", "pytest", "-q", "--tb=no", "tests/isolation/test_rows.py", "-k", "without_a_scope"]
    run = subprocess.run(
        suite, env={**os.environ, "ISOLATION_UNBOUND": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout[-2000:]
    for table in ("subscriptions.Order", "gateway.ApiKey", "catalog.ListingVersion"):
        assert f"test_without_a_scope_nothing_is_seen[{table}]" in run.stdout
