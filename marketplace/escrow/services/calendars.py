"""A provider's money: what is earned, what waits for its date, what can be withdrawn, and what was paid so far."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from marketplace.catalog.models import Currency
from marketplace.escrow.models import CallDeposit, Channel, Credit, Escrow, LedgerEntry, Withdrawal
from marketplace.escrow.services.leaving import credits_of
from marketplace.tenancy.actor import Actor

LATEST = 50
COMING = 24


@dataclass(slots=True)
class Book:
    """One currency of a provider, in base units. `earned` counts whole elapsed periods; `gross` what was released."""

    currency: Currency
    earned: int = 0
    gross: int = 0
    fee: int = 0
    coming: int = 0
    credits: list[Credit] = field(default_factory=list)

    @property
    def held_back(self) -> int:
        """Earned, and waiting for the hold to pass."""
        return max(self.earned - self.gross, 0)

    @property
    def net(self) -> int:
        return self.gross - self.fee

    @property
    def available(self) -> int:
        return sum(credit.available for credit in self.credits)

    @property
    def withdrawn(self) -> int:
        return sum(int(credit.withdrawn) for credit in self.credits)


def books(actor: Actor, *, payout_address: str, at: datetime) -> list[Book]:
    """What the actor's organization has sold, by currency."""
    found: dict[int, Book] = {}
    sold = Escrow.objects.filter(provider_id=actor.org_id).select_related("currency")
    for escrow in sold.order_by("pk").iterator():
        book = found.setdefault(escrow.currency_id, Book(escrow.currency))
        is_open = escrow.state == Escrow.State.HELD
        elapsed = int(escrow.price) * escrow.elapsed_periods(at)
        book.earned += max(elapsed - int(escrow.refunded), int(escrow.released)) if is_open else int(escrow.released)
        book.gross += int(escrow.released)
        book.fee += int(escrow.fee_paid)
        book.coming += escrow.remaining
    for calls in calls_sold(actor):
        book = found.setdefault(calls.channel.currency_id, Book(calls.channel.currency))
        book.earned += calls.earned
        book.gross += int(calls.channel.claimed)
        book.fee += int(calls.deposit.fee_paid)
        book.coming += calls.channel.remaining
    for credit in credits_of(_wallets(actor, payout_address)):
        found.setdefault(credit.currency_id, Book(credit.currency)).credits.append(credit)
    return sorted(found.values(), key=lambda book: book.currency.symbol)


@dataclass(frozen=True, slots=True)
class CallsSold:
    """A deposit for calls from its provider's side: what answered calls came to, and what of it is not paid out yet."""

    deposit: CallDeposit
    channel: Channel
    earned: int
    calls: int

    @property
    def unclaimed(self) -> int:
        return self.earned - int(self.channel.claimed)


def calls_sold(actor: Actor) -> list[CallsSold]:
    """The deposits for calls that pay the actor's organization, newest first."""
    sold = CallDeposit.objects.filter(provider_id=actor.org_id, is_late=False)
    sold = sold.select_related("channel__currency", "order__listing", "order__subscription__meter", "buyer")
    found = []
    for deposit in sold.order_by("-pk"):
        meter = deposit.order.subscription.meter
        earned = max(int(meter.owed), int(deposit.channel.claimed))
        if deposit.channel.state == Channel.State.CLOSED:
            earned = int(deposit.channel.claimed)
        found.append(CallsSold(deposit, deposit.channel, earned, earned // int(meter.price)))
    return found


def _wallets(actor: Actor, payout_address: str) -> set[str]:
    sold = Escrow.objects.filter(provider_id=actor.org_id).values_list("provider_address", flat=True).distinct()
    calls = CallDeposit.objects.filter(provider_id=actor.org_id).values_list("channel__provider_address", flat=True)
    return {*sold, *calls.distinct(), *([payout_address] if payout_address else [])}


@dataclass(frozen=True, slots=True)
class Payout:
    """One period that will be paid: when, what the buyer paid for it, the fee, and what is left for the provider."""

    escrow: Escrow
    at: datetime
    gross: int
    fee: int

    @property
    def net(self) -> int:
        return self.gross - self.fee


def calendar(actor: Actor) -> list[Payout]:
    """The coming payouts, soonest first; those of a subscription that is stopped will not come."""
    held = Escrow.objects.held().filter(provider_id=actor.org_id).exclude(next_due_at=None)
    soonest = held.select_related("currency", "order__listing", "buyer").order_by("next_due_at")[:COMING]
    coming = [payout for escrow in soonest for payout in _coming(escrow)]
    return sorted(coming, key=lambda payout: payout.at)[:COMING]


def _coming(escrow: Escrow) -> list[Payout]:
    """A period of which the provider has given back a part pays the rest."""
    price, gone = int(escrow.price), escrow.gone
    hold = timedelta(seconds=escrow.hold_seconds)
    found = []
    for number in range(gone // price + 1, escrow.periods + 1):
        gross = min(price, price * number - gone)
        found.append(Payout(escrow, escrow.period_end(number) + hold, gross, gross * escrow.fee_bps // 10_000))
    return found


def paid_so_far(actor: Actor, *, payout_address: str) -> list[dict[str, Any]]:
    """The latest payouts and withdrawals, newest first, with the block and transaction that they come from."""
    lines = LedgerEntry.objects.filter(provider_id=actor.org_id, account=LedgerEntry.Account.PROVIDER)
    rows: list[dict[str, Any]] = [
        {
            "what": _("Paid for %(listing)s") % {"listing": line.order.listing},
            "amount": int(line.amount),
            "currency": line.currency,
            "at": line.at,
            "seq": line.seq,
            "block": line.block_number,
            "tx_hash": line.tx_hash,
        }
        for line in lines.select_related("escrow__order__listing", "calls__order__listing", "currency").order_by(
            "-at", "-pk"
        )[:LATEST]
    ]
    taken = Withdrawal.objects.filter(Q(address__in=_wallets(actor, payout_address))).select_related("currency")
    rows += [
        {
            "what": _("Withdrawn to %(wallet)s") % {"wallet": f"{row.to[:6]}…{row.to[-4:]}"},
            "amount": -int(row.amount),
            "currency": row.currency,
            "at": row.at,
            "seq": row.seq,
            "block": row.block_number,
            "tx_hash": row.tx_hash,
        }
        for row in taken.order_by("-at", "-pk")[:LATEST]
    ]
    return sorted(rows, key=lambda row: (row["at"], row["seq"]), reverse=True)[:LATEST]
