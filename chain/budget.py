"""A day's gas budget of a chain, in wei: reserved when bytes are signed, corrected when the receipt says the cost.

A quarter is kept for what is urgent. All writes are single UPDATEs at the end of a transaction, days in falling order,
so that two rounds cannot wait for each other. Transactions of rollups cost a fee of the first layer too: it is counted
at the receipt, not reserved.
"""

import datetime as dt
from collections import defaultdict

from django.db.models import F
from django.utils import timezone

from chain.client import Network
from chain.models import GasDay, OutgoingTransaction
from chain.rpc import Receipt

EXHAUSTED = "The market's gas budget for today is used up; this goes out after 00:00 UTC."
KEPT = 4


class Raced(Exception):
    """Another sender took what was left of the budget since we looked; this round signs nothing."""


def today() -> dt.date:
    """The day of the budget, by UTC."""
    return timezone.now().date()


def limit(chain: str, *, urgent: bool) -> int | None:
    """What may be used on a day; None when the chain has no budget."""
    budget = Network.of(chain).daily_gas_budget
    return (budget if urgent else budget - budget // KEPT) if budget else None


def left(chain: str, *, urgent: bool = False) -> int | None:
    """What is left of today's budget; None when the chain has none."""
    most = limit(chain, urgent=urgent)
    if most is None:
        return None
    day = GasDay.objects.filter(chain=chain, day=today()).first()
    return max(0, most - int(day.reserved) - int(day.spent)) if day else most


def usual(chain: str) -> int:
    """The most that any of the last twenty transactions reserved, in wei; 0 when none was signed yet."""
    signed = OutgoingTransaction.objects.filter(chain=chain, reserved__gt=0).order_by("-pk")
    return max((int(reserved) for reserved in signed.values_list("reserved", flat=True)[:20]), default=0)


def fitting(chain: str, costs: list[tuple[OutgoingTransaction, int]]) -> list[bool]:
    """Which of these the budget has room for, in their order; `reserve` makes it certain."""
    room = {urgent: left(chain, urgent=urgent) for urgent in (True, False)}
    taken, found = 0, []
    for row, cost in costs:
        most = room[row.urgent]
        found.append(most is None or taken + cost <= most)
        taken += cost if found[-1] else 0
    return found


def reserve(chain: str, amount: int, *, day: dt.date, urgent: bool) -> None:
    """Take `amount` of a day's budget: of the day that the rows bear, for midnight may pass between the two.

    Raises Raced when it does not fit, whoever was faster.
    """
    GasDay.objects.bulk_create([GasDay(chain=chain, day=day)], ignore_conflicts=True)
    days = GasDay.objects.filter(chain=chain, day=day)
    most = limit(chain, urgent=urgent)
    if most is not None:
        days = days.filter(reserved__lte=most - amount - F("spent"))
    if not days.update(reserved=F("reserved") + amount):
        raise Raced(f"The gas budget of {chain} was taken by another sender.")


class Corrections:
    """What a round finds out about reservations; `write` applies it at the end of the round's transaction."""

    def __init__(self, chain: str) -> None:
        self._chain = chain
        self._days: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0])

    def _add(self, row: OutgoingTransaction, reserved: int, spent: int) -> None:
        if row.gas_day:
            self._days[row.gas_day][0] += reserved
            self._days[row.gas_day][1] += spent

    def mined(self, row: OutgoingTransaction, receipt: Receipt) -> int:
        """The receipt says what it cost; also when it is mined a second time, in another block."""
        if row.gas_spent is None:
            self._add(row, -int(row.reserved), receipt.cost)
        else:
            self._add(row, 0, receipt.cost - int(row.gas_spent))
        return receipt.cost

    def unmined(self, row: OutgoingTransaction) -> None:
        """Its block was orphaned: it may cost all that was reserved again."""
        if row.gas_spent is not None:
            self._add(row, int(row.reserved), -int(row.gas_spent))

    def released(self, row: OutgoingTransaction) -> None:
        """It can no longer cost anything, or counts on another day from now on."""
        self._add(row, -int(row.reserved), 0)

    def write(self) -> None:
        for day, (reserved, spent) in sorted(self._days.items(), reverse=True):
            GasDay.objects.filter(chain=self._chain, day=day).update(
                reserved=F("reserved") + reserved, spent=F("spent") + spent
            )
