"""The wallet's own payment: what it has to sign and send, one step at a time, for any token."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from chain.client import CallRefused, NodeRefused, NodeUnreachable, client
from marketplace.escrow import terms
from marketplace.escrow.services.funding import NO_ANSWER, escrow_of, is_signed, open_wallet_payment, payable
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Order
from marketplace.tenancy.actor import Actor

ERC20 = "TestDollar"  # our artefact with the functions of ERC-20 and ERC-2612


def own_step(actor: Actor, *, order: Order, address: str) -> dict[str, Any]:
    """The next thing for the wallet: {typed} a permit, {allowance} a transaction, or {transaction} the payment."""
    with transaction.atomic():
        open_wallet_payment(actor, order=order, address=address)
        order = payable(actor, order=order)
        if _allowance(order, address) >= order.amount:
            return {"transaction": _fund(order)}
        contract = escrow_of(order)
        if order.currency.takes_permit:
            nonce = int(_read(order, "nonces", address))
            return {"typed": terms.permit(order, buyer=address, contract=contract.address, nonce=nonce)}
        token = order.currency.address
        approve = ("approve", contract.address, order.amount)
        return {"allowance": terms.call(token, contract.chain, *approve, contract=ERC20)}


def permitted_call(actor: Actor, *, order: Order, address: str, signature: str) -> dict[str, str]:
    """The payment with the permit that the wallet signed; raises Refused for another wallet's signature."""
    with transaction.atomic():
        order = payable(actor, order=order)
        contract = escrow_of(order)
        nonce = int(_read(order, "nonces", address))
        typed = terms.permit(order, buyer=address, contract=contract.address, nonce=nonce)
        if not is_signed(address, typed, signature):
            raise Refused(
                _("This signature is not from the wallet that is to pay. Nothing was sent; please sign again.")
            )
        try:
            v, r, s = terms.split_signature(signature)
        except ValueError:
            raise Refused(_("Your wallet signs in a form that this token's permit does not take.")) from None
        deadline = terms.valid_before(order)
        agreed = terms.terms(order)
        return terms.call(contract.address, contract.chain, "fundWithPermit", agreed, deadline, v, r, s)


def allowed_call(actor: Actor, *, order: Order, address: str) -> dict[str, str] | None:
    """The payment, once the allowance is in a block; None until then."""
    with transaction.atomic():
        order = payable(actor, order=order)
        return _fund(order) if _allowance(order, address) >= order.amount else None


def _fund(order: Order) -> dict[str, str]:
    contract = escrow_of(order)
    return terms.call(contract.address, contract.chain, "fund", terms.terms(order))


def _allowance(order: Order, address: str) -> int:
    return int(_read(order, "allowance", address, escrow_of(order).address))


def _read(order: Order, function: str, *args: object) -> Any:
    try:
        return client(order.currency.chain).read(ERC20, function, *args, address=order.currency.address)
    except (NodeUnreachable, NodeRefused, CallRefused) as problem:
        raise Refused(NO_ANSWER) from problem
