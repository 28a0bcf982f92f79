"""What belongs to whom, read from the models themselves, so that a new table cannot be forgotten.

A table belongs to an organization by its columns that point to one; to a person, by a key that goes when the person
goes. What is left out, hidden or kept is listed here with the reason.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import models
from django.db.models import Q

from marketplace.accounts.models import User
from marketplace.audit.models import Entry, Wording
from marketplace.organizations.models import Organization

Model = type[models.Model]

NOT_OF_ORGANIZATIONS: Final[dict[str, str]] = {
    "privacy.Export": "the export itself",
    "notifications.Notification": "belongs to the person who was told, and stands in that person's export",
}
NOT_OF_PEOPLE: Final[dict[str, str]] = {
    "privacy.Export": "the export itself",
    "accounts.SignInNonce": "a message that waits ten minutes for its signature",
}
# Not for anybody's eyes, not even the owner's: with these one could pretend to be somebody, or read a sealed key.
HIDDEN: Final[dict[str, str]] = {
    "accounts.User.password": "a hash to guess against",
    "accounts.SignInNonce.value": "a number used once, to sign in with",
    "accounts.SignInNonce.message": "holds that number",
    "organizations.Invitation.nonce": "the link to join could be made from it",
    "organizations.Invitation.digest": "a hash to guess against",
    "gateway.ApiKey.digest": "a hash to guess against",
    "gateway.UpstreamSecret.ciphertext": "the sealed key to your own service, which you have",
    "gateway.UpstreamSecret.nonce": "part of the sealed key",
    "disputes.Evidence.added_by": "a person of either side; your own record says who of yours",
    "disputes.Appeal.filed_by": "a person of either side; your own record says who of yours",
    "disputes.Ruling.proposed_by": "a moderator",
    "disputes.Ruling.confirmed_by": "a moderator",
    "catalog.Listing.search": "an index over the words beside it",
}
# In rows of two owners: what concerns the buyer's own people and programs is not the provider's.
BUYERS_OWN: Final = frozenset(
    (
        "subscriptions.Order.placed_by",
        "subscriptions.Order.form_key",
        "disputes.Dispute.prepared_by",
        "gateway.UsageRecord.user",
        "gateway.UsageRecord.api_key",
    )
)
# The sign-in library's tables hold secrets beside facts: only these columns are given out.
OF_LIBRARIES: Final[dict[str, tuple[str, ...]]] = {
    "account.EmailAddress": ("email", "verified", "primary"),
    "mfa.Authenticator": ("type", "created_at", "last_used_at"),
    "usersessions.UserSession": ("ip", "user_agent", "created_at", "last_seen_at"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table with something of somebody's, and the columns that say whose."""

    model: Model
    columns: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.model._meta.label

    def rows_of(self, owner_id: int) -> "models.QuerySet[Any]":
        """The rows of one owner, in the order in which they came to be."""
        mine = Q()
        for column in self.columns:
            mine |= Q(**{column: owner_id})
        return self.model._default_manager.filter(mine).order_by("pk")


def _pointing_to(model: Model, target: Model, *, going_with_it: bool = False) -> tuple[str, ...]:
    return tuple(
        field.attname
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and field.related_model is target
        and (not going_with_it or field.remote_field.on_delete is models.CASCADE)
    )


@cache
def of_organizations() -> tuple[Table, ...]:
    """Every table with rows of an organization's."""
    found = [Table(Organization, ("id",))]
    found += [Table(model, columns) for model in apps.get_models() if (columns := _pointing_to(model, Organization))]
    return (*found, Table(Entry, ("org_id",)), Table(Wording, ("org_id",)))


@cache
def of_people() -> tuple[Table, ...]:
    """Every table with rows that are a person's own, and go with the person."""
    found = [Table(User, ("id",))]
    models_ = [model for model in apps.get_models() if model is not User]
    return (*found, *(Table(m, own) for m in models_ if (own := _pointing_to(m, User, going_with_it=True))))


def exported_of_organizations() -> list[Table]:
    """The tables that an organization's export holds."""
    return [table for table in of_organizations() if table.label not in NOT_OF_ORGANIZATIONS]


def exported_of_people() -> list[Table]:
    """The tables that a person's export holds."""
    return [table for table in of_people() if table.label not in NOT_OF_PEOPLE]


def fields_of(model: Model) -> list[Any]:
    """The fields of a model that an export shows."""
    label = model._meta.label
    fields = [field for field in model._meta.local_fields if f"{label}.{field.name}" not in HIDDEN]
    if not model.__module__.startswith("marketplace."):
        return [field for field in fields if field.name in OF_LIBRARIES.get(label, ())]
    return fields
