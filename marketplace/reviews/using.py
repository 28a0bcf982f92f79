"""For how long a reviewer has used what it reviews, kept on the review: the public does not see anybody's orders."""

from django.db import connection, transaction

from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.scope import as_system

# Subscriptions that overlap count once where they make more than the time since the first.
KEEP = """
UPDATE reviews_review r SET used_months = u.months FROM (
    SELECT w.id, floor(extract(epoch FROM least(
        sum(least(s.ends_at, %(now)s) - s.starts_at), %(now)s - min(s.starts_at))) / 2592000)::int AS months
    FROM reviews_review w JOIN subscriptions_subscription s ON s.buyer_id = w.org_id AND s.listing_id = w.listing_id
    WHERE s.starts_at < %(now)s AND (%(review)s::bigint IS NULL OR w.id = %(review)s)
    GROUP BY w.id) u
WHERE u.id = r.id AND r.used_months <> u.months
"""


def keep_months(review_id: int | None = None) -> int:
    """Write the whole months of use on one review, or on all; returns how many changed."""
    with transaction.atomic(), as_system("subscriptions of every reviewer"), connection.cursor() as cursor:
        cursor.execute(KEEP, {"now": market_time(), "review": review_id})
        return int(cursor.rowcount)
