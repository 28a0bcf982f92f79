"""A treasury as its page shows it: what there is, what came and went and why, and whether the two agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final

from django.db.models import Count, DateTimeField, F, Func, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncHour, TruncMonth
from django.utils import formats
from django.utils.translation import gettext as _

from governance.models import Governor, Movement, Proposal, Token, Treasury
from governance.projection import NOBODY
from governance.ruling import proposals_of
from governance.words import moment, short

COIN: Final = Token(symbol="ETH", decimals=18, address="")
DAY, HOUR = 86_400, 3_600
BUCKETS: Final = 24
Kind = Movement.Kind
Place = tuple[int, int, int]
Key = tuple[str, str, int | None]


@dataclass(frozen=True)
class Position:
    """What one account has of one token, itself or by the escrow's books, and what the movements add up to."""

    account: str
    role: str
    escrow: str
    token: Token
    amount: int
    moved: int

    @property
    def difference(self) -> int:
        """What no log that was read accounts for."""
        return self.amount - self.moved

    @property
    def name(self) -> str:
        return {"timelock": _("Timelock"), "fees": _("Account of the fee")}[self.role]


@dataclass(frozen=True)
class Line:
    """One movement; `proposal` where one was carried out in the same transaction."""

    move: Movement
    token: Token
    at: datetime
    proposal: Proposal | None
    why: str


@dataclass(frozen=True)
class Month:
    """The fees of one month that the escrow credited in one token; `block`: the last of them."""

    month: datetime
    account: str
    token: Token
    amount: int
    count: int
    block: int


def treasury_of(governor: Governor) -> Treasury | None:
    """None before anything was read, and for a DAO without a timelock."""
    row = Treasury.objects.select_related("governor__token").filter(governor=governor).first()
    return row if row is not None and row.block_hash else None


def positions(treasury: Treasury) -> list[Position]:
    """Accounts and tokens of which there is or was something; three queries."""
    sums = treasury.movements.order_by().values("account", "escrow", "token").annotate(moved=Sum("amount"))
    moved: dict[Key, int] = {(row["account"], row["escrow"], row["token"]): int(row["moved"]) for row in sums}
    held: dict[Key, int] = {(row.account, row.escrow, row.token_id): int(row.amount) for row in treasury.holdings.all()}
    tokens = Token.objects.in_bulk([key[2] for key in {*moved, *held} if key[2]])
    order = {address: place for place, address in enumerate(treasury.accounts)}
    keys = sorted({*moved, *held}, key=lambda key: (order.get(key[0], 0), key[1], key[2] or 0))
    return [
        Position(
            account, treasury.accounts.get(account, "fees"), escrow, tokens[token] if token else COIN,
            held.get((account, escrow, token), 0), moved.get((account, escrow, token), 0),
        )
        for account, escrow, token in keys
    ]  # fmt: skip


@dataclass(frozen=True)
class Coins:
    """How far the chain's own coin is explained: up to block `number`; `since`: from which block on, if not from the
    first, because the node keeps no older states."""

    number: int
    since: int | None
    is_level: bool


def coins(treasury: Treasury) -> Coins | None:
    """Of all accounts together; None before anything was compared."""
    found = treasury.coin_searches.aggregate(number=Min("number"), since=Max("since"))
    if found["number"] is None or found["number"] < treasury.first - 1:
        return None
    since = found["since"] if found["since"] >= treasury.first else None
    return Coins(found["number"], since, found["number"] >= treasury.number)


def place(row: Movement) -> str:
    """Where a movement stands in the order of the list."""
    return f"{row.number}.{row.log_index}.{row.pk}"


def place_of(text: str) -> Place | None:
    """The same read back; None for what is no such place."""
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 18 for part in parts):
        return None
    number, index, key = map(int, parts)
    return number, min(index, 2**31 - 1), key


