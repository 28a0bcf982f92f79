"""Clocks that come by for the money."""

from celery import shared_task

from marketplace.escrow import services


@shared_task
def settle() -> None:
    """Apply the final events of the escrow."""
    services.settle()


@shared_task
def release() -> None:
    """Leave releases that are due to be sent."""
    services.release_matured()
