"""What a test wrote in transactions of its own is gone when the next one begins, audit entries included."""

import pytest
from django.apps import apps
from django.db import transaction

from marketplace.audit import services as audit
from marketplace.tenancy.scope import as_system
from tests import world
from tests.postgres.base import KEPT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_test_finds_no_row_of_another(turn: int) -> None:
    with transaction.atomic(), as_system("the test counts"):
        models = [model for model in apps.get_models() if model._meta.db_table not in KEPT]
        found = [model._meta.label for model in models if model._meta.managed and model._base_manager.exists()]
        assert turn == 1 or not found  # the first may find what migrations filled
    people = world.cast()
    with transaction.atomic(), as_system("the test writes"):
        audit.record(world.actor(people.ada, people.bakery), "order.placed", people.bakery)
