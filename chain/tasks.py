"""The chain's two clocks."""

from celery import shared_task
from django.conf import settings

from chain import sender, watcher


@shared_task(ignore_result=True)
def watch() -> None:
    """Copy what is new; returns at once when another worker has the chain."""
    for chain in settings.CHAINS:
        watcher.watch(chain)


@shared_task(ignore_result=True)
def send() -> None:
    """One round of the outbox."""
    for chain in settings.CHAINS:
        sender.send(chain)
