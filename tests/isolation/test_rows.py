"""What a query without any filter sees: the rows of the scope, and nothing else.

`ISOLATION_UNBOUND=1` runs this file as a role that no policy binds; then it must fail (test_inverted.py).
"""

import os
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from marketplace.organizations.models import Organization
from marketplace.tenancy.scope import as_system, scope
from tests.isolation.conftest import Trade

OPEN = {"organizations.Organization", "catalog.Listing", "catalog.Plan"}


def owners(model: type[models.Model]) -> list[str]:
    return [
        field.attname
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Organization
    ]


OWNED = [model for model in apps.get_models() if owners(model)]
WALLED = [model for model in OWNED if model._meta.label not in OPEN]


@pytest.fixture(autouse=True)
def role(trades: tuple[Trade, Trade]) -> None:
    if os.environ.get("ISOLATION_UNBOUND"):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE guildhall_sys")


def mine(row: Any, org: Organization) -> bool:
    return org.pk in {getattr(row, column) for column in owners(type(row))}


@pytest.mark.parametrize("model", WALLED, ids=lambda model: model._meta.label)
def test_without_a_scope_nothing_is_seen(model: Any, trades: tuple[Trade, Trade]) -> None:
    assert model.objects.count() == 0


@pytest.mark.parametrize("model", WALLED, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("side", ["buyer", "provider"])
def test_a_forgotten_filter_shows_only_the_scopes_own_rows(model: Any, side: str, trades: tuple[Trade, Trade]) -> None:
    org = getattr(trades[0], side)
    with transaction.atomic(), scope(org_id=org.pk):
        rows = list(model.objects.all())
    assert all(mine(row, org) for row in rows)


@pytest.mark.parametrize("model", WALLED, ids=lambda model: model._meta.label)
def test_the_market_itself_sees_both_trades(model: Any, trades: tuple[Trade, Trade]) -> None:
    """The control: the rows are there, so an empty answer above means that they were withheld."""
    with transaction.atomic(), as_system("the control of this test"):
        assert model.objects.count() >= 2


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_a_strangers_rows_can_be_neither_changed_nor_deleted(model: Any, trades: tuple[Trade, Trade]) -> None:
    stranger = trades[1]
    column = owners(model)[0]
    with transaction.atomic(), scope(org_id=trades[0].buyer.pk):
        theirs = model.objects.filter(**{f"{column}__in": [stranger.buyer.pk, stranger.provider.pk]})
        assert theirs.update(**{column: models.F(column)}) == 0
        assert theirs._raw_delete("default") == 0


@pytest.mark.parametrize("model", [model for model in OWNED if len(owners(model)) == 1], ids=lambda m: m._meta.label)
def test_a_row_cannot_be_given_to_a_stranger(model: Any, trades: tuple[Trade, Trade]) -> None:
    column = owners(model)[0]
    for org in (trades[0].buyer, trades[0].provider):
        with pytest.raises(DatabaseError), transaction.atomic(), scope(org_id=org.pk):
            if model.objects.filter(**{column: org.pk}).update(**{column: trades[1].buyer.pk}) == 0:
                raise IntegrityError("this side has no such row")
            connection.check_constraints()


def test_a_row_cannot_point_to_a_strangers_row(trades: tuple[Trade, Trade]) -> None:
    north, south = trades
    with pytest.raises(IntegrityError), transaction.atomic(), scope(org_id=north.buyer.pk):
        type(north.run).objects.filter(pk=north.run.pk).update(subscription=south.subscription)
        connection.check_constraints()


def test_an_entry_of_the_audit_is_never_changed_or_deleted(trades: tuple[Trade, Trade]) -> None:
    entry = apps.get_model("audit.Entry")
    for change in (lambda: entry.objects.update(verb="x"), lambda: entry.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            with as_system("even the market may not"):
                change()


def test_a_scope_ends_with_its_block_and_a_nested_one_restores(trades: tuple[Trade, Trade]) -> None:
    order = apps.get_model("subscriptions.Order")
    north, south = trades
    with transaction.atomic():
        with scope(org_id=north.buyer.pk):
            assert north.order in order.objects.all()
            with scope(org_id=south.buyer.pk):
                assert south.order in order.objects.all()
                assert north.order not in order.objects.all()
            assert south.order not in order.objects.all()
            with as_system("nested"):
                assert {north.order, south.order} <= set(order.objects.all())
            assert south.order not in order.objects.all()
        assert order.objects.count() == 0
