"""What a wallet may pay into the escrow: an order, of periods or calls, or more of one that runs. One description."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain import abi
from chain.models import Contract
from marketplace.catalog.models import Currency, Plan
from marketplace.escrow import terms
from marketplace.escrow.models import CallDeposit, Channel, Escrow, Payment
from marketplace.lifecycle import Refused
from marketplace.subscriptions import asking, changing
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import MarketParams, Order
from marketplace.subscriptions.services import LONGEST
from marketplace.subscriptions.spending import Budget
from marketplace.subscriptions.words import number
from marketplace.tenancy.actor import Actor

OVER = gettext_lazy("The time to pay this order is over. Nothing was taken; place the order again to pay it.")
TIME_TO_SIGN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class More:
    """A wish for so many periods, or calls, more; signatures for it are worth nothing after `until`."""

    periods: int
    until: datetime

    @classmethod
    def asked(cls, periods: object, until: object = None, *, most: int = LONGEST) -> "More":
        """From what a page or a wallet's talk says: numbers as text; raises Refused for what is no such wish."""
        now = market_time().replace(microsecond=0)
        ends = now + TIME_TO_SIGN
        if until is not None:
            if not str(until).isdecimal() or len(str(until)) > 11:  # twelve digits may be a year beyond 9999
                raise Refused(_("This request could not be read. Reload the page and try again."))
            ends = datetime.fromtimestamp(int(str(until)), UTC)
        if not now < ends <= now + TIME_TO_SIGN:
            raise Refused(_("That took too long, so what was signed is worth nothing. Please start again."))
        if not str(periods).isdecimal() or not 1 <= int(str(periods)[:12]) <= most:
            if most != LONGEST:
                raise Refused(_("Put in enough for one call, and for at most %(most)s.") % {"most": number(most)})
            raise Refused(_("Choose between 1 and %(LONGEST)s periods.") % {"LONGEST": LONGEST})
        return cls(int(str(periods)), ends)


