"""Monthly statements: what was paid, used and came back; what was earned, the fee, and what was withdrawn.

Made from ledger lines, which follow final blocks and never change. A month's statement is issued, with the next number
of its organization, when the last block of the month is final and settled; until then it is shown as it grows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from chain.models import Contract, Cursor, Log
from marketplace.audit import services as audit
from marketplace.catalog.models import Currency
from marketplace.escrow.models import CallDeposit, Escrow, LedgerEntry, Statement, Withdrawal
from marketplace.escrow.models.statements import following
from marketplace.escrow.services.settling import ESCROW, cursor_name
from marketplace.organizations.models import Organization
from marketplace.subscriptions.clock import final_time
from marketplace.tenancy.actor import SYSTEM, Actor
from marketplace.tenancy.scope import as_system

Account = LedgerEntry.Account
# Whose deposits credit which wallets.
WALLETS: Final[tuple[tuple[Callable[[], QuerySet[Any]], str, str], ...]] = (
    (Escrow.objects.all, "buyer", "buyer_address"),
    (Escrow.objects.all, "provider", "provider_address"),
    (CallDeposit.objects.all, "buyer", "channel__payer_address"),
    (CallDeposit.objects.all, "provider", "channel__provider_address"),
)
BUYING, SELLING = ("paid", "used", "returned"), ("gross", "fee", "net")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of an organization, on its way or issued."""

    month: date
    content: dict[str, Any]
    statement: Statement | None = None


def start_of(month: date) -> datetime:
    """The first moment of a month, in UTC."""
    return datetime.combine(month, time(), UTC)


def month_at(moment: datetime) -> date:
    """The first day of the month of a moment, in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def months(actor: Actor) -> list[Month]:
    """The issued statements of the actor's organization, newest first, before them the months that are not closed.

    Those issued come with their sums alone: a list shows no lines.
    """
    org_id = actor.org_id or 0
    issued = list(Statement.objects.for_org(org_id).with_sums())
    opened = [Month(month, content(org_id, month)) for month in _open_months(org_id)]
    return [*reversed(opened), *(Month(row.month, {"currencies": vars(row)["sums"]}, row) for row in issued)]


def month_of(actor: Actor, month: date) -> Month | None:
    """One month: as it was issued, or as it stands; None when nothing has moved in it."""
    org_id = actor.org_id or 0
    issued = Statement.objects.for_org(org_id).filter(month=month).first()
    if issued:
        return Month(month, issued.content, issued)
    return Month(month, content(org_id, month)) if month in _open_months(org_id) else None


def issue() -> int:
    """Issue the statements of months that are over, oldest first; returns how many. Twice at once issues each once."""
    closed = settled_until()
    if closed is None:
        return 0
    month, done, reason = month_at(closed), 0, "statements of every organization are issued"
    with transaction.atomic(), as_system(reason):
        behind = _behind(month)
    for org_id in behind:
        with transaction.atomic(), as_system(reason):
            done += _issue(Organization.objects.select_for_update().get(pk=org_id), month)
    return done


def settled_until() -> datetime | None:
    """Up to when the books say all that will ever be said; None when that is not known."""
    until = final_time()
    for contract in Contract.objects.filter(name=ESCROW):
        cursor = Cursor.objects.filter(name=cursor_name(contract)).first() or Cursor(name="")
        waiting = Log.objects.of(contract).final().after(cursor).aggregate(first=Min("block__timestamp"))["first"]
        if waiting is not None and until is not None:
            until = min(until, datetime.fromtimestamp(waiting, UTC))
    return until


def content(org_id: int, month: date) -> dict[str, Any]:
    """The figures and lines of a month, by currency; amounts are base units as text, moments ISO 8601."""
    begins, ends = start_of(month), start_of(following(month))
    lines = _lines(org_id).filter(at__gte=begins, at__lt=ends)
    lines = lines.select_related("escrow__order__listing", "calls__order__listing", "buyer", "provider")
    lines = lines.order_by("currency_id", "at", "seq")
    by_currency = {pk: list(rows) for pk, rows in groupby(lines, key=lambda line: line.currency_id)}
    taken = list(_withdrawals(org_id).filter(at__gte=begins, at__lt=ends).order_by("at", "seq"))
    before = _in_escrow(org_id, begins)
    known = {*by_currency, *(row.currency_id for row in taken), *(pk for pk, sum_ in before.items() if sum_)}
    currencies = Currency.objects.filter(pk__in=known).order_by("symbol")
    return {
        "currencies": [
            _section(
                org_id,
                currency,
                by_currency.get(currency.pk, []),
                [row for row in taken if row.currency_id == currency.pk],
                before.get(currency.pk, 0),
            )
            for currency in currencies
        ]
    }


def _section(
    org_id: int, currency: Currency, lines: list[LedgerEntry], taken: list[Withdrawal], before: int
) -> dict[str, Any]:
    events = [
        _event(org_id, list(rows))
        for _, rows in groupby(lines, key=lambda line: (line.escrow_id, line.calls_id, line.seq))
    ]
    bought = [event for event in events if "paid" in event]
    sold = [event for event in events if "gross" in event and int(event["gross"])]
    buying = {name: sum(int(event[name]) for event in bought) for name in BUYING}
    after = before + buying["paid"] - buying["used"] - buying["returned"]
    return {
        "symbol": currency.symbol,
        "decimals": currency.decimals,
        "buying": _texts({"before": before, **buying, "after": after}),
        "selling": _texts({name: sum(int(event[name]) for event in sold) for name in SELLING}),
        "withdrawn": str(sum(int(row.amount) for row in taken)),
        "bought": bought,
        "sold": sold,
        "taken": [
            {**_place(row.at, row.block_number, row.tx_hash), "amount": str(int(row.amount)), "to": row.to}
            for row in taken
        ],
    }


def _event(org_id: int, rows: list[LedgerEntry]) -> dict[str, Any]:
    """The lines of one event as one side sees it: the buyer paid, used, returned; the provider gross, fee, net."""
    first, sums = rows[0], dict.fromkeys(Account.values, 0)
    for row in rows:
        sums[row.account] += int(row.amount)
    net, fee, buyer = sums[Account.PROVIDER], sums[Account.FEES], sums[Account.BUYER]
    order = first.order
    words = {
        **_place(first.at, first.block_number, first.tx_hash),
        "event": first.event,
        "listing": order.listing.name,
        "order": str(order.public_id),
    }
    if first.buyer_id == org_id:
        figures = {"paid": max(-buyer, 0), "used": net + fee, "returned": max(buyer, 0)}
        return {**words, "other": first.provider.name, **_texts(figures)}
    return {**words, "other": first.buyer.name, **_texts({"gross": net + fee, "fee": fee, "net": net})}


def _place(at: datetime, block: int, tx_hash: str) -> dict[str, Any]:
    return {"at": at.isoformat(), "block": block, "tx": tx_hash}


def _texts(figures: dict[str, int]) -> dict[str, str]:
    return {name: str(figure) for name, figure in figures.items()}


def _lines(org_id: int) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.for_org(org_id)


def _in_escrow(org_id: int, at: datetime) -> dict[int, int]:
    """What the organization has lying in escrow at a moment, by currency."""
    paid = LedgerEntry.objects.filter(buyer_id=org_id, account=Account.ESCROW, at__lt=at)
    return {row["currency"]: int(row["sum"]) for row in paid.values("currency").annotate(sum=Sum("amount"))}


def _withdrawals(org_id: int) -> QuerySet[Withdrawal]:
    """What was taken out by wallets that the organization's deposits credit."""
    own = [rows().filter(**{side: org_id}).values(wallet) for rows, side, wallet in WALLETS]
    return Withdrawal.objects.filter(reduce(or_, (Q(address__in=found) for found in own)))


