"""The chain's two clocks. Each chain is watched and served by a task of its own: one that is slow holds up no other."""

from typing import Any

from celery import Task, shared_task
from django.conf import settings

from chain import sender, telling, watcher
from chain.turns import turn

EXPIRES = 5


@shared_task(ignore_result=True)
def watch() -> None:
    """Copy what is new of every chain."""
    _each(watch_chain)


@shared_task(ignore_result=True)
def watch_chain(chain: str) -> None:
    """Copy what is new of one chain; returns at once when another worker has it."""
    with turn(f"watching {chain}") as ours:
        if ours:
            watcher.watch(chain)


@shared_task(ignore_result=True)
def send() -> None:
    """One round of every chain's outbox."""
    _each(send_chain)


@shared_task(ignore_result=True)
def send_chain(chain: str) -> None:
    """One round of one chain's outbox; returns at once when another worker is at it, so that a dead node holds one."""
    with turn(f"sending {chain}") as ours:
        if ours:
            sender.send(chain)


@shared_task(ignore_result=True)
def tell_operators() -> None:
    """Mail what has begun to be wrong."""
    with turn("telling operators") as ours:
        if ours:
            telling.tell()


def _each(task: "Task[Any, None]") -> None:
    """A task a chain, dropped where no worker is free for it in time; a lone chain needs no further message."""
    if len(settings.CHAINS) == 1:
        task(*settings.CHAINS)
        return
    for chain in settings.CHAINS:
        task.apply_async(args=(chain,), expires=EXPIRES)
