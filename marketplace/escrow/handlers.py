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


def renewed(money: Money, args: Args) -> Effect:
    """The buyer pays for further periods of the same order."""
    amount = args["amount"]
    _possible(money, money.state == State.HELD and args["total"] == money.total + amount)
    return Effect(replace(money, total=args["total"]), _moving({Account.BUYER: -amount, Account.ESCROW: amount}))


def given_back(money: Money, args: Args) -> Effect:
    """The provider gives back a part of what is left; all of it ends the deposit."""
    amount = args["amount"]
    _possible(money, args["left"] == money.remaining - amount)
    after = replace(money, refunded=money.refunded + amount)
    if not after.remaining:
        after = replace(after, state=State.REFUNDED)
    lines = {Account.ESCROW: -amount, Account.BUYER: amount}
    return Effect(after, _moving(lines), _credits((args["buyer"], amount)))


def disputed(money: Money, args: Args) -> Effect:
    """The buyer stops the clock: nothing moves until an arbiter, one of the two sides or the time ends it."""
    _possible(money, money.state == State.HELD and args["contested"] + args["unearned"] == money.remaining)
    return Effect(replace(money, state=State.DISPUTED))


def cancelled(money: Money, args: Args, *, treasury: str) -> Effect:
    """The deposit ends early: what was earned is paid, all the rest is the buyer's again."""
    return _split(money, args, treasury, State.REFUNDED)


def resolved(money: Money, args: Args, *, treasury: str) -> Effect:
    """An arbiter, or the time, ends a dispute: the provider's side gets its share, the buyer all the rest."""
    _possible(money, money.state == State.DISPUTED)
    return _split(money, args, treasury, State.RESOLVED)


def _split(money: Money, args: Args, treasury: str, state: str) -> Effect:
    gross, fee, net, refund = args["gross"], args["fee"], args["net"], args["refund"]
    _possible(money, gross == fee + net and gross + refund == money.remaining)
    after = replace(
        money,
        state=state,
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
    """Nothing is left in the deposit. After a split, or when all was given back, it says nothing new."""
    if money.state in (State.REFUNDED, State.RESOLVED):
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
