"""Who is told of what happens to a deposit for calls."""

from typing import Final

from marketplace.notifications.models import Kind
from marketplace.notifications.rule import Rule
from marketplace.organizations.access import MAY_PAY, MAY_SELL, MAY_USE, Role

DETAIL: Final = "subscriptions:detail org order"
PAYOUTS: Final = "escrow:payouts org"
SALES: Final = "subscriptions:sales org"

CALLS: Final[dict[str, tuple[Rule, ...]]] = {
    "order.deposit_warned": (
        Rule(Kind.ORDERS, "{percent} % of what was put in for calls of {listing} are used. Put in more to go on.",
             MAY_USE, DETAIL, "buyer"),
    ),
    "deposit.topped_up": (
        Rule(Kind.MONEY, "{amount} more for calls of {listing} is in escrow.", MAY_PAY, DETAIL, "buyer"),
    ),
    "deposit.claimed": (
        Rule(Kind.EARNINGS, "{net} for calls of {listing} was paid out to you by {other}'s escrow.", MAY_PAY, PAYOUTS,
             "provider"),
    ),
    "deposit.stopped": (
        Rule(Kind.MONEY, "Calls of {listing} are stopped. The rest of your deposit comes back by itself.", MAY_PAY,
             DETAIL, "buyer", also_actor=True),
        Rule(Kind.ORDERS, "{other} has stopped paying for calls of {listing}.", (*MAY_SELL, Role.BILLING), SALES,
             "provider"),
    ),
    "deposit.closed": (
        Rule(Kind.MONEY, "Your deposit for calls of {listing} is closed. {refund} is in your wallet's credit.",
             MAY_PAY, DETAIL, "buyer", also_actor=True),
    ),
}  # fmt: skip
