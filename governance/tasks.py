"""The mirror's clock."""

from celery import shared_task

from governance import live, services


@shared_task(ignore_result=True)
def mirror() -> None:
    """Read what is new and show it to open pages."""
    live.publish(services.mirror())
