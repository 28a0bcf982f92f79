"""Clocks that come by for the money."""

from celery import shared_task

from marketplace.escrow import services
from marketplace.escrow.services import proving, statements


@shared_task
def settle() -> None:
    """Apply the final events of the escrow."""
    services.settle()


@shared_task
def release() -> None:
    """Leave releases that are due to be sent."""
    services.release_matured()


@shared_task
def reconcile() -> None:
    """Compare the books with the contracts when somebody asked for it or it is time."""
    services.reconcile_due()


@shared_task
def issue_statements() -> None:
    """Number the statements of months that are over."""
    statements.issue()


@shared_task
def gather_proofs() -> None:
    """Keep what proves the events of orders."""
    proving.gather()
