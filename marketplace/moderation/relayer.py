"""What the market pays for the network's fees, day by day, read from the database alone."""

import datetime as dt
from typing import Any, Final

from django.conf import settings
from django.db.models import CharField, Count, F, Func, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from chain import budget, outbox
from chain.client import Network
from chain.models import GasDay, OutgoingTransaction
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

DAYS: Final = 30
SHOWN_IN: Final = 10**12  # wei: a chart shows millionths of the chain's coin
# What a transaction is for stands at the beginning of its key.
FOR: Final = {
    "fund": gettext_lazy("Payments that buyers signed"),
    "renew": gettext_lazy("Renewals that buyers signed"),
    "release": gettext_lazy("Periods paid out to providers"),
    "ruling": gettext_lazy("Rulings on disputes"),
}


@door.moderator
@require_GET
def relayer(request: ActedRequest) -> HttpResponse:
    """The budget, what is left of it, its use in the last thirty days, and for what."""
    return render(request, "moderation/relayer.html", {"chains": [_used(chain) for chain in settings.CHAINS]})


def _used(chain: str) -> dict[str, Any]:
    today = budget.today()
    since = today - dt.timedelta(days=DAYS - 1)
    rows = {row.day: row for row in GasDay.objects.filter(chain=chain, day__gte=since)}
    days = [_day(since + dt.timedelta(days=n), rows) for n in range(DAYS)]
    return {
        "id": chain,
        "limit": Network.of(chain).daily_gas_budget,
        "left": budget.left(chain),
        "kept": budget.left(chain, urgent=True),
        "capacity": outbox.capacity(chain),
        "days": list(reversed([day for day in days if day["row"]])),
        "bars": [(day["label"], day["used"] // SHOWN_IN) for day in days],
        "kinds": _kinds(chain, since),
    }


def _day(day: dt.date, rows: dict[dt.date, GasDay]) -> dict[str, Any]:
    row = rows.get(day)
    used = int(row.spent) + int(row.reserved) if row else 0
    return {"day": day, "label": formats.date_format(day, "MONTH_DAY_FORMAT"), "row": row, "used": used}


def _kinds(chain: str, since: dt.date) -> list[dict[str, Any]]:
    """How many transactions there were of each kind, and what they cost in wei; the dearest first."""
    kind = Func(F("key"), Value(":"), Value(1), function="split_part", output_field=CharField())
    found = OutgoingTransaction.objects.filter(chain=chain, gas_day__gte=since).annotate(kind=kind).values("kind")
    sums = found.annotate(count=Count("pk"), cost=Sum(Coalesce("gas_spent", "reserved"))).order_by("-cost", "kind")
    named: dict[str, dict[str, Any]] = {}
    for row in sums:
        name = str(FOR.get(row["kind"], _("Everything else")))
        both = named.setdefault(name, {"name": name, "count": 0, "cost": 0})
        both["count"] += row["count"]
        both["cost"] += int(row["cost"] or 0)
    return list(named.values())
