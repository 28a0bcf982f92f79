"""Shapes that the tables share."""

from typing import Any

from django.db import models

from chain.models import Log

ADDRESS = r"^0x[0-9a-fA-F]{40}$"


def from_log() -> Any:
    """The log that said it; the constraint with ON DELETE CASCADE is made in the migration."""
    return models.OneToOneField(Log, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")


def from_shared_log() -> Any:
    """The same where one log is said to several: a token or timelock of two governors. A unique key begins with it."""
    return models.ForeignKey(Log, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")


def parent(to: str, related_name: str) -> Any:
    """A key that cascades in the database, for rows that a reorg deletes by SQL."""
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, db_constraint=False, related_name=related_name)
