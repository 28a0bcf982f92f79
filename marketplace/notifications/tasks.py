"""Clocks of the notices."""

from celery import shared_task

from marketplace.notifications import mailing, reading


@shared_task
def read_entries() -> None:
    """Tell people of new audit entries."""
    reading.read_entries()


@shared_task
def send_mails() -> None:
    """Send the e-mails that are due."""
    mailing.send_due()
