"""Orders, the subscriptions on them, and what an organization lets its people spend."""

from marketplace.subscriptions.models.orders import MarketParams, Order
from marketplace.subscriptions.models.rights import CallCount, Subscription
from marketplace.subscriptions.models.spending import SpendingLimit, SpendingRequest

__all__ = ["CallCount", "MarketParams", "Order", "SpendingLimit", "SpendingRequest", "Subscription"]
