"""Clocks of reviews."""

from celery import shared_task

from marketplace.reviews import inviting, using


@shared_task
def invite() -> None:
    """Ask organizations whose first money for a tool has settled."""
    inviting.invite()


@shared_task
def keep_months() -> None:
    """Write down anew for how long reviewers have used what they review."""
    using.keep_months()
