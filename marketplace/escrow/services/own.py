"""The wallet's own payment: what it has to sign and send, one step at a time, for any token."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from chain.client import CallRefused, NodeRefused, NodeUnreachable, client
from marketplace.escrow import terms
from marketplace.escrow.services.bills import Bill, More, bill_of
from marketplace.escrow.services.funding import NO_ANSWER, is_signed, open_wallet_payment
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Order
from marketplace.tenancy.actor import Actor

ERC20 = "TestDollar"  # our artefact with the functions of ERC-20 and ERC-2612


def own_step(actor: Actor, *, order: Order, address: str, more: More | None = None) -> dict[str, Any]:
    """The next thing for the wallet: {typed} a permit, {allowance} a transaction, or {transaction} the payment."""
    with transaction.atomic():
        open_wallet_payment(actor, order=order, address=address, more=more)
        bill = bill_of(actor, order=order, more=more)
        if _allowance(bill, address) >= bill.amount:
            return {"transaction": bill.plain()}
        if bill.takes_permit:
            return {"typed": bill.permit(address, int(_read(bill, "nonces", address)))}
        approve = ("approve", bill.contract, bill.amount)
        return {"allowance": terms.call(bill.currency.address, bill.chain, *approve, contract=ERC20)}


def permitted_call(
    actor: Actor, *, order: Order, address: str, signature: str, more: More | None = None
) -> dict[str, str]:
    """The payment with the permit that the wallet signed; raises Refused for another wallet's signature."""
    with transaction.atomic():
        bill = bill_of(actor, order=order, more=more)
        typed = bill.permit(address, int(_read(bill, "nonces", address)))
        if not is_signed(address, typed, signature):
            raise Refused(
                _("This signature is not from the wallet that is to pay. Nothing was sent; please sign again.")
            )
        try:
            return bill.permitted(signature)
        except ValueError:
            raise Refused(_("Your wallet signs in a form that this token's permit does not take.")) from None


def allowed_call(actor: Actor, *, order: Order, address: str, more: More | None = None) -> dict[str, str] | None:
    """The payment, once the allowance is in a block; None until then."""
    with transaction.atomic():
        bill = bill_of(actor, order=order, more=more)
        return bill.plain() if _allowance(bill, address) >= bill.amount else None


def _allowance(bill: Bill, address: str) -> int:
    return int(_read(bill, "allowance", address, bill.contract))


def _read(bill: Bill, function: str, *args: object) -> Any:
    try:
        return client(bill.chain).read(ERC20, function, *args, address=bill.currency.address)
    except (NodeUnreachable, NodeRefused, CallRefused) as problem:
        raise Refused(NO_ANSWER) from problem
