"""Orders, the subscriptions on them, and what an organization lets its people spend."""

from marketplace.subscriptions.models.orders import MarketParams, Order, Subscription
from marketplace.subscriptions.models.spending import SpendingLimit, SpendingRequest

__all__ = ["MarketParams", "Order", "SpendingLimit", "SpendingRequest", "Subscription"]
