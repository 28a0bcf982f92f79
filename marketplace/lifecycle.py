"""The domain's "no", and tables of the moves that a state machine allows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    Words: TypeAlias = StrOrPromise
else:
    Words = str  # a sentence, or one that is looked up when it is shown

# What moves along a table of states, as a sentence calls it.
THINGS = [
    noop("answer"),
    noop("appeal"),
    noop("dispute"),
    noop("domain check"),
    noop("endpoint test"),
    noop("erasure"),
    noop("escrow"),
    noop("export"),
    noop("invitation"),
    noop("listing"),
    noop("listing version"),
    noop("order"),
    noop("organization"),
    noop("plan"),
    noop("review"),
    noop("review case"),
    noop("ruling"),
    noop("spending request"),
    noop("subscription"),
    noop("tool run"),
    noop("trial"),
    noop("verification"),
    noop("vote request"),
]


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
            words = {
                "thing": _(str(self._meta.verbose_name)),
                "state": self._label(self.state),
                "next": self._label(to),
            }
            raise Refused(_("This %(thing)s is %(state)s and cannot become %(next)s.") % words)
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
