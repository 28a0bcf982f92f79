"""What a change of plan comes to, before it is made: what is paid now, what a stop of the old order brings back."""

from dataclasses import dataclass
from datetime import datetime

from marketplace.catalog.models import Plan
from marketplace.escrow.models import Escrow
from marketplace.escrow.services.leaving import Stopping, if_stopped, stopping
from marketplace.subscriptions import changing
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order
from marketplace.tenancy.actor import Actor


@dataclass(frozen=True, slots=True)
class Figures:
    """All in base units of one currency, as of `at`: `back` gets less with each second until the old one is stopped."""

    plan: Plan
    periods: int
    pays: int
    back: int
    used: int
    at: datetime
    lost: list[str]

    @property
    def difference(self) -> int:
        """What it costs more than what comes back; less than 0 when more comes back."""
        return self.pays - self.back

    @property
    def gain(self) -> int:
        """What comes back more than it costs."""
        return -self.difference


def held(order: Order) -> Escrow | None:
    """The deposit of an order that still runs, if it is not in dispute."""
    found = Escrow.objects.filter(order=order, is_late=False, state=Escrow.State.HELD).select_related("currency")
    return found.order_by("pk").first()


def replaced(actor: Actor, order: Order) -> Stopping | None:
    """The deposit of the order whose place this one takes, as its buyer may stop it now; None when nothing runs on."""
    escrow = held(order.replaces) if order.replaces else None
    now = market_time()
    return stopping(actor, escrow=escrow, at=now) if escrow and now < escrow.ends_at else None


def figures(escrow: Escrow, *, old: Plan, plan: Plan, periods: int, at: datetime) -> Figures:
    """What changing to so many periods of a plan comes to at a moment, as the contract would split it."""
    ending = if_stopped(escrow, at)
    pays = int(plan.price) * periods
    return Figures(plan, periods, pays, ending.refund, ending.used, at, changing.lost(old, plan))
