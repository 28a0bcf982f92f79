"""A statement on paper: as CSV for a program, as PDF for a binder. Both say what the page says."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.utils import formats
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from marketplace.escrow.services.histories import WHAT
from marketplace.escrow.services.statements import Month
from marketplace.subscriptions.words import amount

FONTS: Final = Path(__file__).parent / "fonts"
INK, QUIET, LINE = (33, 29, 22), (92, 85, 72), (216, 209, 195)
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes what begins so for a formula
FIGURES: Final = ("paid", "used", "returned", "gross", "fee", "net", "amount")
Row = list[str]


def rows(section: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All lines of one currency in the order of time, each with its figures under one set of names."""
    lines = [*section["bought"], *section["sold"], *({**line, "event": "withdrawn"} for line in section["taken"])]
    yield from sorted(lines, key=lambda line: (line["at"], line["block"]))


def as_csv(month: Month) -> str:
    """One line an event, amounts as plain decimals with a point, moments in ISO 8601 (RFC 4180)."""
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow(
        ["at", "event", "currency", *FIGURES[:-1], "withdrawn", "listing", "other", "order", "block", "tx"]
    )
    for section in month.content["currencies"]:
        for line in rows(section):
            written.writerow(
                [
                    line["at"],
                    line["event"],
                    safe(section["symbol"]),
                    *(plain(line[name], section["decimals"]) if name in line else "" for name in FIGURES),
                    *(safe(str(line.get(name, ""))) for name in ("listing", "other", "order", "block", "tx")),
                ]
            )
    return out.getvalue()


def safe(text: str) -> str:
    """Words of people, so that no spreadsheet reckons with them."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def plain(units: str, decimals: int) -> str:
    """Base units as a decimal for programs: 29000000 → 29.000000."""
    whole, part = divmod(abs(int(units)), 10**decimals)
    return f"{'-' if int(units) < 0 else ''}{whole}" + (f".{part:0{decimals}d}" if decimals else "")


class Paper(FPDF):
    """An A4 sheet with the market's type, its foot on every page."""

    def __init__(self, title: str, foot: str) -> None:
        super().__init__(format="A4", unit="mm")
        self.foot = foot
        self.set_title(title)
        self.set_lang(get_language() or "en")
        self.set_margins(18, 18)
        self.set_auto_page_break(True, margin=22)
        for style, name in (("", "regular"), ("B", "bold")):
            self.add_font("sans", style, FONTS / f"instrument-sans-{name}.ttf")
        self.add_page()

    def footer(self) -> None:
        self.set_y(-15)
        self.words(self.foot + "   " + _("Page %(page)s of {nb}") % {"page": self.page_no()}, 7, QUIET)

    def words(self, text: str, size: float, ink: tuple[int, int, int] = INK, style: str = "", gap: float = 0) -> None:
        """A line or paragraph."""
        self.set_font("sans", style, size)
        self.set_text_color(*ink)
        self.multi_cell(0, size / 2, text, align="LEFT", new_x="LMARGIN", new_y="NEXT")
        self.ln(gap)

    def grid(self, head: Row, body: Iterable[Row], widths: tuple[int, ...], numbers: int) -> None:
        """A table; its last `numbers` columns are amounts."""
        align = ["LEFT"] * (len(head) - numbers) + ["RIGHT"] * numbers
        self.set_font("sans", "", 8)
        self.set_text_color(*INK)
        self.set_draw_color(*LINE)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=widths,
            text_align=align,
            v_align="TOP",
            line_height=4,
            padding=(1, 1),
            headings_style=FontFace(emphasis="BOLD", color=QUIET),
        ) as table:
            for row in [head, *body]:
                table.row(row)
        self.ln(5)


def as_pdf(month: Month, *, org: str, market: str) -> bytes:
    """The statement in the reader's language, with its number, or marked as not closed."""
    name = formats.date_format(month.month, "YEAR_MONTH_FORMAT")
    number = month.statement.label if month.statement else _("not closed yet")
    paper = Paper(f"{org}, {name}", f"{org} · {name} · {number} · {market}")
    paper.words(_("Statement"), 22, style="B")
    paper.words(f"{org} · {name} · {number}", 11, QUIET, gap=4)
    for section in month.content["currencies"]:
        _section(paper, section)
    paper.words(
        _("Every line comes from a final block of the chain and can be checked there by its transaction."), 8, QUIET
    )
    return bytes(paper.output())


def _section(paper: Paper, section: dict[str, Any]) -> None:
    decimals, symbol = section["decimals"], section["symbol"]

    def money(units: str) -> str:
        return amount(int(units), decimals)

    paper.words(symbol, 13, style="B", gap=1)
    for title, sums in summary(section):
        paper.grid([title, symbol], [[label, money(units)] for label, units in sums], (130, 44), 1)
    if section["bought"]:
        head = [_("Bought"), _("Tool"), _("Paid in"), _("Used"), _("Came back")]
        body = [[*_words(line), *(money(line[name]) for name in ("paid", "used", "returned"))]
                for line in section["bought"]]  # fmt: skip
        paper.grid(head, body, (44, 58, 23, 23, 26), 3)
    if section["sold"]:
        head = [_("Sold"), _("Tool"), _("Gross"), _("Fee"), _("You get")]
        body = [[*_words(line), *(money(line[name]) for name in ("gross", "fee", "net"))] for line in section["sold"]]
        paper.grid(head, body, (44, 58, 23, 23, 26), 3)
    if section["taken"]:
        body = [[_moment(line["at"]), line["to"], money(line["amount"])] for line in section["taken"]]
        paper.grid([_("Withdrawn"), _("To wallet"), symbol], body, (44, 86, 44), 1)


def _words(line: dict[str, Any]) -> Row:
    return [f"{_moment(line['at'])}\n{WHAT[line['event']][0]}", f"{line['listing']}\n{line['other']}"]


def _moment(at: str) -> str:
    moment = parse_datetime(at)
    return formats.date_format(moment, "SECOND_FORMAT") if moment else at


def summary(section: dict[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The sums of one currency, under what they are about: (title, [(label, base units)])."""
    buying, selling = section["buying"], section["selling"]
    if section["bought"] or int(buying["before"]):
        yield (
            _("Bought"),
            [
                (_("In escrow when the month began"), buying["before"]),
                (_("Paid into escrow"), buying["paid"]),
                (_("Used, and paid to providers"), str(-int(buying["used"]))),
                (_("Came back"), str(-int(buying["returned"]))),
                (_("In escrow when the month ended"), buying["after"]),
            ],
        )
    if section["sold"]:
        yield (
            _("Sold"),
            [
                (_("Paid by buyers for time used"), selling["gross"]),
                (_("Fee to the market"), str(-int(selling["fee"]))),
                (_("Credited to your wallet"), selling["net"]),
            ],
        )
    if section["taken"]:
        yield _("Withdrawn"), [(_("Taken to wallets"), section["withdrawn"])]
