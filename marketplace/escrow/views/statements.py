"""The months of an organization's money: on a page, for a program, for a binder."""

from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import formats
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header

from marketplace.escrow import papers
from marketplace.escrow.services import statements
from marketplace.escrow.services.histories import WHAT
from marketplace.escrow.services.statements import Month
from marketplace.organizations.access import MAY_PAY
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.member(*MAY_PAY)
def listed(request: ActedRequest) -> HttpResponse:
    """All months, newest first, with what was paid and earned in each."""
    months = statements.months(request.actor)
    context = {"months": [_sums(month) for month in months], "charts": _charts(months)}
    return render(request, "escrow/statements.html", context)


def _charts(months: list[Month]) -> list[dict[str, Any]]:
    """Spent and earned by month, oldest first, for each currency: whole tokens, as a chart has no use for less."""
    symbols = sorted({section["symbol"] for month in months for section in month.content["currencies"]})
    charts = [
        {"symbol": symbol, "side": side, "rows": _rows(months, symbol, side, figure)}
        for symbol in symbols
        for side, figure in (("buying", "used"), ("selling", "net"))
    ]
    return [chart for chart in charts if len(chart["rows"]) > 1 and any(value for _, value in chart["rows"])]


def _rows(months: list[Month], symbol: str, side: str, figure: str) -> list[tuple[str, int]]:
    return [
        (formats.date_format(month.month, "MONTH_FORMAT"), int(section[side][figure]) // 10 ** section["decimals"])
        for month in reversed(months)
        for section in month.content["currencies"]
        if section["symbol"] == symbol
    ]


def _sums(month: Month) -> dict[str, Any]:
    """A month in the list: what was paid, came back and was earned, by currency."""
    sections = month.content["currencies"]
    figures = [
        {
            "token": {"symbol": section["symbol"], "decimals": section["decimals"]},
            "paid": int(section["buying"]["paid"]),
            "returned": int(section["buying"]["returned"]),
            "net": int(section["selling"]["net"]),
        }
        for section in sections
    ]
    return {"month": month.month, "statement": month.statement, "figures": figures}


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """A line for the page: its figures as integers, its moment as one."""
    figures: dict[str, Any] = {name: int(line[name]) for name in papers.FIGURES if name in line}
    return {**line, **figures, "when": parse_datetime(line["at"]), "what": WHAT.get(line["event"], [""])[0]}


def _month(request: ActedRequest, month: date) -> Month:
    found = statements.month_of(request.actor, month)
    if found is None:
        raise Http404("Nothing moved in this month.")
    return found


@door.member(*MAY_PAY)
def shown(request: ActedRequest, month: date) -> HttpResponse:
    """One month: its sums, then every line with the block it comes from."""
    found = _month(request, month)
    sections = [
        {
            **section,
            "token": {"symbol": section["symbol"], "decimals": section["decimals"]},
            "sums": [
                (title, [(label, int(units)) for label, units in sums]) for title, sums in papers.summary(section)
            ],
            "lines": [_line(line) for line in papers.rows(section)],
        }
        for section in found.content["currencies"]
    ]
    return render(request, "escrow/statement.html", {"month": found, "sections": sections})


@door.member(*MAY_PAY)
def as_csv(request: ActedRequest, month: date) -> HttpResponse:
    """The lines of a month as comma-separated values."""
    found = _month(request, month)
    return _file(found, papers.as_csv(found).encode(), "csv", "text/csv")


@door.member(*MAY_PAY)
def as_pdf(request: ActedRequest, month: date) -> HttpResponse:
    """The statement as PDF, in the language of the page."""
    found = _month(request, month)
    market = settings.BASE_URL.partition("://")[2]
    return _file(found, papers.as_pdf(found, org=request.org.name, market=market), "pdf", "application/pdf")


def _file(month: Month, content: bytes, kind: str, content_type: str) -> HttpResponse:
    name = month.statement.label if month.statement else "open"
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}-{month.month:%Y-%m}.{kind}")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
