"""Fund an order from a buyer's wallet: what it is asked to sign, and what is done with the answer."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from eth_utils.address import is_address, to_checksum_address

from chain import outbox, signatures
from chain.client import CallRefused, NodeRefused, NodeUnreachable, client
from chain.models import Contract
from marketplace.accounts.speaking import in_words_of
from marketplace.audit import services as audit
from marketplace.escrow.models import Payment
from marketplace.escrow.services.bills import Bill, More, bill_of
from marketplace.escrow.services.following import followed, payment_of
from marketplace.escrow.services.relaying import refuse_exhausted
from marketplace.lifecycle import Refused
from marketplace.subscriptions import asking, spending
from marketplace.subscriptions import services as subscriptions
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.words import money
from marketplace.tenancy.actor import Actor

NO_ANSWER = gettext_lazy("The chain does not answer us at the moment. Nothing was sent; please try again in a minute.")


def checked_address(text: object) -> str:
    """An address in EIP-55 form; raises Refused for anything else."""
    if not isinstance(text, str) or not is_address(text):
        raise Refused(_("That is not the address of a wallet."))
    return to_checksum_address(text)


def ask_authorization(actor: Actor, *, order: Order, address: str, more: More | None = None) -> dict[str, Any]:
    """The ERC-3009 message for a wallet to sign; raises Refused when signing it could not pay the bill."""
    with transaction.atomic():
        bill = bill_of(actor, order=order, more=more)
        if not bill.takes_authorization:
            raise Refused(
                _("%(symbol)s takes no signed payments. Pay with your own transaction instead.")
                % {"symbol": bill.currency.symbol}
            )
        _refuse_second(bill, address)
        refuse_exhausted(bill.chain)
        refuse_hopeless(bill, address)
        return bill.authorization(address)


def hand_in(actor: Actor, *, order: Order, address: str, signature: str, more: More | None = None) -> Payment:
    """Leave the signed payment to be sent by the market. The same one again changes nothing.

    Raises Refused for a signature of another wallet, and once the time to pay is over.
    """
    with transaction.atomic():
        bill = bill_of(actor, order=order, more=more)
        handed_in = bill.payments.filter(given_up="", address=address, relayed__isnull=False)
        if (before := handed_in.select_related("relayed", "renews", "order").first()) and not followed(before).failed:
            return before
        standing = _refuse_second(bill, address)
        if not is_signed(address, bill.authorization(address), signature):
            raise Refused(
                _("This signature is not from the wallet that is to pay. Nothing was sent; please sign again.")
            )
        refuse_exhausted(bill.chain)
        data = bill.authorized(address, signature)
        sent = outbox.submit(key=bill.key(address), to=bill.contract, data=data, chain=bill.chain)
        payment = standing or bill.drafted(address)
        payment.periods, payment.relayed, payment.tx_hash = bill.periods or None, sent, ""
        payment.save()
        audit.record(actor, "order.payment_signed", order, order=str(order.public_id), address=address)
        if bill.adds:
            asking.note_begun(actor, order=bill.order, count=bill.periods, until=bill.until)
        spending.warn(actor, before=bill.budgets, amount=bill.amount)
    return payment


def only_wallet(address: str) -> str:
    """The sentence for a wallet that may not do what another one may."""
    return _("Only the wallet %(wallet)s can do this. Change to it in your wallet.") % {
        "wallet": f"{address[:6]}…{address[-4:]}"
    }


def escrow_address(order: Order) -> str:
    """The address of that contract; an empty text while there is none."""
    found = Contract.objects.filter(chain=order.currency.chain, name="MarketEscrow").order_by("-deployed_block").first()
    return found.address if found else ""


def is_signed(address: str, typed: dict[str, Any], signature: str) -> bool:
    """Whether the wallet signed it; raises Refused when that cannot be found out just now."""
    try:
        return signatures.is_valid(address, typed, signature)
    except (NodeUnreachable, NodeRefused) as problem:
        raise Refused(NO_ANSWER) from problem
    except ValueError:
        return False


def open_wallet_payment(actor: Actor, *, order: Order, address: str, more: More | None = None) -> Payment:
    """Note that a wallet is about to pay with its own transaction: before it can, so that no second is asked for."""
    with transaction.atomic():
        bill = bill_of(actor, order=order, more=more)
        standing = _refuse_second(bill, address)
        if standing and (standing.periods or 0) == bill.periods:
            return standing
        refuse_hopeless(bill, address)
        payment = standing or bill.drafted(address)
        payment.periods = bill.periods or None
        payment.save()
        if bill.adds:
            asking.note_begun(actor, order=bill.order, count=bill.periods, until=bill.until)
    return payment


def note_wallet_payment(actor: Actor, *, order: Order, address: str, tx_hash: str, is_renewal: bool = False) -> None:
    """Keep the hash that the wallet gave for its own payment; the chain alone says whether it paid."""
    with transaction.atomic():
        payments = Payment.objects.for_org(actor.org_id or 0).filter(order=order, address=address)
        payments = payments.filter(before__isnull=not is_renewal).standing().order_by("-pk")
        payment = payments.select_for_update().first()
        if payment is None or payment.relayed_id:
            raise Refused(_("No payment from this wallet was prepared for this order."))
        payment.tx_hash = checked_hash(tx_hash)
        payment.save(update_fields=["tx_hash"])
        audit.record(actor, "order.payment_sent", order, order=str(order.public_id), tx_hash=payment.tx_hash)


def give_up(actor: Actor, *, order: Order, is_renewal: bool = False) -> None:
    """The buyer says that the wallet sent nothing: allow another try. Refused while it is known to be on its way."""
    with transaction.atomic():
        order = Order.objects.bought_by(actor.org_id or 0).select_for_update(of=("self",)).get(pk=order.pk)
        standing = Payment.objects.standing().filter(order=order, before__isnull=not is_renewal)
        payment = standing.select_related("relayed", "renews", "tops_up__channel", "order").order_by("-pk").first()
        if payment is None:
            return
        with in_words_of(None):
            life = followed(payment)
        may_arrive = payment.relayed_id or payment.tx_hash or life.step != "sign"
        if may_arrive and not life.failed:
            raise Refused(_("Your payment is on its way already. Please do not pay again."))
        _no_longer_stands(payment, life.sentence if life.failed else "The wallet sent nothing.")
        if is_renewal:
            asking.note_given_up(order)


def give_up_order(actor: Actor, *, order: Order) -> None:
    """The buyer does not pay this order after all: it ends at once, so that another can be placed in its place.

    Raises Refused while a payment may still arrive, and when it is paid. What a wallet has sent without a word to us
    comes too late then, and its buyer can take it back.
    """
    with transaction.atomic():
        mine = Order.objects.bought_by(actor.org_id or 0).select_related("subscription")
        order = mine.select_for_update(of=("self",)).get(pk=order.pk)
        if order.state == Order.State.EXPIRED:
            return
        if order.state != Order.State.PLACED:
            raise Refused(_("This order is paid. Stop it instead, and what was not used comes back."))
        give_up(actor, order=order)
        subscriptions.take_back(actor, order)


def checked_hash(text: object) -> str:
    """A transaction's hash; raises Refused for anything else."""
    if isinstance(text, str) and len(text) == 66 and text.startswith("0x"):
        try:
            return "0x" + bytes.fromhex(text[2:]).hex()
        except ValueError:
            pass
    raise Refused(_("That is not the hash of a transaction."))


