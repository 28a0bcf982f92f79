"""Clocks that come by for orders and subscriptions."""

from celery import shared_task

from marketplace.subscriptions import services


@shared_task
def end_lapsed() -> None:
    """End subscriptions whose time is over."""
    services.end_lapsed()


@shared_task
def expire_orders() -> None:
    """Close orders that were not paid in time."""
    services.expire_orders()
