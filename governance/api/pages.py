"""How a page of results stands in the schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from governance.api.shapes import BlockSerializer


def of_block() -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """The block that a page was read at; nothing before one was read."""
    return {"block": BlockSerializer(allow_null=True)}


def page_of(row: type[serializers.Serializer[Any]], **more: serializers.Field[Any, Any, Any, Any]) -> Any:
    """A page of such rows, and the address of the next one."""
    name = row.__name__.removesuffix("Serializer") + "Page"
    fields: dict[str, Any] = {**more, "next": serializers.URLField(allow_null=True), "results": row(many=True)}
    return inline_serializer(name, fields)
