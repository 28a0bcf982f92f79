"""Who is told of the end of paid time, and of a change of plan."""

from typing import Final

from marketplace.notifications.models import Kind
from marketplace.notifications.rule import Rule
from marketplace.organizations.access import MAY_PAY, MAY_USE

DETAIL: Final = "subscriptions:detail org order"
MONEY_PAGE: Final = "escrow:money org order"

LIVES: Final[dict[str, tuple[Rule, ...]]] = {
    "subscription.in_grace": (
        Rule(Kind.ORDERS, "The paid time of {listing} is over. Some calls still pass until {until}; order it again.",
             MAY_USE, DETAIL, "buyer"),
    ),
    "subscription.replaced": (
        Rule(Kind.MONEY, "Your new plan of {listing} runs. The old one still runs and costs: stop it to get the rest.",
             MAY_PAY, MONEY_PAGE, "buyer"),
    ),
}  # fmt: skip
