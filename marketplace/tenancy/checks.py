"""System checks: the role that serves people must be bound by the row policies."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register(Tags.database)
def bound_role(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a default connection whose role is superuser, bypasses row security, or owns tables."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relkind = 'r') "
            "FROM pg_roles r WHERE rolname = current_user"
        )
        superuser, bypasses, owns = cursor.fetchone()
    faults = {"is a superuser": superuser, "bypasses row security": bypasses, "owns tables": owns}
    return [
        Error(f"The role of DATABASE_URL {fault}; use the app role.", id="tenancy.E001")
        for fault, found in faults.items()
        if found
    ]
