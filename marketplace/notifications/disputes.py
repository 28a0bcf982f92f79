"""Who is told of what happens in a dispute, from its opening to an appeal to the DAO."""

from typing import Final

from marketplace.notifications.models import Kind
from marketplace.notifications.rule import MODERATORS, Rule
from marketplace.organizations.access import MAY_PAY, MAY_SELL, MAY_USE, Role

DISPUTE: Final = "disputes:detail org dispute"
DISPUTE_CASE: Final = "disputes:case dispute"

DISPUTES: Final[dict[str, tuple[Rule, ...]]] = {
    "dispute.opened": (
        Rule(Kind.MONEY, "Your dispute about {listing} is open. What its deposit still holds is frozen until it ends.",
             MAY_PAY, DISPUTE, "buyer", also_actor=True),
        Rule(Kind.MONEY, "{other} disputes {listing}: {amount} wait for a decision. Read why, and answer.",
             (*MAY_SELL, Role.BILLING), DISPUTE, "provider"),
        Rule(Kind.MODERATION, "{org} and {other} are in dispute about {listing}.", MODERATORS, DISPUTE_CASE,
             "provider"),
    ),
    "dispute.answer_received": (
        Rule(Kind.MONEY, "{other} has answered your dispute about {listing}.", MAY_USE, DISPUTE, "buyer"),
    ),
    "dispute.evidence_received": (
        Rule(Kind.MONEY, "{other} has added something to the dispute about {listing}.", MAY_USE, DISPUTE),
    ),
    "ruling.proposed": (
        Rule(Kind.MODERATION, "A ruling about {listing} is proposed. A second moderator has to confirm it.",
             MODERATORS, DISPUTE_CASE),
    ),
    "ruling.awaits_wallet": (
        Rule(Kind.MODERATION, "A ruling about {listing} is decided. An arbiter's wallet has to send it.", MODERATORS,
             DISPUTE_CASE),
    ),
    "ruling.failed": (
        Rule(Kind.MODERATION, "A ruling about {listing} was not carried out. Its case says why.", MODERATORS,
             DISPUTE_CASE),
    ),
    "appeal.filed": (
        Rule(Kind.MONEY, "{who} appealed to the DAO against the ruling about {listing}.", MAY_PAY, DISPUTE),
    ),
    "appeal.received": (
        Rule(Kind.MONEY, "{other} appeals to the DAO against the ruling about {listing}.", MAY_USE, DISPUTE),
    ),
    "appeal.proposed": (
        Rule(Kind.MONEY, "The appeal against the ruling about {listing} is proposed to the DAO.", MAY_USE, DISPUTE),
    ),
    "appeal.accepted": (
        Rule(Kind.MONEY, "The DAO has carried out the appeal against the ruling about {listing}.", MAY_USE, DISPUTE),
    ),
    "appeal.rejected": (
        Rule(Kind.MONEY, "The DAO did not accept the appeal against the ruling about {listing}.", MAY_USE, DISPUTE),
    ),
    "appeal.lapsed": (
        Rule(Kind.MONEY, "The appeal against the ruling about {listing} was never proposed to the DAO.", MAY_USE,
             DISPUTE),
    ),
}  # fmt: skip
