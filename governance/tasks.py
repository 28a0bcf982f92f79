"""The mirror's clock."""

from celery import shared_task

from chain.turns import turn
from governance import drafting, live, services, simulating


@shared_task(ignore_result=True)
def mirror() -> None:
    """Read what is new and show it to open pages."""
    live.publish(services.mirror())


@shared_task(ignore_result=True)
def forget_drafts() -> None:
    """Delete drafts that nobody has touched for long."""
    drafting.forget()


@shared_task(ignore_result=True)
def simulate() -> None:
    """Try what is proposed against the chain as it is now."""
    with turn("simulating proposals") as ours:
        if ours:
            simulating.simulate_due()
