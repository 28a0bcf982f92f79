"""Clocks of organizations."""

from celery import shared_task

from marketplace.organizations import services


@shared_task
def send_invitations() -> None:
    """Mail the invitations that wait."""
    services.send_invitations()


@shared_task
def check_domains() -> None:
    """Look for the tokens in the zones of domains that wait."""
    services.check_domains()
