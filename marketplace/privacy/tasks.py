"""Clocks of exports and erasures."""

from celery import shared_task

from marketplace.privacy import erasing, exporting


@shared_task
def make_exports() -> None:
    """Make the exports that wait, and delete those whose week is over."""
    exporting.make_waiting()
    exporting.delete_outdated()


@shared_task
def erase() -> None:
    """Carry out the erasures whose time has come."""
    erasing.erase_due()
