"""Clocks that come by for orders and subscriptions."""

from celery import shared_task

from marketplace.subscriptions import notice, reminding, services


@shared_task
def end_lapsed() -> None:
    """End subscriptions whose time is over."""
    services.end_lapsed()


@shared_task
def expire_orders() -> None:
    """Close orders that were not paid in time."""
    services.expire_orders()


@shared_task
def note_ending() -> None:
    """Note subscriptions that end soon, those that run on their grace, and those that another plan has replaced."""
    reminding.note_ending()
    reminding.note_grace()
    reminding.note_replaced()


@shared_task
def announce_versions() -> None:
    """Give notice of later versions, and let those go over whose notice has passed."""
    notice.give_notice()
    notice.end_notices()
