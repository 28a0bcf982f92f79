"""Chain integers in the database."""

from typing import Any

from django.db import models


class Uint256Field(models.DecimalField):  # type: ignore[type-arg]
    """A whole number of up to 256 bits as `numeric(78,0)`; a Python int, so that no amount is ever rounded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=78, decimal_places=0)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return None if value is None else int(value)
