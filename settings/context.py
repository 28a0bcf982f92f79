"""What every template may show about the market itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from marketplace.escrow.models import MarketParams


def market(request: HttpRequest) -> dict[str, Any]:
    """The parameters that the DAO has set, read only if a template asks, and where live facts come from."""
    return {
        "market": SimpleLazyObject(MarketParams.objects.current),
        "live_ws_url": settings.LIVE_WS_URL,
        "chain_id": settings.CHAIN_ID,
        "debug": settings.DEBUG,
    }
