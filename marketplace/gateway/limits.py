"""How many calls a key may make in a month: one statement counts and refuses, so no two calls share the last one."""

from datetime import date, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import formats
from django.utils.translation import gettext as _

from marketplace.audit import services as audit
from marketplace.gateway.models import ApiKey, KeyMonth
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor

WARN_AT: Final = (50, 80, 100)  # percent of a month's calls
COUNT = """
INSERT INTO gateway_keymonth AS counted (org_id, api_key_id, month, calls) VALUES (%(org)s, %(key)s, %(month)s, 1)
ON CONFLICT (api_key_id, month) DO UPDATE SET calls = counted.calls + 1
WHERE %(limit)s::int IS NULL OR counted.calls < %(limit)s::int
RETURNING calls
"""


class LimitReached(Refused):
    """The key has made its calls of this month."""


def this_month() -> date:
    """The first day of the current month, by the market's clock."""
    return market_time().date().replace(day=1)


def count_call(key: ApiKey) -> None:
    """Count one call of a key, in the scope of its organization; raises LimitReached, and then counts nothing.

    The count is the caller's transaction's: a call that is refused for another reason afterwards gives it back.
    """
    month, limit = this_month(), key.monthly_calls
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"org": key.org_id, "key": key.pk, "month": month, "limit": limit})
        row = cursor.fetchone()
    if row is None:
        following = (month + timedelta(days=32)).replace(day=1)
        raise LimitReached(
            _(
                "This key has reached its limit of calls for %(month)s: %(limit)s. It works again on %(day)s, "
                "or when an owner or administrator raises its limit."
            )
            % {
                "limit": formats.number_format(limit or 0, force_grouping=True),
                "month": formats.date_format(month, "F"),
                "day": formats.date_format(following, "MONTH_DAY_FORMAT"),
            }
        )
    for percent in WARN_AT:
        if limit and row[0] == -(-limit * percent // 100):
            facts = {"percent": percent, "month": f"{month:%Y-%m}", "calls": row[0], "limit": limit}
            audit.record(Actor(org_id=key.org_id, role="key"), "key.warned", key, **facts)


def limit_key(actor: Actor, *, key_id: int, monthly_calls: int | None) -> ApiKey:
    """Set how many calls a key may make in a month; None for as many as it likes."""
    with transaction.atomic():
        key = ApiKey.objects.for_org(org_of(actor)).valid().select_for_update().filter(pk=key_id).first()
        if key is None:
            raise Refused(_("Your organization has no such key, or it was revoked."))
        key.monthly_calls = monthly_calls
        key.save(update_fields=["monthly_calls"])
        audit.record(actor, "key.limited", key, monthly_calls=monthly_calls)
    return key


def with_calls(keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """The keys, each with its `calls` since the month began."""
    counted = KeyMonth.objects.filter(api_key=OuterRef("pk"), month=this_month()).values("calls")
    return keys.annotate(calls=Coalesce(Subquery(counted), 0))
