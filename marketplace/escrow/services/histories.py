"""What happened to an order and its money, oldest first, each line with where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalog.models import Currency
from marketplace.escrow.models import CallDeposit, Escrow, LedgerEntry
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.words import money, number, percent

Event = dict[str, Any]
WHAT = {
    "funded": (gettext_lazy("Paid into escrow"), "wallet", "good"),
    "released": (gettext_lazy("A period was paid out"), "arrow-right", "good"),
    "renewed": (gettext_lazy("Paid for longer"), "wallet", "good"),
    "refunded": (gettext_lazy("Given back by the provider"), "undo-2", ""),
    "resolved": (gettext_lazy("The dispute was decided"), "scale", ""),
    "opened": (gettext_lazy("Put in for calls"), "wallet", "good"),
    "topped_up": (gettext_lazy("More was put in"), "wallet", "good"),
    "claimed": (gettext_lazy("Calls were paid out"), "arrow-right", "good"),
    "closed": (gettext_lazy("The rest was given back"), "undo-2", ""),
    "cancelled": (gettext_lazy("Stopped"), "circle-stop", ""),
}
PLACED_LATE = gettext_lazy("It came when the order could no longer be paid: it opened nothing, and can be taken back.")


def history(order: Order, escrows: list[Escrow]) -> list[Event]:
    """The events of an order for the timeline component, oldest first."""
    money_moved = [event for escrow in escrows for event in _of_money(escrow)]
    events = [*_beginning(order), *money_moved, *_ending(order)]
    return sorted(events, key=lambda event: event["at"])


def history_of_calls(order: Order, deposits: list[CallDeposit]) -> list[Event]:
    """The same for an order of calls."""
    moved = [event for deposit in deposits for event in _of_deposit(deposit)]
    return sorted([*_beginning(order), *moved, *_ending(order)], key=lambda event: event["at"])


def _of_deposit(deposit: CallDeposit) -> Iterator[Event]:
    channel = deposit.channel
    parties = _Parties(channel.currency, channel.payer_address, channel.fee_bps, deposit.is_late)
    yield from _lines(LedgerEntry.objects.filter(calls=deposit), parties)


def _beginning(order: Order) -> Iterator[Event]:
    yield {"what": _("Ordered"), "more": _terms(order), "at": order.placed_at, "icon": "file-text"}
    if order.state == Order.State.EXPIRED:
        yield {"what": _("Not paid in time"), "at": order.expires_at, "icon": "clock", "tone": "wait"}


def _ending(order: Order) -> Iterator[Event]:
    subscription = order.subscription
    if subscription.state == "ended" and subscription.starts_at and subscription.ends_at:
        yield {
            "what": _("Access ended"),
            "more": _(subscription.ended_reason),
            "at": subscription.grace_ends_at or subscription.ends_at,
            "icon": "lock",
        }


def _terms(order: Order) -> str:
    each = money(order.price, order.currency)
    if order.is_per_call:
        said = {"calls": number(order.periods), "each": each, "fee": percent(order.max_fee_bps)}
        return _("%(calls)s calls at %(each)s each, fee at most %(fee)s %%.") % said
    words = {"periods": order.periods, "each": each, "fee": percent(order.max_fee_bps)}
    return _("%(periods)s × %(each)s, fee at most %(fee)s %%.") % words


def _of_money(escrow: Escrow) -> Iterator[Event]:
    if escrow.frozen_at and escrow.ruling_due_at:
        yield {
            "what": _("Disputed by the buyer"),
            "more": _("Nothing is earned from here on. Without a ruling by %(date)s anybody can end it.")
            % {"date": formats.date_format(escrow.ruling_due_at, "LONG_MOMENT_FORMAT")},
            "at": escrow.frozen_at,
            "icon": "scale",
            "tone": "wait",
        }
    parties = _Parties(escrow.currency, escrow.buyer_address, escrow.fee_bps, escrow.is_late)
    yield from _lines(LedgerEntry.objects.filter(escrow=escrow), parties)


@dataclass(frozen=True, slots=True)
class _Parties:
    """What is said of a deposit beside its lines."""

    currency: Currency
    buyer_address: str
    fee_bps: int
    is_late: bool


def _lines(found: QuerySet[LedgerEntry], escrow: _Parties) -> Iterator[Event]:
    lines: dict[int, list[LedgerEntry]] = {}
    for line in found.order_by("seq", "id"):
        lines.setdefault(line.seq, []).append(line)
    for entries in lines.values():
        first = entries[0]
        what, icon, tone = WHAT[first.event]
        late = escrow.is_late and first.event in {"funded", "opened"}
        yield {
            "what": _("%(what)s, too late") % {"what": what} if late else what,
            "more": PLACED_LATE if late else _said(escrow, entries),
            "at": first.at,
            "icon": icon,
            "tone": "wait" if late else tone,
            "lines": [(line.get_account_display(), int(line.amount)) for line in entries],
            "currency": escrow.currency,
            "block": first.block_number,
            "tx_hash": first.tx_hash,
        }


def _said(escrow: _Parties, entries: list[LedgerEntry]) -> str:
    sums = {line.account: money(line.amount, escrow.currency) for line in entries}
    if entries[0].event in {"funded", "renewed", "opened", "topped_up"}:
        wallet = f"{escrow.buyer_address[:6]}…{escrow.buyer_address[-4:]}"
        return _("%(amount)s from wallet %(wallet)s.") % {"amount": sums["escrow"], "wallet": wallet}
    said = []
    if "provider" in sums:
        said.append(_("%(amount)s to the provider") % {"amount": sums["provider"]})
    if "fees" in sums:
        words = {"amount": sums["fees"], "percent": percent(escrow.fee_bps)}
        said.append(_("%(amount)s fee to the market (%(percent)s %%)") % words)
    if "buyer" in sums:
        said.append(_("%(amount)s back to the buyer") % {"amount": sums["buyer"]})
    return ", ".join(said) + "."