def _open_months(org_id: int) -> list[date]:
    """The months in which something moved and that have no statement yet, oldest first."""
    last = Statement.objects.for_org(org_id).aggregate(last=Max("month"))["last"]
    moved = {
        moment.date()
        for rows in (_lines(org_id), _withdrawals(org_id))
        for moment in rows.annotate(in_month=TruncMonth("at", tzinfo=UTC)).values_list("in_month", flat=True).distinct()
    }
    return sorted(month for month in moved if last is None or month > last)


def _behind(closed: date) -> list[int]:
    """Organizations for which money moved before `closed` and after their last statement."""
    told = dict(Statement.objects.values_list("org").annotate(last=Max("month")).values_list("org", "last"))
    moved: dict[int, datetime] = {}
    for org_id, at in _moves(start_of(closed)):
        moved[org_id] = max(at, moved.get(org_id, at))
    return sorted(org_id for org_id, at in moved.items() if org_id not in told or month_at(at) > told[org_id])


def _moves(before: datetime) -> Iterator[tuple[int, datetime]]:
    """Organizations, each with the last moment of a line of theirs, or at which one of their wallets took money out."""
    for side in ("buyer", "provider"):
        lines = LedgerEntry.objects.filter(at__lt=before).values_list(side)
        yield from lines.annotate(last=Max("at")).order_by(side).values_list(side, "last")
    taken = Withdrawal.objects.filter(at__lt=before).order_by()
    last = dict(taken.values_list("address").annotate(last=Max("at")).values_list("address", "last"))
    for rows, side, wallet in WALLETS:
        credited = rows().filter(**{f"{wallet}__in": taken.values("address")}).order_by()
        pairs = credited.values_list(side, wallet).distinct()
        yield from ((org_id, last[address]) for org_id, address in pairs if address in last)


def _issue(org: Organization, closed: date) -> int:
    """The statements of one organization, its row locked, up to the month before `closed`."""
    done = 0
    for month in _open_months(org.pk):
        if month >= closed:
            break
        number = Statement.objects.for_org(org.pk).count() + 1
        row = Statement.objects.create(
            org=org, month=month, number=number, content=content(org.pk, month), issued_at=timezone.now()
        )
        audit.record(SYSTEM, "statement.issued", row, org_id=org.pk, number=number, month=f"{month:%Y-%m}")
        done += 1
    return done
