"""JSON whose order means something."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.types.json import Json


class OrderedJsonField(models.JSONField):
    """A JSON object as PostgreSQL's `json`, which keeps the order of its keys; `jsonb` would sort them.

    The fields of a tool's form come in the order in which its provider wrote them. There are no lookups into it.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return value if value is None else Json(value)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return value
