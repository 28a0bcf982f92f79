"""Fund an order from a buyer's wallet: what it is asked to sign, and what is done with the answer."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from eth_utils.address import is_address, to_checksum_address

from chain import abi, outbox, signatures
from chain.client import CallRefused, NodeRefused, NodeUnreachable, client
from chain.models import Contract
from marketplace.accounts.speaking import in_words_of
from marketplace.audit import services as audit
from marketplace.escrow import terms
from marketplace.escrow.models import Payment
from marketplace.escrow.services.following import followed, payment_of
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.words import money
from marketplace.tenancy.actor import Actor

NO_ANSWER = gettext_lazy("The chain does not answer us at the moment. Nothing was sent; please try again in a minute.")
OVER = gettext_lazy("The time to pay this order is over. Nothing was taken; place the order again to pay it.")


def checked_address(text: object) -> str:
    """An address in EIP-55 form; raises Refused for anything else."""
    if not isinstance(text, str) or not is_address(text):
        raise Refused(_("That is not the address of a wallet."))
    return to_checksum_address(text)


def payable(actor: Actor, *, order: Order) -> Order:
    """The order, locked, if it can still be paid; raises Refused otherwise."""
    found = Order.objects.bought_by(actor.org_id or 0).select_related("currency", "listing", "provider")
    order = found.select_for_update(of=("self",)).get(pk=order.pk)
    if order.state == Order.State.PLACED and order.expires_at > market_time():
        return order
    if order.state in (Order.State.PLACED, Order.State.EXPIRED):
        raise Refused(OVER)
    raise Refused(_("This order is paid already. You do not have to do anything."))


def escrow_of(order: Order) -> Contract:
    """The contract that holds deposits in the order's currency today."""
    try:
        return Contract.objects.named("MarketEscrow", order.currency.chain)
    except Contract.DoesNotExist:
        raise Refused(_("This market has no escrow yet.")) from None


def ask_authorization(actor: Actor, *, order: Order, address: str) -> dict[str, Any]:
    """The ERC-3009 message for a wallet to sign; raises Refused when signing it could not pay the order."""
    with transaction.atomic():
        order = payable(actor, order=order)
        if not order.currency.takes_authorization:
            raise Refused(
                _("%(symbol)s takes no signed payments. Pay with your own transaction instead.")
                % {"symbol": order.currency.symbol}
            )
        contract = escrow_of(order)
        _refuse_second(order, address, contract)
        refuse_hopeless(order, address, contract)
        return terms.authorization(order, buyer=address, contract=contract.address)


def hand_in(actor: Actor, *, order: Order, address: str, signature: str) -> Payment:
    """Leave the signed payment to be sent by the market. The same one again changes nothing.

    Raises Refused for a signature of another wallet, and once the time to pay is over.
    """
    with transaction.atomic():
        order = payable(actor, order=order)
        contract = escrow_of(order)
        handed_in = Payment.objects.standing().filter(order=order, address=address, relayed__isnull=False)
        if (before := handed_in.select_related("relayed").first()) and not followed(before, order).failed:
            return before
        standing = _refuse_second(order, address, contract)
        typed = terms.authorization(order, buyer=address, contract=contract.address)
        if not is_signed(address, typed, signature):
            raise Refused(
                _("This signature is not from the wallet that is to pay. Nothing was sent; please sign again.")
            )
        expiry = terms.valid_before(order)
        call = (address, terms.terms(order), 0, expiry, bytes.fromhex(signature.removeprefix("0x")))
        data = abi.encode_call("MarketEscrow", "fundWithAuthorization", *call)
        sent = outbox.submit(key=_key(order, address), to=contract.address, data=data, chain=contract.chain)
        payment = standing or _payment(order, address, contract)
        payment.relayed, payment.tx_hash = sent, ""
        payment.save()
        audit.record(actor, "order.payment_signed", order, order=str(order.public_id), address=address)
    return payment


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


def _key(order: Order, address: str) -> str:
    """The outbox key of a relayed payment; a further one after each that failed."""
    failed = Payment.objects.filter(order=order, address=address, relayed__isnull=False).exclude(given_up="").count()
    return f"fund:{order.public_id}:{address}" + (f":{failed + 1}" if failed else "")


