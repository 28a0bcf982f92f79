"""A log hangs on its block although no foreign key says so: triggers do, once a statement (ADR 13)."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from chain.models import Block, Log
from tests.chain.local_chain import CHAIN

HASH = "0x" + "ab" * 32
UNCHECKED = "ALTER TABLE chain_log DISABLE TRIGGER chain_log_has_its_block"
ALONE = "ALTER TABLE chain_block DISABLE TRIGGER chain_block_takes_its_logs"


def block(number: int) -> Block:
    text = f"0x{number:064x}"
    return Block.objects.create(chain=CHAIN, number=number, hash=text, parent_hash=text, timestamp=0)


def log(block_id: int, index: int = 0) -> Log:
    return Log(
        block_id=block_id, chain=CHAIN, number=1, block_hash=HASH, log_index=index, tx_hash=HASH,
        address="0x" + "cd" * 20, topic0=HASH, topics=[HASH], data=b"",
    )  # fmt: skip


def as_owner(statement: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def without() -> Any:
    """Take a trigger away, for the controls."""
    taken: list[str] = []

    def take(statement: str) -> None:
        taken.append(statement)
        as_owner(statement)

    yield take
    for statement in taken:
        as_owner(statement.replace("DISABLE", "ENABLE"))


@pytest.mark.django_db
def test_a_log_without_its_block_is_refused_and_so_is_all_that_came_with_it() -> None:
    known = block(1)
    with pytest.raises(IntegrityError, match="must hang on a block"), transaction.atomic():
        Log.objects.bulk_create([log(known.pk), log(known.pk + 999)])
    assert not Log.objects.exists()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_control_without_the_trigger_a_stray_log_is_stored(without: Any) -> None:
    without(UNCHECKED)
    Log.objects.bulk_create([log(12345)])
    assert Log.objects.exists()


@pytest.mark.django_db
def test_logs_go_with_their_blocks_and_others_stay() -> None:
    gone, kept = block(1), block(2)
    Log.objects.bulk_create([log(gone.pk), log(gone.pk, 1), log(kept.pk)])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chain_block WHERE number = 1")
    assert [each.block_id for each in Log.objects.all()] == [kept.pk]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_control_without_the_trigger_logs_outlive_their_block(without: Any) -> None:
    without(ALONE)
    Log.objects.bulk_create([log(block(1).pk)])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chain_block")
    assert Log.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE chain_log SET block_id = 5", "UPDATE chain_block SET id = 5"])
def test_the_keys_of_blocks_and_logs_stay(change: str) -> None:
    Log.objects.bulk_create([log(block(1).pk)])
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("log_first", [True, False])
def test_a_log_and_the_end_of_its_block_wait_for_each_other(log_first: bool) -> None:
    """Two at once: whichever commits first, no log is left without its block."""
    one, refused = block(1), []
    first_is_done, second_has_begun = threading.Event(), threading.Event()

    def delete() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM chain_block")

    def insert() -> None:
        Log.objects.bulk_create([log(one.pk)])

    def second() -> None:
        try:
            first_is_done.wait(5)
            second_has_begun.set()
            (delete if log_first else insert)()
        except IntegrityError as problem:
            refused.append(problem)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        (insert if log_first else delete)()
        first_is_done.set()
        assert second_has_begun.wait(5)
        thread.join(0.3)
        assert thread.is_alive(), "The second did not wait for the first."
    thread.join(5)
    assert not Log.objects.exists()
    assert len(refused) == (0 if log_first else 1)
