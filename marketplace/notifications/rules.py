"""Who is told of what: for each verb of the audit entries, the sentences, to whom, and where they lead.

A sentence names {other} (the other side of an order), {listing}, {org}, {who} (a member who acted) and figures such
as {amount}; they are filled in when it is shown. An order's entry stands in both sides' chains: `side` picks one.
"""

from typing import Final

from marketplace.notifications.calls import CALLS
from marketplace.notifications.disputes import DISPUTES
from marketplace.notifications.lives import LIVES
from marketplace.notifications.models import Kind
from marketplace.notifications.rule import MODERATORS, Rule
from marketplace.organizations.access import MAY_AGREE, MAY_HOLD_KEYS, MAY_MANAGE, MAY_PAY, MAY_SELL, MAY_USE, Role

ACTOR: Final = ("actor",)
NAMED: Final = ("named",)  # the person whose id stands in the facts as `user_id`
OWNERS: Final = (Role.OWNER,)


DETAIL: Final = "subscriptions:detail org order"
MONEY_PAGE: Final = "escrow:money org order"
PAYOUTS: Final = "escrow:payouts org"
STATEMENTS: Final = "escrow:statements org"
SETTINGS: Final = "organizations:settings org"
MEMBERS: Final = "organizations:members org"
KEYS: Final = "gateway:keys org"
LISTING: Final = "catalog:preview org listing"
DECIDED: Final = "reports:decided org listing"
SHOWN: Final = "catalog:listing listing"
BROWSE: Final = "catalog:browse"
SALES: Final = "subscriptions:sales org"
QUEUE: Final = "moderation:queue"
MINE: Final = "organizations:mine"
VERIFICATION: Final = "organizations:verification org"
SPENDING: Final = "subscriptions:spending org"
ASKED: Final = "subscriptions:asked org request"
VOTES: Final = "organizations:votes org"
VOTE: Final = "organizations:vote org request"
DATA: Final = "privacy:organization org"
REVIEWS: Final = "reviews:overview org"
REVIEW: Final = "reviews:write org listing"
NEW_REVIEWS: Final = "reviews:console"
MY_DATA: Final = "privacy:person"
WALLETS: Final = "accounts:wallets"
DISPUTE_LIST: Final = "disputes:list org"