@dataclass(frozen=True, slots=True)
class Bill:
    """An amount in base units, the contract that takes it, and the calls that pay it.

    `renews` and `periods` are for more periods of a deposit, `tops_up` and `periods` for more calls; `until` is when
    its signatures become worthless.
    """

    order: Order
    contract: str
    chain: str
    amount: int
    until: datetime
    renews: Escrow | None = None
    tops_up: CallDeposit | None = None
    periods: int = 0
    budgets: list[Budget] = field(default_factory=list)

    @property
    def currency(self) -> Currency:
        return self.order.currency

    @property
    def payments(self) -> QuerySet[Payment]:
        """The ways of paying this very bill that were begun."""
        found = Payment.objects.filter(order=self.order, renews=self.renews, tops_up=self.tops_up)
        return found.filter(before=self.before) if self.adds else found

    @property
    def adds(self) -> bool:
        """Whether it adds to a deposit that is there."""
        return bool(self.renews or self.tops_up)

    @property
    def before(self) -> int:
        """The periods or calls that the deposit holds before."""
        if self.tops_up:
            return int(self.tops_up.channel.deposit // self.order.price)
        return self.renews.periods if self.renews else 0

    @property
    def only_by(self) -> str:
        """The one wallet from which the contract takes it; an empty text when any may pay."""
        if self.tops_up:
            return self.tops_up.channel.payer_address
        return self.renews.buyer_address if self.renews else ""

    @property
    def takes_authorization(self) -> bool:
        """Whether one signature pays it: not more calls, which the contract takes from the wallet itself only."""
        return self.currency.takes_authorization and not self.tops_up

    @property
    def takes_permit(self) -> bool:
        """Whether a signature can stand for the allowance."""
        return self.currency.takes_permit and not self.tops_up

    def drafted(self, address: str) -> Payment:
        """A row for a wallet that is about to pay; not saved."""
        renewal: dict[str, Any] = {"renews": self.renews, "tops_up": self.tops_up}
        renewal |= {"before": self.before, "periods": self.periods} if self.adds else {}
        escrow_id = self._known or self._id(address)
        both = {"buyer_id": self.order.buyer_id, "provider_id": self.order.provider_id}
        return Payment(
            order=self.order, address=address, contract=self.contract, escrow_id=escrow_id, **both, **renewal
        )

    def key(self, address: str) -> str:
        """The outbox key of a relayed payment; a further one after each that failed."""
        failed = self.payments.filter(address=address, relayed__isnull=False).exclude(given_up="").count()
        what = f"renew:{self.order.public_id}:{self.renews.periods}" if self.renews else f"fund:{self.order.public_id}"
        return f"{what}:{address}" + (f":{failed + 1}" if failed else "")

    def authorization(self, address: str) -> dict[str, Any]:
        """The ERC-3009 message for the wallet: good for this bill and nothing else, once."""
        nonce = self._id(address)
        return terms.authorization(
            self.currency, buyer=address, contract=self.contract, amount=self.amount, until=self._until, nonce=nonce
        )

    def authorized(self, address: str, signature: str) -> bytes:
        """The call with which anybody may hand in the signed authorization."""
        words = (0, self._until, bytes.fromhex(signature.removeprefix("0x")))
        if self.renews:
            return abi.encode_call("MarketEscrow", "renewWithAuthorization", *self._args, *words)
        return abi.encode_call("MarketEscrow", f"{self._function}WithAuthorization", address, *self._args, *words)

    def permit(self, address: str, nonce: int) -> dict[str, Any]:
        """The ERC-2612 message for exactly this amount."""
        return terms.permit(
            self.currency, buyer=address, contract=self.contract, amount=self.amount, until=self._until, nonce=nonce
        )

    def permitted(self, signature: str) -> dict[str, str]:
        """The wallet's transaction with its permit; raises ValueError for a signature of another form."""
        words = (self._until, *terms.split_signature(signature))
        return terms.call(self.contract, self.chain, f"{self._function}WithPermit", *self._args, *words)

    def plain(self) -> dict[str, str]:
        """The wallet's transaction when the escrow may take the amount already."""
        return terms.call(self.contract, self.chain, self._function, *self._args)

    @property
    def _function(self) -> str:
        if self.order.is_per_call:
            return "topUp" if self.tops_up else "openChannel"
        return "renew" if self.renews else "fund"

    @property
    def _known(self) -> str:
        """The contract's id of the deposit that this adds to."""
        if self.tops_up:
            return self.tops_up.channel.channel_id
        return self.renews.escrow_id if self.renews else ""

    @property
    def _args(self) -> tuple[Any, ...]:
        if self.tops_up:
            return (self._known, self.amount)
        if self.order.is_per_call:
            return (terms.channel_terms(self.order),)
        return (self.renews.escrow_id, self.periods) if self.renews else (terms.terms(self.order),)

    @property
    def _until(self) -> int:
        return int(self.until.timestamp())

    def _id(self, address: str) -> str:
        if self.renews:
            return terms.renewal_id(self.renews, self.periods)
        if self.order.is_per_call:
            return terms.channel_id(self.order, payer=address, contract=self.contract)
        return terms.escrow_id(self.order, buyer=address, contract=self.contract)


def bill_of(actor: Actor, *, order: Order, more: More | None = None) -> Bill:
    """What the actor's organization may pay for an order now, the order locked; raises Refused with the reason."""
    found = Order.objects.bought_by(actor.org_id or 0).select_related("currency", "listing", "provider", "plan")
    order = found.select_for_update(of=("self",)).get(pk=order.pk)
    if more:
        return _top_up(actor, order, more) if order.is_per_call else _renewal(actor, order, more)
    if order.state == Order.State.PLACED and order.expires_at > market_time():
        contract = escrow_of(order)
        return Bill(order, contract.address, contract.chain, order.amount, order.expires_at)
    if order.state in (Order.State.PLACED, Order.State.EXPIRED):
        raise Refused(OVER)
    raise Refused(_("This order is paid already. You do not have to do anything."))


def escrow_of(order: Order) -> Contract:
    """The contract that holds deposits in the order's currency today."""
    try:
        return Contract.objects.named("MarketEscrow", order.currency.chain)
    except Contract.DoesNotExist:
        raise Refused(_("This market has no escrow yet.")) from None


def renewable(order: Order) -> Escrow:
    """The deposit to which periods can be added; raises Refused with what stands in the way."""
    held = Escrow.objects.filter(order=order, is_late=False, state=Escrow.State.HELD)
    escrow = held.select_related("currency", "order__plan").order_by("pk").first()
    if escrow is None:
        raise Refused(_("There is no running payment to add to. Order again to see today's terms."))
    if escrow.ends_at <= market_time():
        raise Refused(_("The time that was paid for is over. Order again to see today's terms."))
    if changing.replaced_by(order):
        raise Refused(_("Another plan runs in the place of this one. Pay for that one longer, and stop this one."))
    if (params := MarketParams.objects.current()) and params.is_paused:
        raise Refused(_("The market takes no new payments at the moment. Nothing was taken; running orders go on."))
    same = {"price": order.price, "currency": order.currency_id, "period_seconds": order.period_seconds}
    if not Plan.objects.on_sale().filter(listing=order.listing_id, **same).exists():
        raise Refused(_("This plan is no longer sold at your price. What you have paid for goes on as it is."))
    return escrow


def calls_addable(order: Order) -> CallDeposit:
    """The deposit to which calls can be added; raises Refused with what stands in the way."""
    held = CallDeposit.objects.filter(order=order, is_late=False, channel__state=Channel.State.OPEN)
    deposit = held.select_related("channel__currency").order_by("pk").first()
    if deposit is None:
        raise Refused(_("There is no open deposit to put more into. Order again to see today's terms."))
    if (params := MarketParams.objects.current()) and params.is_paused:
        raise Refused(_("The market takes no new payments at the moment. Nothing was taken; running orders go on."))
    return deposit


def _top_up(actor: Actor, order: Order, more: More) -> Bill:
    deposit = calls_addable(order)
    amount = int(order.price) * more.periods
    budgets = asking.check_more(actor, order=order, count=more.periods)
    here = deposit.channel
    return Bill(
        order, here.contract, here.chain, amount, more.until, tops_up=deposit, periods=more.periods, budgets=budgets
    )


def _renewal(actor: Actor, order: Order, more: More) -> Bill:
    escrow = renewable(order)
    amount = int(escrow.price) * more.periods
    budgets = asking.check_more(actor, order=order, count=more.periods)
    return Bill(order, escrow.contract, escrow.chain, amount, more.until, escrow, periods=more.periods, budgets=budgets)
