"""What a worker does between two tasks."""

from collections.abc import Iterator

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun
from django.db import OperationalError, connection

from chain.tasks import watch
from settings.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in every other settings: a connection without an age, looked at before it is used again."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
    yield
    connection.close()


def server() -> int:
    """The process of the database's that answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def next_task() -> None:
    """What Celery and our settings do after a task and before the next one."""
    fixup = DjangoWorkerFixup(app)
    fixup.on_task_postrun(watch)
    fixup.on_task_prerun(watch)
    task_prerun.send(sender=watch)


def test_the_next_task_finds_the_connection_of_the_last() -> None:
    before = server()
    next_task()
    assert server() == before


def test_the_next_task_gets_another_connection_where_the_last_one_broke() -> None:
    before = server()
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    next_task()
    assert server() != before