def _refuse_second(bill: Bill, address: str) -> Payment | None:
    """The standing payment if it is this wallet's own and may go on; raises Refused while another may still arrive.

    One that has failed is given up here, with its reason, and no longer stands.
    """
    payment = payment_of(bill.payments)
    if payment is None:
        return None
    with in_words_of(None):
        life = followed(payment)
    if life.failed:
        _no_longer_stands(payment, life.sentence)
        return None
    is_open = not payment.tx_hash and not payment.relayed_id and life.step == "sign"
    if is_open and payment.address == address and payment.contract == bill.contract:
        return payment
    raise Refused(_("A payment for this order is already under way. Reload the page to follow it; do not pay again."))


def _no_longer_stands(payment: Payment, reason: str) -> None:
    payment.given_up = (reason or "It failed.")[:300]
    payment.save(update_fields=["given_up"])


def refuse_hopeless(bill: Bill, address: str) -> None:
    """Raise Refused when the contract would not take the payment: paused, a higher fee by now, or too little money."""
    currency, node = bill.currency, client(bill.chain)
    if bill.only_by and address != bill.only_by:
        raise Refused(only_wallet(bill.only_by))
    try:
        has = node.read("TestDollar", "balanceOf", address, address=currency.address)
        paused = node.read("MarketEscrow", "paused", address=bill.contract)
        fee = node.read("MarketEscrow", "params", address=bill.contract).feeBps
    except (NodeUnreachable, NodeRefused, CallRefused) as problem:
        raise Refused(NO_ANSWER) from problem
    if paused:
        raise Refused(_("The market takes no new payments at the moment. Nothing was taken; running orders go on."))
    if not bill.adds and fee > bill.order.max_fee_bps:
        raise Refused(_("The market's fee has risen since you placed this order. Place it again to see the new terms."))
    if has < bill.amount:
        missing = money(bill.amount - has, currency)
        raise Refused(
            _("This wallet holds %(has)s; the order costs %(costs)s. %(missing)s are missing. Nothing was sent.")
            % {"has": money(has, currency), "costs": money(bill.amount, currency), "missing": missing}
        )
