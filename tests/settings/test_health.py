"""Alive, and ready."""

import pytest
from django.db import connection, transaction
from django.test import Client

from marketplace.tenancy.checks import bound_role
from settings import health

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_alive() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_readiness_names_each_part() -> None:
    said = Client().get("/readyz").json()
    assert set(said) == {"status", "database", "valkey", "chain"}
    assert (said["database"], said["valkey"]) == ("ok", "ok")


def test_a_part_that_is_ill_makes_the_market_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise ConnectionError("gone")

    monkeypatch.setitem(health.PARTS, "valkey", broken)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["valkey"]) == (503, "ConnectionError")


def test_a_role_that_no_policy_binds_is_refused() -> None:
    assert bound_role(databases=["default"]) == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE guildhall_sys")
        assert [fault.msg for fault in bound_role(databases=["default"])] == [
            "The role of DATABASE_URL bypasses row security; use the app role."
        ]
