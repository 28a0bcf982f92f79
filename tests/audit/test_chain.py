"""A chain of entries, read back from the database, tells when any of them was touched."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, transaction

from marketplace.audit import wording
from marketplace.audit.models import Entry, Wording
from marketplace.audit.services import digest, first_broken, record
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
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


def test_words_are_read_back_and_stand_in_no_entry(entries: list[Entry]) -> None:
    with transaction.atomic(), scope(org_id=entries[0].org_id):
        assert wording.facts_of(entries[1]) == {"number": 1, "amount": "29.00", "name": "Bäckerei"}
    assert "Bäckerei" not in str([entry.facts for entry in entries])


def test_a_chain_holds_after_its_words_were_forgotten(entries: list[Entry]) -> None:
    org_id = entries[0].org_id
    assert org_id
    with transaction.atomic(), as_system("the test forgets"):
        assert Wording.objects.for_org(org_id).delete()[0] == 5
        kept = list(Entry.objects.for_org(org_id).order_by("sequence"))
        assert first_broken(kept) is None
        assert wording.facts_of(kept[0]) == {"number": 0, "amount": "29.00", "name": None}


def test_a_wording_that_is_not_the_entrys_is_found(entries: list[Entry]) -> None:
    with transaction.atomic(), scope(org_id=entries[0].org_id):
        found = list(Wording.objects.select_related("entry").order_by("pk"))
    assert wording.altered(found) is None
    found[3].words["name"] = "Bäcker"
    assert wording.altered(found) == found[3]


def test_words_are_never_changed_and_forgotten_only_by_the_system(entries: list[Entry]) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), as_system("even the system"):
        Wording.objects.update(salt="x")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), scope(org_id=entries[0].org_id):
        Wording.objects.all()._raw_delete("default")


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("order", "6f2c9a52-3a5e-4f0e-9f7e-0f1f7f1d2a11", True),
        ("tx_hash", "0x" + "ab" * 32, True),
        ("amount", "29000000", True),
        ("number", 3, True),
        ("email", "ada@example.com", False),
        ("name", "Ada Bakery", False),
        ("registration_number", "12345678", False),
        ("address", world.ADA_ADDRESS, False),
        ("people", ["Ada"], False),
    ],
)
def test_text_is_kept_apart_unless_it_is_ours(name: str, value: object, stays: bool) -> None:
    plain, words = wording.split({name: value})
    assert (name in plain) is stays
    assert (name in words) is not stays
