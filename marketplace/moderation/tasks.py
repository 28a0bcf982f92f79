"""Clocks of moderation."""

from celery import shared_task

from marketplace.moderation import services


@shared_task
def open_cases() -> None:
    """Open a review case for everything that waits and has none."""
    services.open_cases()
