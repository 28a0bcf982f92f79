"""State machines: the table, the choices and the CHECK say the same, and nothing moves otherwise."""

from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils import translation

from marketplace.lifecycle import THINGS, Lifecycle, Refused
from marketplace.subscriptions.models import Order

MACHINES = [model for model in apps.get_models() if issubclass(model, Lifecycle)]


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: model._meta.label)
def test_the_check_allows_exactly_the_states(model: Any) -> None:
    checks = [c for c in model._meta.constraints if isinstance(c, models.CheckConstraint) and c.name.endswith("_state")]
    assert len(checks) == 1
    ((_, allowed),) = checks[0].condition.children
    assert set(allowed) == set(model.State.values)


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: model._meta.label)
def test_only_the_moves_of_the_table_are_made(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "save", lambda self, **kwargs: None)
    assert set(model.moves) <= set(model.State.values)
    for here, there in product(model.State.values, repeat=2):
        thing = model(state=here)
        if there in model.moves.get(here, ()):
            thing.move(there)
            assert thing.state == there
        else:
            with pytest.raises(Refused, match="cannot become"):
                thing.move(there)
            assert thing.state == here


def test_a_move_that_is_refused_is_told_in_the_readers_language() -> None:
    """The name of the thing is looked up when it is said, so lifecycle.py names each one for the catalogs."""
    assert {str(model._meta.verbose_name) for model in MACHINES} <= set(THINGS)
    with translation.override("de"), pytest.raises(Refused, match="Bestellung"):
        Order(state="refunded").move("placed")
