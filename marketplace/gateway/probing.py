"""Whether the services of public listings answer: asked every five minutes, kept, summed up, and told to the provider.

Rows are claimed before anybody is asked, so several workers never probe the same service at once; no transaction is
open while a service is asked. A probe that is lost in a crash is made up for by the next one.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpcore
import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone

from marketplace.audit.services import record
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.gateway import upstream
from marketplace.gateway.models import HealthSpan, Probe, Watch
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

EVERY: Final = timedelta(minutes=5)
JITTER: Final = 0.1  # of EVERY, so that services which were listed together are not asked together for ever
AT_ONCE: Final = 32
FAILURES_TO_BE_DOWN: Final = 3
KEPT: Final = timedelta(days=30)
HOUR, DAY = 3600, 86_400
HOSTS_TO_BLAME_OURSELVES: Final = 5
REASON: Final = "the gateway probes every organization's services"
# Over the kept probes of the span, so that summing up twice gives the same.
SUM_UP: Final = """
    INSERT INTO gateway_healthspan (listing_id, seconds, starts_at, probes, up, p95)
    SELECT %(listing)s, %(seconds)s, %(starts)s, count(*), count(*) FILTER (WHERE is_up),
        percentile_disc(0.95) WITHIN GROUP (ORDER BY milliseconds) FILTER (WHERE is_up)
    FROM gateway_probe WHERE listing_id = %(listing)s AND at >= %(starts)s AND at < %(ends)s
    ON CONFLICT (listing_id, seconds, starts_at)
    DO UPDATE SET probes = excluded.probes, up = excluded.up, p95 = excluded.p95
"""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one probe saw."""

    listing_id: int
    host: str
    at: datetime
    is_up: bool
    milliseconds: int


def watch_public() -> int:
    """Begin to watch listings that have come into the shop; answers how many."""
    with transaction.atomic(), as_system(REASON):
        watched = Exists(Watch.objects.filter(pk=OuterRef("pk")))
        new = Listing.objects.public().exclude(watched).values_list("pk", flat=True)[:1000]
        return len(Watch.objects.bulk_create([Watch(listing_id=pk) for pk in new], ignore_conflicts=True))


def probe_due() -> int:
    """Probe what is due, side by side, and keep what was seen; answers how many services were asked."""
    due = _claim(timezone.now())
    if not due:
        return 0
    seen = asyncio.run(_probe_all(due))
    if fault_is_ours(seen):
        log.warning("gateway.no_service_answers", asked=len(seen))
        return len(seen)
    for each in seen:
        keep(each)
    return len(seen)


def _claim(now: datetime) -> list[tuple[int, str]]:
    """Listings to be probed with their addresses; no other worker takes them before they are due again."""
    with transaction.atomic(), as_system(REASON):
        watches = list(
            Watch.objects.due(now).order_by("due_at").select_for_update(skip_locked=True, of=("self",))[:AT_ONCE]
        )
        for watch in watches:
            watch.due_at = now + EVERY * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  (no secret)
        Watch.objects.bulk_update(watches, ["due_at"])
        numbers = dict(Listing.objects.filter(pk__in=[w.pk for w in watches]).values_list("pk", "version_number"))
        versions = ListingVersion.objects.filter(listing__in=numbers).values_list("listing_id", "number", "endpoint")
        return [(pk, endpoint) for pk, number, endpoint in versions if numbers[pk] == number]


async def _probe_all(due: list[tuple[int, str]]) -> list[Seen]:
    async with upstream.pool() as connections:
        return list(await asyncio.gather(*(_probe(connections, pk, endpoint) for pk, endpoint in due)))


async def _probe(connections: httpcore.AsyncConnectionPool, pk: int, endpoint: str) -> Seen:
    began, at = time.monotonic(), timezone.now()
    try:
        is_up = means_up(await upstream.probe(connections, endpoint))
    except upstream.UpstreamFailed:
        is_up = False
    return Seen(pk, urlsplit(endpoint).netloc, at, is_up, int((time.monotonic() - began) * 1000))


def means_up(status: int) -> bool:
    """Whether an answer shows a service at work. 501 does: it says that HEAD is missing, not that the service is."""
    return status < 500 or status == 501


def fault_is_ours(seen: list[Seen]) -> bool:
    """Whether nobody answers anywhere, which says more about our own network than about everybody else's."""
    return len({each.host for each in seen}) >= HOSTS_TO_BLAME_OURSELVES and not any(each.is_up for each in seen)


def keep(seen: Seen) -> None:
    """Keep a probe, sum up its hour and day, and write an entry when the service goes down, stays down or is back."""
    with transaction.atomic(), as_system(REASON):
        watch = Watch.objects.select_for_update().filter(pk=seen.listing_id).first()
        listing = Listing.objects.filter(pk=seen.listing_id).first()
        if watch is None or listing is None:
            return  # erased meanwhile
        Probe.objects.create(listing=listing, at=seen.at, is_up=seen.is_up, milliseconds=seen.milliseconds)
        _sum_up(seen, HOUR)
        _sum_up(seen, DAY)
        changed = {"uptime_bps": _uptime(listing, seen.at), "is_down_since": _counted(watch, listing, seen)}
        # The row is wide and indexed for search: it is written only when something on it has changed.
        if any(getattr(listing, name) != value for name, value in changed.items()):
            Listing.objects.filter(pk=listing.pk).update(**changed)


def _sum_up(seen: Seen, seconds: int) -> None:
    starts = datetime.fromtimestamp(seen.at.timestamp() // seconds * seconds, tz=seen.at.tzinfo)
    ends = starts + timedelta(seconds=seconds)
    with connection.cursor() as cursor:
        cursor.execute(SUM_UP, {"listing": seen.listing_id, "seconds": seconds, "starts": starts, "ends": ends})


def _uptime(listing: Listing, now: datetime) -> int:
    days = HealthSpan.objects.filter(listing=listing, seconds=DAY, starts_at__gt=now - KEPT)
    total = days.aggregate(probes=Sum("probes"), up=Sum("up"))
    return int(10_000 * total["up"] // total["probes"])


def _counted(watch: Watch, listing: Listing, seen: Seen) -> datetime | None:
    """Count failures in a row, and tell; answers since when the service is down, if it is."""
    down_since = listing.is_down_since
    if seen.is_up:
        watch.failures, watch.failing_since, watch.is_told = 0, None, False
        if down_since:
            record(SYSTEM, "listing.up", listing, org_id=listing.org_id)
        down_since = None
    else:
        watch.failures += 1
        watch.failing_since = watch.failing_since or seen.at
        if down_since is None and watch.failures >= FAILURES_TO_BE_DOWN:
            down_since = watch.failing_since
            record(SYSTEM, "listing.down", listing, org_id=listing.org_id)
        listing_now = Listing(is_down_since=down_since)
        if not watch.is_told and listing_now.stays_down(seen.at):
            watch.is_told = True
            record(SYSTEM, "listing.stays_down", listing, org_id=listing.org_id)
    watch.save(update_fields=["failures", "failing_since", "is_told"])
    return down_since


def forget(most: int = 50_000) -> int:
    """Delete probes and hours older than 30 days, and days older than a year; answers how many probes."""
    now = timezone.now()
    with transaction.atomic(), as_system(REASON):
        old = Probe.objects.filter(at__lt=now - KEPT).order_by("at").values("pk")[:most]
        gone, _ = Probe.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
        HealthSpan.objects.filter(seconds=HOUR, starts_at__lt=now - KEPT).delete()
        HealthSpan.objects.filter(seconds=DAY, starts_at__lt=now - timedelta(days=366)).delete()
    return gone
