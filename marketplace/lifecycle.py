"""The domain's "no", and tables of the moves that a state machine allows."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models


class Refused(Exception):
    """The market says no, in a sentence fit for the person who asked; nothing was changed."""


class Lifecycle(models.Model):
    """A model with a `state` that moves only along `moves`: from a state to the states it may become."""

    moves: ClassVar[Mapping[str, frozenset[str]]]
    state: Any

    class Meta:
        abstract = True

    def can_move(self, to: str) -> bool:
        """Whether the table has a way from here to `to`."""
        return to in self.moves.get(self.state, frozenset())

    def move(self, to: str, **also: Any) -> None:
        """Go to state `to` and store it together with the fields in `also`; raises Refused when there is no way."""
        if not self.can_move(to):
            thing = self._meta.verbose_name
            raise Refused(f"This {thing} is {self._label(self.state)} and cannot become {self._label(to)}.")
        self.state = to
        for name, value in also.items():
            setattr(self, name, value)
        self.save(update_fields=["state", *also])  # type: ignore[misc]

    def _label(self, state: str) -> str:
        field: Any = self._meta.get_field("state")
        return str(dict(field.flatchoices).get(state, state)).lower()


def table(**moves: str) -> dict[str, frozenset[str]]:
    """A transition table: `placed="funded expired"` reads placed → funded or expired."""
    return {source: frozenset(targets.split()) for source, targets in moves.items()}


def only_states(states: str, name: str) -> models.CheckConstraint:
    """The CHECK that keeps a state column to the states of its machine, given as words."""
    return models.CheckConstraint(condition=models.Q(state__in=states.split()), name=name)
