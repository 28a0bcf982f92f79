"""What every test may use."""

from typing import Any

import pytest
from django.core.management import call_command


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> None:
    """Run the migrations as the owner; tests then work as the app role, bound by the row policies."""
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0, skip_checks=True)
