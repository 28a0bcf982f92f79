"""What a DAO holds, what came in and went out, and by which proposal."""

import csv
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from governance import doors
from governance.models import Movement, Treasury
from governance.reading import governor_named
from governance.treasuries import reading
from governance.views.files import Echo, cell
from governance.words import moment

PER_PAGE = 30
COLUMNS = (
    "date", "kind", "account", "amount", "currency", "base_units", "with", "proposal", "transaction", "block", "final",
)  # fmt: skip


@doors.public
@require_safe
def treasury(request: HttpRequest, governor: str) -> HttpResponse:
    """Balances, what the movements add up to, and the movements themselves, newest first."""
    dao = get_object_or_404(governor_named(governor))
    row = reading.treasury_of(dao)
    context: dict[str, Any] = {"governor": dao, "treasury": row}
    if row is not None:
        after = reading.place_of(request.GET.get("after", ""))
        found = list(reading.moves(row, after)[: PER_PAGE + 1])
        last = found[PER_PAGE - 1] if len(found) > PER_PAGE else None
        context |= {
            "block_at": moment(row.block_at),
            "positions": reading.positions(row),
            "coins": reading.coins(row),
            "lines": reading.lines(row, found[:PER_PAGE]),
            "total": reading.moves(row).count(),
            "months": [] if after else reading.months(row),
            "charts": [] if after else list(reading.charts(row)),
            "next_url": f"?after={reading.place(last)}" if last else "",
            "is_first": after is None,
        }
    return render(request, "governance/treasury.html", context)


@doors.public
@require_safe
def treasury_csv(request: HttpRequest, governor: str) -> HttpResponseBase:
    """Every movement but single orders' fees, which come by month; one a line, newest first."""
    dao = get_object_or_404(governor_named(governor))
    row = reading.treasury_of(dao)
    writer = csv.writer(Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(COLUMNS)
        for values in _values(row) if row else ():
            yield writer.writerow(values)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="treasury-{dao.slug}.csv"'
    return answer


def _values(row: Treasury) -> Iterator[list[Any]]:
    for month in reading.months(row):
        yield [f"{month.month:%Y-%m}", "fee", month.account, _whole(month.amount, month.token.decimals),
               cell(month.token.symbol), month.amount, "", "", "", month.block, True]  # fmt: skip
    place = None
    while found := list(reading.moves(row, place)[:1_000]):
        for line in reading.lines(row, found):
            yield _value(line)
        place = reading.place_of(reading.place(found[-1]))


def _value(line: reading.Line) -> list[Any]:
    move: Movement = line.move
    proposal = str(line.proposal.proposal_id) if line.proposal else ""
    return [line.at.isoformat(), move.kind, move.account, _whole(move.amount, line.token.decimals),
            cell(line.token.symbol), move.amount, move.other, proposal, move.tx_hash, move.number, True]  # fmt: skip


def _whole(value: int, decimals: int) -> str:
    """All digits, with a point."""
    sign, digits = "-" if value < 0 else "", f"{abs(value):0{decimals + 1}d}"
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
