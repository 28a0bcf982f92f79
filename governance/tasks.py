"""The mirror's clocks."""

from celery import shared_task
from django.conf import settings

from chain.turns import turn
from governance import checking, discussing, drafting, live, reporting, services, simulating
from governance.treasuries import following


@shared_task(ignore_result=True)
def mirror() -> None:
    """Read what is new on every chain and show it to open pages."""
    for chain in settings.CHAINS:
        live.publish(services.mirror(chain))


@shared_task(ignore_result=True)
def forget_drafts() -> None:
    """Delete drafts that nobody has touched for long, and answered reports."""
    drafting.forget()
    reporting.forget()


@shared_task(ignore_result=True)
def follow_drafts() -> None:
    """Find what discussed drafts have become."""
    with turn("following drafts") as ours:
        if ours:
            discussing.follow_drafts()


@shared_task(ignore_result=True)
def simulate() -> None:
    """Try what is proposed against the chain as it is now."""
    with turn("simulating proposals") as ours:
        if ours:
            simulating.simulate_due()


@shared_task(ignore_result=True)
def check() -> None:
    """Compare what is open with the contracts."""
    for chain in settings.CHAINS:
        with turn(f"governance.check {chain}") as ours:
            if ours:
                checking.check(chain)


@shared_task(ignore_result=True)
def follow_treasuries() -> None:
    """Read what the DAOs' accounts hold, and what came in and went out."""
    for chain in settings.CHAINS:
        with turn(f"governance.treasuries {chain}") as ours:
            if ours:
                following.follow(chain)