def moves(treasury: Treasury, after: Place | None = None) -> QuerySet[Movement]:
    """All but the fees of single orders, newest first, from a place on."""
    found = treasury.movements.exclude(kind=Kind.FEE).select_related("token", "treasury")
    if after:
        number, index, key = after
        earlier = Q(log_index__lt=index) | Q(log_index=index, pk__lt=key)
        found = found.filter(number__lte=number).filter(Q(number__lt=number) | earlier)
    return found.order_by("-number", "-log_index", "-pk")


def lines(treasury: Treasury, rows: Iterable[Movement]) -> list[Line]:
    """With the proposals by which they moved; one query."""
    kept = list(rows)
    done = proposals_of(treasury.governor, {row.tx_hash for row in kept})
    return [Line(row, row.token or COIN, moment(row.at), done.get(row.tx_hash), _why(row)) for row in kept]


def _why(row: Movement) -> str:
    if row.kind == Kind.COIN:
        return _why_coin(row)
    if row.kind == Kind.WITHDRAWN:
        return _("Fees paid out by the escrow to %(address)s.") % {"address": short(row.other)}
    if row.amount < 0 and row.other == NOBODY:
        return _("Destroyed.")
    if row.amount < 0:
        return _("Sent to %(address)s.") % {"address": short(row.other)}
    if row.other == NOBODY:
        return _("Newly made.")
    return _("Received from %(address)s.") % {"address": short(row.other)}


def _why_coin(row: Movement) -> str:
    if row.number < row.treasury.first:
        return _("There already, before the first block that is read.")
    blocks = {"before": row.after, "block": row.number}
    if row.amount > 0:
        return _("Came in between blocks %(before)s and %(block)s. From whom is not known: it leaves no log.") % blocks
    left = _("Left between blocks %(before)s and %(block)s, as network fees do. No log that is read says where to.")
    return left % blocks


def _when() -> Func:
    return Func(F("at"), function="to_timestamp", output_field=DateTimeField())


def months(treasury: Treasury) -> list[Month]:
    """The fees of orders, by month, account and token, newest first."""
    fees = treasury.movements.filter(kind=Kind.FEE).order_by().annotate(month=TruncMonth(_when(), tzinfo=UTC))
    rows = fees.values("month", "account", "token").annotate(sum=Sum("amount"), count=Count("pk"), block=Max("number"))
    tokens = Token.objects.in_bulk({row["token"] for row in rows})
    found = [
        Month(row["month"], row["account"], tokens[row["token"]], int(row["sum"]), row["count"], row["block"])
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.month, each.block), reverse=True)


def charts(treasury: Treasury) -> Iterator[dict[str, Any]]:
    """What there was of each token over time, in whole units, for the drawing of a line; three queries."""
    first = treasury.movements.order_by("at").values_list("at", flat=True).first() or 0
    step, form = _step(treasury.block_at - first)
    rows = treasury.movements.filter(token__isnull=False).order_by().annotate(when=step(_when(), tzinfo=UTC))
    changes: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for row in rows.values("token", "when").annotate(sum=Sum("amount")).order_by("when"):
        changes[row["token"]].append((row["when"], int(row["sum"])))
    tokens = Token.objects.in_bulk(changes)
    for key, steps in changes.items():
        steps.append((moment(treasury.block_at), 0))
        totals = accumulate(change for _when_, change in steps)
        series = [
            (formats.date_format(when, form), float(Decimal(total).scaleb(-tokens[key].decimals)))
            for (when, _change), total in zip(steps, totals, strict=True)
        ]
        yield {"token": tokens[key], "rows": series[-BUCKETS:]}


def _step(seconds: int) -> tuple[Any, str]:
    """In which parts a time of that length is drawn, and how each is written."""
    if seconds > 92 * DAY:
        return TruncMonth, "YEAR_MONTH_FORMAT"
    return (TruncDay, "MONTH_DAY_FORMAT") if seconds > 2 * DAY else (TruncHour, "TIME_FORMAT")