RULES: Final[dict[str, tuple[Rule, ...]]] = {
    **CALLS,
    **LIVES,
    "order.placed": (
        Rule(Kind.ORDERS, "{who} ordered {listing} from {other}. It waits for payment.", MAY_PAY, DETAIL, "buyer"),
        Rule(Kind.ORDERS, "{other} ordered {listing}. It waits for their payment.", MAY_SELL, SALES, "provider"),
    ),
    "order.funded": (
        Rule(Kind.MONEY, "{amount} for {listing} is in escrow. You can use it now.", MAY_PAY, DETAIL, "buyer"),
        Rule(Kind.ORDERS, "{other} paid {amount} into escrow for {listing}.", (*MAY_SELL, Role.BILLING), SALES,
             "provider"),
    ),
    "order.paid_late": (
        Rule(Kind.MONEY, "{amount} for {listing} came after the order had expired. You can take it back.", MAY_PAY,
             MONEY_PAGE, "buyer", also_actor=True),
    ),
    "order.expired": (
        Rule(Kind.ORDERS, "Your order of {listing} was not paid in time and has expired.", MAY_PAY, DETAIL, "buyer"),
    ),
    "escrow.released": (
        Rule(Kind.EARNINGS, "{net} for {listing} was paid out to you by {other}'s escrow.", MAY_PAY, PAYOUTS,
             "provider"),
    ),
    "statement.issued": (
        Rule(Kind.MONEY, "The statement of the last month is ready.", MAY_PAY, STATEMENTS),
    ),
    "escrow.cancelled": (
        Rule(Kind.MONEY, "{listing} was stopped. {refund} went back to your wallet's credit.", MAY_PAY, MONEY_PAGE,
             "buyer", also_actor=True),
        Rule(Kind.MONEY, "{other}'s subscription to {listing} was stopped. You keep {net} of what was left.",
             (*MAY_SELL, Role.BILLING), SALES, "provider", also_actor=True),
    ),
    "escrow.renewed": (
        Rule(Kind.MONEY, "{amount} more for {listing} is in escrow. It runs longer now.", MAY_PAY, DETAIL, "buyer"),
        Rule(Kind.ORDERS, "{other} paid {amount} more into escrow for {listing}.", (*MAY_SELL, Role.BILLING), SALES,
             "provider"),
    ),
    "escrow.refunded": (
        Rule(Kind.MONEY, "{other} gave back {refund} of what {listing} cost. It is in your wallet's credit.", MAY_PAY,
             MONEY_PAGE, "buyer"),
    ),
    **DISPUTES,
    "escrow.resolved": (
        Rule(Kind.MONEY, "The dispute about {listing} has ended. {refund} went back to your wallet's credit.", MAY_PAY,
             DISPUTE_LIST, "buyer", also_actor=True),
        Rule(Kind.MONEY, "The dispute with {other} about {listing} has ended. {net} of it is yours.",
             (*MAY_SELL, Role.BILLING), DISPUTE_LIST, "provider", also_actor=True),
    ),
    "escrow.closed": (
        Rule(Kind.ORDERS, "All of {other}'s payment for {listing} has been paid out. The order is complete.", MAY_PAY,
             PAYOUTS, "provider"),
    ),
    "subscription.ending": (
        Rule(Kind.ORDERS, "Your subscription to {listing} ends soon. Pay for longer to keep using it.", MAY_USE,
             DETAIL, "buyer"),
    ),
    "subscription.ended": (
        Rule(Kind.ORDERS, "Your subscription to {listing} has ended.", MAY_PAY, DETAIL, "buyer"),
    ),
    "subscription.calls_warned": (
        Rule(Kind.ORDERS, "{percent} % of the calls that your plan of {listing} includes are used.", MAY_USE, DETAIL,
             "buyer"),
    ),
    "subscription.notice_given": (
        Rule(Kind.ORDERS, "{listing} has a new version. Yours goes over to it in 30 days; its page says what changes.",
             MAY_USE, DETAIL, "buyer"),
    ),
    "subscription.moved": (
        Rule(Kind.ORDERS, "Your subscription to {listing} now runs on its latest version.", MAY_USE, DETAIL, "buyer"),
    ),
    "subscription.started": (
        Rule(Kind.ORDERS, "{other} uses your free plan of {listing}.", MAY_SELL, SALES, "provider"),
    ),
    "trial.started": (Rule(Kind.ORDERS, "{other} tries {listing}.", MAY_SELL, SALES, "provider"),),
    "listing.submitted": (
        Rule(Kind.MODERATION, "{org} submitted a listing. It waits for a moderator.", MODERATORS, QUEUE),
    ),
    "listing.published": (Rule(Kind.SELLING, "{listing} was approved and is in the shop.", MAY_SELL, LISTING),),
    "listing.changes_requested": (
        Rule(Kind.SELLING, "A moderator sent {listing} back with changes to make.", MAY_SELL, LISTING),
    ),
    "listing.rejected": (Rule(Kind.SELLING, "A moderator did not accept {listing}.", MAY_SELL, LISTING),),
    "listing.down": (
        Rule(Kind.SELLING, "The service of {listing} left three probes in a row unanswered.", MAY_SELL, LISTING),
    ),
    "listing.stays_down": (
        Rule(Kind.SELLING, "The service of {listing} has been down for a day, and left the first page.", MAY_SELL,
             LISTING),
    ),
    "listing.up": (Rule(Kind.SELLING, "The service of {listing} answers again.", MAY_SELL, LISTING),),
    "listing.retired": (Rule(Kind.SELLING, "{who} took {listing} off the shop.", MAY_SELL, LISTING),),
    "listing.reported": (
        Rule(Kind.MODERATION, "{listing} was reported. It waits for a moderator.", MODERATORS, QUEUE),
    ),
    "listing.change_asked": (
        Rule(Kind.SELLING, "A moderator asks you to change {listing}, which was reported.", MAY_SELL, DECIDED),
    ),
    "listing.suspended": (
        Rule(Kind.SELLING, "A moderator took {listing} out of the shop. Its page says why; you can appeal.", MAY_SELL,
             DECIDED),
    ),
    "listing.restored": (Rule(Kind.SELLING, "{listing} is back in the shop.", MAY_SELL, DECIDED),),
    "listing.suspension_upheld": (
        Rule(Kind.SELLING, "Another look at {listing} did not change the decision. Its page says why.", MAY_SELL,
             DECIDED),
    ),
    "listing.appealed": (
        Rule(Kind.MODERATION, "{org} appeals against the suspension of {listing}.", MODERATORS, QUEUE),
        Rule(Kind.SELLING, "{who} appealed against the suspension of {listing}.", MAY_SELL, DECIDED),
    ),
    "report.dismissed": (
        Rule(Kind.REPORTS, "You reported {listing}. A moderator found nothing that breaks the rules.", NAMED, SHOWN),
    ),
    "report.change_asked": (
        Rule(Kind.REPORTS, "You reported {listing}. A moderator asked its provider for a change.", NAMED, SHOWN),
    ),
    "report.suspended": (
        Rule(Kind.REPORTS, "You reported {listing}. A moderator took it out of the shop.", NAMED, BROWSE),
    ),
    "report.restored": (
        Rule(Kind.REPORTS, "{listing}, which you reported, is back in the shop after its provider's appeal.", NAMED,
             SHOWN),
    ),
    "organization.verification_requested": (
        Rule(Kind.MODERATION, "{org} asks to be verified. It waits for a moderator.", MODERATORS, QUEUE),
    ),
    "organization.verified": (Rule(Kind.SELLING, "{org} is verified. You may sell.", MAY_MANAGE, SETTINGS),),
    "organization.changes": (
        Rule(Kind.SELLING, "A moderator has a question about the verification of {org}.", MAY_MANAGE, SETTINGS),
    ),
    "organization.refused": (Rule(Kind.SELLING, "{org} was not accepted as a seller.", MAY_MANAGE, SETTINGS),),
    "organization.payout_wallet_set": (
        Rule(Kind.SECURITY, "{who} changed the wallet that {org} is paid to.", OWNERS, SETTINGS, also_actor=True),
    ),
    "wallet.linked": (Rule(Kind.SECURITY, "A wallet was linked to your account.", ACTOR, WALLETS),),
    "wallet.unlinked": (Rule(Kind.SECURITY, "A wallet was unlinked from your account.", ACTOR, WALLETS),),
    "key.created": (
        Rule(Kind.SECURITY, "{who} made a new key for {org}.", MAY_HOLD_KEYS, KEYS, also_actor=True),
    ),
    "key.revoked": (Rule(Kind.SECURITY, "{who} revoked a key of {org}.", MAY_HOLD_KEYS, KEYS, also_actor=True),),
    "member.joined": (
        Rule(Kind.PEOPLE, "{user} joined {org}.", MAY_MANAGE, MEMBERS),
    ),
    "member.left": (Rule(Kind.PEOPLE, "{user} left {org}.", MAY_MANAGE, MEMBERS),),
    "member.removed": (
        Rule(Kind.PEOPLE, "{who} took {user} out of {org}.", MAY_MANAGE, MEMBERS),
        Rule(Kind.SECURITY, "You do not belong to {org} any more.", NAMED, MINE),
    ),
    "member.role_changed": (
        Rule(Kind.SECURITY, "Your role at {org} was changed.", NAMED, MEMBERS),
        Rule(Kind.PEOPLE, "{who} changed the role of {user} at {org}.", MAY_MANAGE, MEMBERS),
    ),
    "organization.transferred": (
        Rule(Kind.SECURITY, "{who} handed {org} over to another owner.", MAY_MANAGE, MEMBERS, also_actor=True),
    ),
    "domain.found": (
        Rule(Kind.SELLING, "The record at the domain of {org} was found.", MAY_MANAGE, VERIFICATION),
    ),
    "domain.missing": (
        Rule(Kind.SELLING, "The record at the domain of {org} was not found in time.", MAY_MANAGE, VERIFICATION),
    ),
    "budget.warned": (
        Rule(Kind.MONEY, "{percent} % of a budget of {org} are spent this month.", OWNERS, SPENDING, also_actor=True),
        Rule(Kind.MONEY, "{percent} % of your budget at {org} are spent this month.", NAMED, SPENDING),
    ),
    "key.warned": (
        Rule(Kind.MONEY, "A key of {org} has made {percent} % of the calls that it may make this month.", MAY_HOLD_KEYS,
             KEYS),
    ),
    "spending.asked": (
        Rule(Kind.ORDERS, "{who} asks you to approve an order of {listing} for {amount}.", OWNERS, ASKED),
    ),
    "spending.approved": (
        Rule(Kind.ORDERS, "Your order of {listing} for {amount} is approved. Go on to the payment.", NAMED, ASKED),
    ),
    "spending.declined": (
        Rule(Kind.ORDERS, "Your order of {listing} for {amount} was declined. Its page says why.", NAMED, ASKED),
    ),
    "vote.wallet_guarded": (
        Rule(Kind.SECURITY, "From now on votes of a wallet of {org} need a second person's yes.", MAY_AGREE, VOTES,
             also_actor=True),
    ),
    "vote.wallet_released": (
        Rule(Kind.SECURITY, "{who} took off that votes of a wallet of {org} need a second person's yes.", MAY_AGREE,
             VOTES, also_actor=True),
    ),
    "vote.asked": (
        Rule(Kind.SPENDING, "{who} asks you to agree to a vote of {org}'s wallet.", MAY_AGREE, VOTE),
    ),
    "vote.approved": (
        Rule(Kind.SPENDING, "{who} agrees to the vote that you asked about. Go on and vote.", NAMED, VOTE),
    ),
    "vote.declined": (
        Rule(Kind.SPENDING, "{who} does not agree to the vote that you asked about. Its page says why.", NAMED, VOTE),
    ),
    "export.ready": (
        Rule(Kind.DATA, "The export of everything that {org} has here is ready. It is kept for a week.", MAY_MANAGE,
             DATA),
    ),
    "person.export_ready": (
        Rule(Kind.DATA, "The export of your own data is ready. It is kept for a week.", NAMED, MY_DATA),
    ),
    "export.asked": (
        Rule(Kind.DATA, "{who} asked for an export of everything that {org} has here.", OWNERS, DATA),
    ),
    "review.invited": (
        Rule(Kind.ORDERS, "You have paid for {listing} and used it. Say how it works for you.", MAY_USE, REVIEW),
    ),
    "review.written": (Rule(Kind.MODERATION, "{listing} has a new review.", MODERATORS, NEW_REVIEWS),),
    "review.changed": (Rule(Kind.MODERATION, "A review of {listing} was changed.", MODERATORS, NEW_REVIEWS),),
    "review.received": (
        Rule(Kind.SELLING, "{listing} has a new review. You can answer it, once.", MAY_SELL, REVIEWS),
    ),
    "review.answer_received": (
        Rule(Kind.ORDERS, "The provider of {listing} has answered your review.", MAY_USE, REVIEW),
    ),
    "review.hidden": (
        Rule(Kind.ORDERS, "A moderator hid your review of {listing}. Its page says why.", MAY_USE, REVIEW),
    ),
    "review.shown": (Rule(Kind.ORDERS, "Your review of {listing} is shown again.", MAY_USE, REVIEW),),
    "answer.hidden": (
        Rule(Kind.SELLING, "A moderator hid your answer to a review of {listing}.", MAY_SELL, REVIEWS),
    ),
    "answer.shown": (
        Rule(Kind.SELLING, "Your answer to a review of {listing} is shown again.", MAY_SELL, REVIEWS),
    ),
    "erasure.asked": (
        Rule(Kind.DATA, "{who} asked to have {org} erased. Until it is done, an owner can take it back.", MAY_MANAGE,
             DATA, also_actor=True),
        Rule(Kind.DATA, "You asked to have your account erased. You can still take it back.", ACTOR, MY_DATA),
    ),
    "erasure.withdrawn": (
        Rule(Kind.DATA, "{org} will not be erased: {who} took it back.", MAY_MANAGE, DATA, also_actor=True),
    ),
}  # fmt: skip
