"""The clock that runs tools."""

from celery import shared_task

from marketplace.gateway import runs


@shared_task
def run_waiting() -> None:
    runs.run_waiting()