def open_wallet_payment(actor: Actor, *, order: Order, address: str) -> Payment:
    """Note that a wallet is about to pay with its own transaction: before it can, so that no second is asked for."""
    with transaction.atomic():
        order = payable(actor, order=order)
        contract = escrow_of(order)
        standing = _refuse_second(order, address, contract)
        if standing:
            return standing
        refuse_hopeless(order, address, contract)
        payment = _payment(order, address, contract)
        payment.save()
    return payment


def note_wallet_payment(actor: Actor, *, order: Order, address: str, tx_hash: str) -> None:
    """Keep the hash that the wallet gave for its own payment; the chain alone says whether it paid."""
    with transaction.atomic():
        payments = Payment.objects.for_org(actor.org_id or 0).filter(order=order, address=address)
        payment = payments.standing().select_for_update().first()
        if payment is None or payment.relayed_id:
            raise Refused(_("No payment from this wallet was prepared for this order."))
        payment.tx_hash = checked_hash(tx_hash)
        payment.save(update_fields=["tx_hash"])
        audit.record(actor, "order.payment_sent", order, order=str(order.public_id), tx_hash=payment.tx_hash)


def give_up(actor: Actor, *, order: Order) -> None:
    """The buyer says that the wallet sent nothing: allow another try. Refused while it is known to be on its way."""
    with transaction.atomic():
        order = Order.objects.bought_by(actor.org_id or 0).select_for_update(of=("self",)).get(pk=order.pk)
        payment = Payment.objects.standing().select_related("relayed").filter(order=order).first()
        if payment is None:
            return
        if payment.relayed_id or payment.tx_hash or followed(payment, order).step != "sign":
            raise Refused(_("Your payment is on its way already. Please do not pay again."))
        payment.given_up = "The wallet sent nothing."
        payment.save(update_fields=["given_up"])


def checked_hash(text: object) -> str:
    """A transaction's hash; raises Refused for anything else."""
    if isinstance(text, str) and len(text) == 66 and text.startswith("0x"):
        try:
            return "0x" + bytes.fromhex(text[2:]).hex()
        except ValueError:
            pass
    raise Refused(_("That is not the hash of a transaction."))


def _payment(order: Order, address: str, contract: Contract) -> Payment:
    return Payment(
        order=order,
        buyer_id=order.buyer_id,
        provider_id=order.provider_id,
        address=address,
        contract=contract.address,
        escrow_id=terms.escrow_id(order, buyer=address, contract=contract.address),
    )


def _refuse_second(order: Order, address: str, contract: Contract) -> Payment | None:
    """The standing payment if it is this wallet's own and may go on; raises Refused while another may still arrive.

    One that has failed is given up here, with its reason, and no longer stands.
    """
    payment = payment_of(order)
    if payment is None:
        return None
    with in_words_of(None):
        life = followed(payment, order)
    if life.failed:
        payment.given_up = (life.sentence or "It failed.")[:300]
        payment.save(update_fields=["given_up"])
        return None
    is_open = not payment.tx_hash and not payment.relayed_id
    if is_open and payment.address == address and payment.contract == contract.address:
        return payment
    raise Refused(_("A payment for this order is already under way. Reload the page to follow it; do not pay again."))


def refuse_hopeless(order: Order, address: str, contract: Contract) -> None:
    """Raise Refused when the contract would not take the payment: paused, a higher fee by now, or too little money."""
    currency, node = order.currency, client(contract.chain)
    try:
        has = node.read("TestDollar", "balanceOf", address, address=currency.address)
        paused = node.read("MarketEscrow", "paused", address=contract.address)
        fee = node.read("MarketEscrow", "params", address=contract.address).feeBps
    except (NodeUnreachable, NodeRefused, CallRefused) as problem:
        raise Refused(NO_ANSWER) from problem
    if paused:
        raise Refused(_("The market takes no new payments at the moment. Nothing was taken; running orders go on."))
    if fee > order.max_fee_bps:
        raise Refused(_("The market's fee has risen since you placed this order. Place it again to see the new terms."))
    if has < order.amount:
        missing = money(order.amount - has, currency)
        raise Refused(
            _("This wallet holds %(has)s; the order costs %(costs)s. %(missing)s are missing. Nothing was sent.")
            % {"has": money(has, currency), "costs": money(order.amount, currency), "missing": missing}
        )
