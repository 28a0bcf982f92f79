"""Running subscriptions keep their version of a listing until they were given notice of a later one, and it has passed.

A clock gives the notice, so an approval waits for nobody. Until it has come by, a subscription runs on its own version.
One notice is about one version: what is approved while it runs is announced by itself, with all of the time.
"""

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from marketplace.catalog.models import ListingVersion
from marketplace.catalog.offer import content
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Subscription
from marketplace.subscriptions.telling import tell_both
from marketplace.tenancy.scope import as_system

NOTICE: Final = timedelta(days=30)
BATCH: Final = 200
REASON: Final = "subscriptions of every organization are told of new versions"


def give_notice() -> int:
    """Announce to running subscriptions that their listing has a later version; returns how many were told.

    A version that says the same, and only has another address, is taken over at once.
    """
    now = market_time()
    with transaction.atomic(), as_system(REASON):
        behind = Subscription.objects.running(now).filter(
            listing__version_number__gt=F("version_number"), notice_ends_at=None
        )
        found = list(_locked(behind))
        told = []
        for one in found:
            latest = one.listing.version_number or 0
            if _says_the_same(one.listing_id, one.version_number or 0, latest):
                one.version_number = latest
                one.save(update_fields=["version_number"])
                continue
            one.announced_number, one.notice_ends_at = latest, now + NOTICE
            one.save(update_fields=["announced_number", "notice_ends_at"])
            told.append(one)
        tell_both(("subscription.notice_given", one.order or one, {"number": one.announced_number}) for one in told)
    return len(told)


def end_notices() -> int:
    """Let subscriptions whose notice has passed go over to the version announced; returns how many."""
    now = market_time()
    with transaction.atomic(), as_system(REASON):
        found = list(_locked(Subscription.objects.running(now).filter(notice_ends_at__lte=now)))
        for one in found:
            one.version_number, one.announced_number, one.notice_ends_at = one.announced_number, None, None
            one.save(update_fields=["version_number", "announced_number", "notice_ends_at"])
        tell_both(("subscription.moved", one.order or one, {"number": one.version_number}) for one in found)
    return len(found)


def _locked(rows: Any) -> Any:
    rows = rows.select_related("listing", "order").order_by("pk")
    return rows.select_for_update(of=("self",), skip_locked=True)[:BATCH]


def _says_the_same(listing_id: int, old: int, new: int) -> bool:
    versions = ListingVersion.objects.filter(listing_id=listing_id, number__in=(old, new))
    texts = [{**content(version), "number": 0} for version in versions.select_related("listing", "category")]
    return len(texts) == 2 and texts[0] == texts[1]
