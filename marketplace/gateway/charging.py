"""What a call that is paid by itself comes to: its price when it was answered, nothing when it was not. Once.

The price was taken before the call went out. A call whose end nobody has written down costs nothing either.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from marketplace.gateway.models import UsageRecord
from marketplace.gateway.upstream import TOTAL_SECONDS
from marketplace.subscriptions import metering
from marketplace.subscriptions.metering import Taken
from marketplace.tenancy.scope import as_system

Outcome = UsageRecord.Outcome
LOST_AFTER: Final = timedelta(seconds=TOTAL_SECONDS + 60)
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call has cost, and what is left of the deposit, in base units."""

    cost: int
    left: int


def end(usage_id: int, *, outcome: str, taken: Taken | None, **facts: Any) -> Charge | None:
    """Write down the end of a call and charge it, in the caller's transaction; the first end counts, no other."""
    is_owed = outcome == Outcome.ANSWERED
    if taken and not is_owed:
        facts["cost"] = 0
    ended = UsageRecord.objects.filter(pk=usage_id, outcome=Outcome.STARTED).update(outcome=outcome, **facts)
    if taken is None or not ended:
        return None
    return Charge(taken.cost if is_owed else 0, metering.settle(taken, is_owed=is_owed))


def give_back_lost() -> int:
    """Give back what calls have taken whose process died before it wrote down their end; returns how many."""
    with transaction.atomic(), as_system("calls of every organization were lost with their process"):
        under_way = UsageRecord.objects.filter(outcome=Outcome.STARTED, meter__isnull=False)
        lost = under_way.filter(started_at__lt=timezone.now() - LOST_AFTER).order_by("meter_id", "pk")
        found = list(lost.select_for_update(of=("self",), skip_locked=True)[:BATCH])
        for record in found:
            assert record.meter_id is not None  # noqa: S101  (filtered above)
            end(record.pk, outcome=Outcome.FAILED, taken=Taken(record.meter_id, int(record.cost)))
    return len(found)
