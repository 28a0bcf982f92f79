"""Deposits for calls: what the contract's channel events do to them, and where a payment into one stands.

Called by the settlement, in its transaction, as the system; a channel that no order of ours explains is passed by.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from chain.models import Log
from marketplace.escrow import terms
from marketplace.escrow.models import CallDeposit, Channel, LedgerEntry, Payment
from marketplace.subscriptions import metering
from marketplace.subscriptions import services as subscriptions
from marketplace.subscriptions.clock import moment
from marketplace.subscriptions.models import Order

Args = dict[str, Any]
Tell = Callable[[str, Order, dict[str, object]], None]
Account = LedgerEntry.Account
TOPPED_UP = noop("Paid. There is more in your deposit for calls.")


def opened(channel: Channel, args: Args, at: Log, tell: Tell) -> None:
    """A channel for an order of ours: its calls may pass, unless it came too late or a second time."""
    orders = Order.objects.select_related("currency", "subscription", "plan", "beyond").select_for_update(of=("self",))
    order = orders.filter(order_ref=channel.channel_ref, period_seconds=0).first()
    if order is None or not _fits(order, channel, args):
        return
    starts_at = moment(at.block.timestamp)
    is_late = order.state != Order.State.PLACED or starts_at > order.expires_at
    both = {"buyer_id": order.buyer_id, "provider_id": order.provider_id}
    deposit = CallDeposit.objects.create(channel=channel, order=order, is_late=is_late, **both)
    amount = int(channel.deposit)
    _record(deposit, "opened", args, at, {Account.BUYER: -amount, Account.ESCROW: amount})
    if not is_late:
        metering.begin(order, deposit=amount, starts_at=starts_at)
    elif order.state == Order.State.PLACED:
        order.move(Order.State.EXPIRED)
        order.subscription.move("ended", ended_reason=noop("The order was not paid in time."))
    _tell(tell, "order.paid_late" if is_late else "order.funded", deposit, at, amount=str(amount))


def _fits(order: Order, channel: Channel, args: Args) -> bool:
    """Whether the channel is what was agreed to, opened by whom its id says."""
    agreed = terms.channel_terms(order)
    same = {name: agreed[name] for name in ("provider", "signer", "token", "deposit")}
    said = {name: args[name] for name in same}
    known = terms.channel_id(order, payer=channel.payer_address, contract=channel.contract)
    return said == same and channel.fee_bps <= order.max_fee_bps and known == channel.channel_id


def topped_up(channel: Channel, args: Args, at: Log, tell: Tell) -> None:
    """More is put in: more calls may pass."""
    if (deposit := _of(channel)) is None:
        return
    _record(deposit, "topped_up", args, at, {Account.BUYER: -args["amount"], Account.ESCROW: args["amount"]})
    if not deposit.is_late:
        metering.put_in(deposit.order, deposit=int(channel.deposit))
    _tell(tell, "deposit.topped_up", deposit, at, amount=str(args["amount"]))


def claimed(channel: Channel, args: Args, at: Log, tell: Tell) -> None:
    """A receipt pays the provider for calls, and the market its fee."""
    if (deposit := _of(channel)) is None:
        return
    lines = {Account.ESCROW: -args["gross"], Account.PROVIDER: args["net"], Account.FEES: args["fee"]}
    _record(deposit, "claimed", args, at, lines)
    deposit.fee_paid = int(deposit.fee_paid) + args["fee"]
    deposit.save(update_fields=["fee_paid"])
    _tell(tell, "deposit.claimed", deposit, at, net=str(args["net"]), fee=str(args["fee"]))


def close_requested(channel: Channel, at: Log, tell: Tell) -> None:
    """The buyer asks for the rest: no call passes any more."""
    if (deposit := _of(channel)) is None:
        return
    if not deposit.is_late:
        metering.stop(deposit.order, at=moment(at.block.timestamp), by_buyer=True)
    _tell(tell, "deposit.stopped", deposit, at)


def closed(channel: Channel, args: Args, at: Log, tell: Tell) -> None:
    """What was not used is the buyer's again, and the order is settled for good."""
    if (deposit := _of(channel)) is None:
        return
    _record(deposit, "closed", args, at, {Account.ESCROW: -args["refund"], Account.BUYER: args["refund"]})
    if not deposit.is_late:
        ended_at = moment(at.block.timestamp)
        metering.stop(deposit.order, at=ended_at, by_buyer=channel.closes_at is not None)
        to = Order.State.REFUNDED if args["refund"] else Order.State.COMPLETED
        reason = noop("What was put in for calls is used.")
        subscriptions.finish(deposit.order, to=to, at=ended_at, reason=reason, returned=args["refund"])
    _tell(tell, "deposit.closed", deposit, at, refund=str(args["refund"]))


def _of(channel: Channel) -> CallDeposit | None:
    deposits = CallDeposit.objects.select_related("channel__currency", "order__subscription", "order__currency")
    return deposits.filter(channel=channel).first()


def _record(deposit: CallDeposit, event: str, args: Args, at: Log, lines: dict[Account, int]) -> None:
    both = {"buyer_id": deposit.buyer_id, "provider_id": deposit.provider_id}
    where = {"block_number": at.number, "tx_hash": at.tx_hash, "at": moment(at.block.timestamp)}
    currency = deposit.channel.currency_id
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            calls=deposit,
            account=account,
            amount=amount,
            currency_id=currency,
            event=event,
            seq=args["seq"],
            **both,
            **where,
        )
        for account, amount in lines.items()
        if amount
    )


def _tell(tell: Tell, verb: str, deposit: CallDeposit, at: Log, **facts: object) -> None:
    where = {"tx_hash": at.tx_hash, "block": at.number, "currency": deposit.channel.currency.symbol}
    tell(verb, deposit.order, {"escrow": deposit.channel.channel_id, **where, **facts})


# ── where a payment stands ──


def shown(payment: Payment, logs: Iterable[Log]) -> Log | None:
    """Of a channel's logs, newest first, the one of what the payment did, seen or final."""
    for log in logs:
        event = log.decoded
        if event is None:
            continue
        if payment.before is None and event.name == "ChannelOpened":
            return log
        if payment.before is not None and event.name == "ChannelToppedUp" and _adds(payment, event.args["deposit"]):
            return log
    return None


def _adds(payment: Payment, deposit: int) -> bool:
    return deposit // int(payment.order.price) > (payment.before or 0)


def settled(payment: Payment) -> tuple[str, str, int | None] | None:
    """The sentence, transaction and block of a payment that is final and in the books; None before."""
    held = CallDeposit.objects.filter(channel__contract=payment.contract, channel__channel_id=payment.escrow_id)
    deposit = held.select_related("channel").first()
    if deposit is None:
        return None
    if payment.before is not None:
        line = deposit.ledger.filter(event="topped_up").order_by("seq").last()
        is_there = line is not None and _adds(payment, int(deposit.channel.deposit))
        return (_(TOPPED_UP), line.tx_hash, line.block_number) if line and is_there else None
    sentence = _("Paid. Your money is in the escrow, and calls may pass.")
    if deposit.is_late:
        sentence = _("Your payment came after the order had ended. Nobody can spend it; you can take it back.")
    return sentence, deposit.funded_tx, deposit.funded_block
