"""Whatever an organization owns is walled off by the database itself."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from marketplace.organizations.models import Organization

pytestmark = pytest.mark.django_db

OPEN_TO_READ = {
    "organizations.Organization": "name, country and verification stand on every listing and receipt",
    "catalog.Listing": "carries only what was approved; drafts are versions, which have a policy",
    "catalog.Plan": "a price that a shop shows",
    "reviews.Review": "what buyers say is there to be read; hidden ones only by their authors",
    "reviews.Answer": "as the review that it answers",
}


def owners(model: type[models.Model]) -> list[str]:
    """The columns of `model` that point to an organization."""
    return [
        field.column
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Organization
    ]


OWNED = [model for model in apps.get_models() if owners(model)]


def one(sql: str, *args: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, args)
        return cursor.fetchone()


@pytest.mark.parametrize("model", [*OWNED, Organization], ids=lambda model: model._meta.label)
def test_a_table_with_an_owner_has_a_forced_row_policy(model: type[models.Model]) -> None:
    sql = "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass"
    assert one(sql, model._meta.db_table) == (True, True)


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_a_policy_names_every_owner_for_reading_and_for_writing(model: type[models.Model]) -> None:
    sql = "SELECT qual, with_check FROM pg_policies WHERE tablename = %s AND policyname = 'owners'"
    reading, writing = one(sql, model._meta.db_table)
    for column in owners(model):
        assert column in reading
        assert column in writing


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_a_model_with_an_owner_can_be_asked_for_one_organization(model: type[models.Model]) -> None:
    assert hasattr(model.objects, "for_org") or model._meta.label in NEVER_LISTED


NEVER_LISTED = {"gateway.UpstreamSecret": "read one at a time, by its listing"}


def test_only_named_tables_are_open_to_read() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = 'readers'")
        found = {table for (table,) in cursor.fetchall()}
    assert found == {apps.get_model(label)._meta.db_table for label in OPEN_TO_READ}


BOUND_OTHERWISE = {
    "catalog.SavedListing.listing": "what is saved is another organization's listing, which is public",
    "gateway.Trial.listing": "what is tried is another organization's listing, which is public",
    "gateway.TrialAllowance.listing": "what is tried is another organization's listing, which is public",
    "gateway.ToolRun.listing": "the key to the subscription carries the listing with it",
    "reviews.Review.listing": "the key to the order carries the listing with it",
    "reviews.Invitation.listing": "as of a review",
    "subscriptions.SpendingRequest.plan": "what is asked for is another organization's plan, which is public",
}


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_a_row_cannot_point_to_a_row_of_another_organization(model: type[models.Model]) -> None:
    for field in model._meta.local_fields:
        if not isinstance(field, models.ForeignKey) or field.related_model not in OWNED:
            continue
        if f"{model._meta.label}.{field.name}" in BOUND_OTHERWISE:
            continue
        composite = one(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass "
            "AND confrelid = %s::regclass AND array_length(conkey, 1) > 1",
            model._meta.db_table,
            field.related_model._meta.db_table,
        )
        assert composite[0] >= 1, f"{model._meta.label}.{field.name} needs a composite key"
