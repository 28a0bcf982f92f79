"""Clocks of disputes."""

from celery import shared_task

from marketplace.disputes import services


@shared_task
def follow() -> None:
    """Open and end disputes as final logs say."""
    services.follow()
