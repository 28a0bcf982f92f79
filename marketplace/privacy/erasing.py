"""Carry out erasures: files first, then everything else in one transaction. Done twice, it is done once."""

from datetime import timedelta
from typing import Any, Final

import structlog
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.audit import wording
from marketplace.audit.services import record
from marketplace.catalog.models import Listing
from marketplace.organizations.models import Membership, Organization
from marketplace.privacy import fates, inventory
from marketplace.privacy.fates import Fate
from marketplace.privacy.models import Erasure
from marketplace.privacy.standing import open_matters
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

REASON: Final = "what is erased stands in the rows of many tables"
log = structlog.get_logger(__name__)


def erase_due() -> int:
    """Carry out the erasures whose time has come; returns how many. One that is held up is looked at again tomorrow."""
    with transaction.atomic(), as_system(REASON):
        due = list(Erasure.objects.due(timezone.now()).values_list("pk", flat=True)[:20])
    return sum(_carry_out(pk) for pk in due)


def _carry_out(pk: int) -> bool:
    with transaction.atomic(), as_system(REASON):
        erasure = Erasure.objects.select_for_update(skip_locked=True).waiting().filter(pk=pk).first()
        if erasure is None:
            return False
        if matters := open_matters(erasure.org_id, erasure.user_id):
            erasure.held_up_by = matters[0][:300]
            erasure.due_at = timezone.now() + timedelta(days=1)
            erasure.save(update_fields=["held_up_by", "due_at"])
            return False
        _delete_files(erasure)
        if erasure.org_id:
            _erase_organization(erasure.org_id)
            record(SYSTEM, "organization.erased", erasure, org_id=erasure.org_id)
        else:
            _erase_person(erasure.user_id)
            record(SYSTEM, "person.erased", erasure)
        erasure.move(Erasure.State.DONE, done_at=timezone.now(), held_up_by="")
    log.info("privacy.erased", erasure=pk)
    return True


def _delete_files(erasure: Erasure) -> None:
    """Before the rows that name them: after a crash in between they are looked for again, and nothing is left over."""
    target: Any = Organization if erasure.org_id else User
    for model, column in fates.cascading(target):
        fields = [field for field in model._meta.local_fields if isinstance(field, models.FileField)]
        for row in model._default_manager.filter(**{column: erasure.org_id or erasure.user_id}) if fields else ():
            for field in fields:
                if stored := getattr(row, field.name):
                    stored.storage.delete(stored.name)


def _erase_organization(org_id: int) -> None:
    org = Organization.objects.select_for_update().get(pk=org_id)
    listings = Listing.objects.for_org(org_id).exclude(name="").values_list("slug", "name")
    names = {org.name, org.slug, *(name for pair in listings for name in pair)}
    for model, column in fates.cascading(Organization):
        model._default_manager.filter(**{column: org_id}).delete()
    for table in inventory.of_organizations():
        if fate := fates.OF_ORGANIZATIONS.get(table.label):
            _apply(fate, table.rows_of(org_id))
    wording.forget_mentions(names)


def _erase_person(user_id: int) -> None:
    person = User.objects.select_for_update().get(pk=user_id)
    names = {person.email, person.name, *person.wallets.values_list("address", flat=True)}
    _end_sessions(person)
    memberships = Membership.objects.filter(user_id=user_id)
    for membership in memberships.order_by("org_id"):
        record(SYSTEM, "member.erased", membership, org_id=membership.org_id, user_id=user_id)
    for model, column in fates.cascading(User):
        model._default_manager.filter(**{column: user_id}).delete()
    _replace_address(person.email, f"erased-{user_id}@erased.invalid")
    for label, fate in fates.OF_PEOPLE.items():
        _apply(fate, apps.get_model(label)._default_manager.filter(pk=user_id))
    wording.forget_person(user_id)
    wording.forget_mentions(names)


def _apply(fate: Fate, rows: "models.QuerySet[Any]") -> None:
    if fate.is_deleted:
        rows.delete()
    elif fate.scrub:
        for pk in rows.values_list("pk", flat=True):
            rows.model._default_manager.filter(pk=pk).update(**{name: make(pk) for name, make in fate.scrub.items()})


def _end_sessions(person: User) -> None:
    """Delete the person's sessions; the cache's copies die with the password that they were opened with."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


def _replace_address(address: str, by: str) -> None:
    """Wherever a column for e-mail addresses holds this one: invitations, and whatever comes later."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, models.EmailField) and model is not User:
                model._default_manager.filter(**{f"{field.name}__iexact": address}).update(**{field.name: by})
