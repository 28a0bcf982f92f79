"""What an event of the contract does to the money of one deposit: pure functions of (what was, event) → what is.

No database, no clock, no node: run them again over the same logs and they say the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from marketplace.escrow.models import Escrow, LedgerEntry

Args = Mapping[str, Any]
Account = LedgerEntry.Account
State = Escrow.State


@dataclass(frozen=True, slots=True)
class Money:
    """The moving part of a deposit, in base units."""

    state: str
    total: int
    released: int = 0
    fee_paid: int = 0
    refunded: int = 0

    @property
    def remaining(self) -> int:
        return self.total - self.released - self.refunded


@dataclass(frozen=True, slots=True)
class Effect:
    """What one event changes: the deposit, its ledger lines (they sum to zero), and who may withdraw how much more."""

    money: Money
    lines: dict[str, int] = field(default_factory=dict)
    credited: dict[str, int] = field(default_factory=dict)


class Impossible(Exception):
    """An event that does not follow from what was settled before; the settlement stops rather than guess."""


def funded(args: Args) -> Effect:
    """A deposit comes into being: the buyer's money is in the escrow."""
    total = args["total"]
    return Effect(Money(State.HELD, total), {Account.BUYER: -total, Account.ESCROW: total})


def released(money: Money, args: Args, *, treasury: str) -> Effect:
    """Whole periods are paid: the gross leaves the escrow, the provider gets the net, the market its fee."""
    gross, fee, net = args["gross"], args["fee"], args["net"]
    _possible(money, gross == fee + net and gross <= money.remaining)
    after = replace(money, released=money.released + gross, fee_paid=money.fee_paid + fee)
    lines = {Account.ESCROW: -gross, Account.PROVIDER: net, Account.FEES: fee}
    return Effect(after, _moving(lines), _credits((args["provider"], net), (treasury, fee)))


def cancelled(money: Money, args: Args, *, treasury: str) -> Effect:
    """The deposit ends early: what was earned is paid, all the rest is the buyer's again."""
    gross, fee, net, refund = args["gross"], args["fee"], args["net"], args["refund"]
    _possible(money, gross == fee + net and gross + refund == money.remaining)
    after = replace(
        money,
        state=State.REFUNDED,
        released=money.released + gross,
        fee_paid=money.fee_paid + fee,
        refunded=money.refunded + refund,
    )
    lines = {
        Account.ESCROW: -(gross + refund),
        Account.PROVIDER: net,
        Account.FEES: fee,
        Account.BUYER: refund,
    }
    credited = _credits((args["provider"], net), (treasury, fee), (args["buyer"], refund))
    return Effect(after, _moving(lines), credited)


def closed(money: Money) -> Effect:
    """Nothing is left in the deposit. After a cancellation it says nothing new."""
    if money.state == State.REFUNDED:
        return Effect(money)
    _possible(money, money.remaining == 0)
    return Effect(replace(money, state=State.RELEASED))


def _possible(money: Money, holds: bool) -> None:
    if not holds or money.state not in (State.HELD, State.DISPUTED):
        raise Impossible(f"The contract moved money that its deposit does not have: {money}.")


def _moving(lines: dict[Account, int]) -> dict[str, int]:
    return {account: amount for account, amount in lines.items() if amount}


def _credits(*paid: tuple[str, int]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for address, amount in paid:
        if amount:
            sums[address] = sums.get(address, 0) + amount
    return sums


def misfit(agreed: Args, args: Args) -> str:
    """Why a deposit is not the payment of an order with these terms; an empty text when it is."""
    for name, what in (
        ("provider", "It names another provider's wallet"),
        ("token", "It is in another token"),
        ("pricePerPeriod", "It has another price"),
        ("periodSeconds", "Its periods are of another length"),
        ("periods", "It is for another number of periods"),
    ):
        if agreed[name] != args[name]:
            return f"{what}: {args[name]} instead of {agreed[name]}."
    if args["feeBps"] > agreed["maxFeeBps"]:
        return f"Its fee of {args['feeBps']} is above the {agreed['maxFeeBps']} agreed to."
    return ""
