"""What the gateway knows of how a subscription was used and how the service answered, for who judges a dispute."""

from datetime import UTC, timedelta
from typing import Any, Final

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marketplace.gateway.models import HealthSpan, UsageRecord
from marketplace.gateway.probing import DAY
from marketplace.subscriptions.models import Order, Subscription
from marketplace.subscriptions.records import Record
from marketplace.subscriptions.words import number, percent

LATEST: Final = 20
DAYS: Final = 14
Outcome = UsageRecord.Outcome


def of_subscription(subscription: Subscription) -> list[Record]:
    """The calls with what came of them, the latest that went wrong, and the days of the service. No content."""
    return [_calls(subscription), _health(subscription)]


def _calls(subscription: Subscription) -> Record:
    calls = UsageRecord.objects.filter(subscription=subscription)
    counts = dict(calls.order_by().values_list("outcome").annotate(count=Count("pk")))
    total = sum(counts.values())
    facts = [(_("Calls"), number(total))]
    facts += [(str(outcome.label).capitalize(), number(counts[outcome])) for outcome in Outcome if outcome in counts]
    wrong = calls.filter(outcome__in=[Outcome.FAILED, Outcome.TIMED_OUT, Outcome.REFUSED]).order_by("-started_at")
    when, what, status, time = _("When"), _("What came of it"), _("Status"), _("Time")
    rows = tuple(
        (
            _cell(when, date_format(call.started_at, "SHORT_DATETIME_FORMAT")),
            _cell(what, str(call.get_outcome_display()).capitalize()),
            _cell(status, str(call.status or "–"), number=True),
            _cell(time, "–" if call.milliseconds is None else f"{number(call.milliseconds)} ms", number=True),
        )
        for call in wrong[:LATEST]
    )
    columns = ({"text": when}, {"text": what}, {"text": status, "number": True}, {"text": time, "number": True})
    return Record("calls", _("Calls through the market"), tuple(facts), columns, rows, _("No call went wrong."))


def _health(subscription: Subscription) -> Record:
    since = timezone.now() - timedelta(days=DAYS)
    days = HealthSpan.objects.filter(listing_id=subscription.listing_id, seconds=DAY, starts_at__gt=since)
    day, probes, up, slow = _("Day"), _("Probes"), _("Answered"), _("Slowest of 95 in 100")
    rows = tuple(
        (
            _cell(day, date_format(span.starts_at, "SHORT_DATE_FORMAT")),
            _cell(probes, number(span.probes), number=True),
            _cell(up, f"{percent(10_000 * span.up // max(span.probes, 1))} %", number=True),
            _cell(slow, "–" if span.p95 is None else f"{number(span.p95)} ms", number=True),
        )
        for span in days.order_by("-starts_at")
    )
    columns = (
        {"text": day},
        {"text": probes, "number": True},
        {"text": up, "number": True},
        {"text": slow, "number": True},
    )
    listing = subscription.listing
    facts = [(_("Answered in 30 days"), f"{percent(listing.uptime_bps)} %")] if listing.uptime_bps is not None else []
    if listing.is_down_since:
        facts.append((_("Down since"), date_format(listing.is_down_since, "SHORT_DATETIME_FORMAT")))
    return Record("health", _("How the service answered"), tuple(facts), columns, rows, _("It was not probed yet."))


def by_day(order: Order) -> list[dict[str, Any]]:
    """How often the tool was called for an order on each day (UTC), by what came of it; for its evidence.

    Where calls are paid, `cost` is what the answered ones of the day have cost, in base units as text.
    """
    calls = UsageRecord.objects.filter(subscription__order=order)
    days = calls.order_by().annotate(day=TruncDate("started_at", tzinfo=UTC)).values("day", "outcome")
    found: dict[str, dict[str, Any]] = {}
    for row in days.annotate(count=Count("pk"), cost=Sum("cost")).order_by("day", "outcome"):
        day = found.setdefault(
            str(row["day"]), {"day": str(row["day"]), **({"cost": "0"} if order.is_per_call else {})}
        )
        day[row["outcome"]] = row["count"]
        if order.is_per_call and row["outcome"] == Outcome.ANSWERED:
            day["cost"] = str(int(row["cost"]))
    return list(found.values())


def _cell(label: str, text: str, *, number: bool = False) -> dict[str, Any]:
    return {"label": label, "text": text, "number": number}
