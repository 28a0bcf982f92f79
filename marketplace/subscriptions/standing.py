"""What subscriptions add to a tool's page: whether the reader's organization has one."""

from typing import Any

from django.db import transaction

from marketplace.catalog.models import Listing
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Subscription
from marketplace.tenancy.scope import as_system


def part(listing: Listing, user_id: int | None) -> dict[str, Any]:
    """Under the name `yours`, the subscription that ends last of those organizations the reader belongs to."""
    if user_id is None:
        return {"yours": None}
    now = market_time()
    with transaction.atomic(savepoint=False), as_system("the reader may belong to several organizations"):
        running = Subscription.objects.running(now).filter(listing=listing, buyer__memberships__user_id=user_id)
        return {"yours": running.select_related("buyer").order_by("-ends_at").first()}
