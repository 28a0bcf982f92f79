"""A chain of entries, read back from the database, tells when any of them was touched."""

from collections.abc import Callable

import pytest
from django.db import transaction

from marketplace.audit.models import Entry
from marketplace.audit.services import digest, first_broken, record
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import scope
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[Entry]:
    """Five entries of one organization, as they come back from the database."""
    ada = world.person("Ada")
    org = world.organization("Ada Bakery", owner=ada)
    actor = Actor(ada.pk, org.pk, "owner")
    with transaction.atomic(), scope(org_id=org.pk):
        for number in range(5):
            record(actor, "thing.done", org, number=number, amount="29.00", name="Bäckerei")
        return list(Entry.objects.for_org(org.pk).order_by("sequence"))


def test_an_untouched_chain_holds(entries: list[Entry]) -> None:
    assert len(entries) == 5
    assert first_broken(entries) is None


def edit(entries: list[Entry]) -> None:
    entries[2].facts["amount"] = "2900.00"


def edit_and_hash_again(entries: list[Entry]) -> None:
    edit(entries)
    entries[2].hash = digest(entries[2])


def delete(entries: list[Entry]) -> None:
    del entries[2]


def swap(entries: list[Entry]) -> None:
    entries[2], entries[3] = entries[3], entries[2]


def insert(entries: list[Entry]) -> None:
    entries.insert(2, entries[1])


@pytest.mark.parametrize("tamper", [edit, edit_and_hash_again, delete, swap, insert])
def test_whatever_was_done_to_an_entry_is_found(entries: list[Entry], tamper: Callable[[list[Entry]], None]) -> None:
    tamper(entries)
    assert first_broken(entries) is not None
