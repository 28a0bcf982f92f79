"""What every template may show about the market itself."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from marketplace.catalog.keeping import Kept, shelves
from marketplace.notifications.services import unread_count
from marketplace.organizations.models import Membership
from marketplace.subscriptions.models import MarketParams
from marketplace.tenancy.scope import scope

# A query of every page, about what changes by a vote. What an order costs is read anew by its service.
market_now = Kept(MarketParams.objects.current)


def market(request: HttpRequest) -> dict[str, Any]:
    """The parameters that the DAO has set, read only if a template asks, and where live facts come from."""
    return {
        "market": SimpleLazyObject(market_now),
        "categories": SimpleLazyObject(shelves),
        "unread": SimpleLazyObject(lambda: _unread(request)),
        "memberships": SimpleLazyObject(lambda: _memberships(request)),
        "live_ws_url": settings.LIVE_WS_URL,
        "chain_id": settings.CHAIN_ID,
        "debug": settings.DEBUG,
    }


def _memberships(request: HttpRequest) -> list[Membership]:
    """The organizations that the signed-in person may act for."""
    if not request.user.is_authenticated:
        return []
    with transaction.atomic(savepoint=False), scope(user_id=request.user.pk):
        return list(Membership.objects.of(request.user.pk))


def _unread(request: HttpRequest) -> int:
    """How many notices the signed-in person has not opened."""
    if not request.user.is_authenticated:
        return 0
    return unread_count(request.user.pk, moderates=request.user.is_moderator)
