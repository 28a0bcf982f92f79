"""Orders, the subscriptions on them, the terms a vote has set, and what an organization lets its people spend."""

from marketplace.subscriptions.models.market import MarketParams, OfContract, Pause, Told
from marketplace.subscriptions.models.meters import Meter
from marketplace.subscriptions.models.orders import Order
from marketplace.subscriptions.models.rights import CallCount, Subscription
from marketplace.subscriptions.models.spending import Addition, SpendingLimit, SpendingRequest

__all__ = [
    "Addition",
    "CallCount",
    "MarketParams",
    "Meter",
    "OfContract",
    "Order",
    "Pause",
    "SpendingLimit",
    "SpendingRequest",
    "Subscription",
    "Told",
]
