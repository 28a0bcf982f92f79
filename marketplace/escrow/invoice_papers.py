"""An invoice or credit note on paper, in the language of its buyer, whoever takes it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import formats, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_countries import countries

from marketplace.escrow.models import Invoice
from marketplace.escrow.papers import QUIET, Paper
from marketplace.organizations.models import Organization
from marketplace.subscriptions.words import amount, length, percent

Treatment = Organization.VatTreatment


def as_pdf(invoice: Invoice, *, market: str) -> bytes:
    """The PDF; its words, figures and dates are in the buyer's language, its names as they were frozen."""
    with translation.override(invoice.language):
        return _drawn(invoice, market)


def title(invoice: Invoice) -> str:
    """Invoice I-000012, or credit note C-000013, in the language of the moment."""
    if invoice.kind == Invoice.Kind.CREDIT:
        return _("Credit note %(label)s") % {"label": invoice.label}
    return _("Invoice %(label)s") % {"label": invoice.label}


def _drawn(invoice: Invoice, market: str) -> bytes:
    said = invoice.content
    paper = Paper(
        f"{said['provider']['name']}, {invoice.label}", f"{said['provider']['name']} · {invoice.label} · {market}"
    )
    paper.words(title(invoice), 22, style="B")
    paper.words(_date(invoice.issued_at.isoformat()), 11, QUIET, gap=4)
    paper.grid([_("From"), _("To")], [["\n".join(party(said[side])) for side in ("provider", "buyer")]], (87, 87), 0)
    paper.grid([_("What"), said["symbol"]], list(_lines(invoice)), (130, 44), 1)
    paper.words(note(said), 10, gap=2)
    paper.words(source(said), 8, QUIET)
    return bytes(paper.output())


def party(said: dict[str, str]) -> list[str]:
    """Who a side was: name, address, country and numbers, a line each."""
    lines = [said["name"], *said["address"].splitlines(), str(countries.name(said["country"]))]
    if said["vat_number"]:
        lines.append(_("VAT number %(number)s") % {"number": said["vat_number"]})
    if said["registration_number"]:
        lines.append(_("Registration number %(number)s") % {"number": said["registration_number"]})
    return lines


def what(invoice: Invoice) -> str:
    """What was bought, or what came back and of which invoices."""
    said = invoice.content
    tool = f"{said['listing']}, {said['plan']}"
    if invoice.kind == Invoice.Kind.CREDIT:
        return _("%(tool)s: came back, of %(labels)s") % {"tool": tool, "labels": ", ".join(said["corrects"])}
    if "calls" in said:
        of_calls = {
            "tool": tool,
            "calls": formats.number_format(said["calls"], force_grouping=True),
            "price": amount(int(said["price"]), said["decimals"]),
            "month": formats.date_format(date.fromisoformat(said["month"]), "YEAR_MONTH_FORMAT"),
        }
        return _("%(tool)s: calls in %(month)s, %(calls)s at %(price)s each") % of_calls
    words = {
        "tool": tool,
        "periods": said["periods"],
        "period": length(said["period_seconds"]),
        "price": amount(int(said["price"]), said["decimals"]),
        "from": _date(said["from"]),
        "until": _date(said["until"]),
    }
    return _("%(tool)s: %(periods)s × %(period)s at %(price)s, from %(from)s to %(until)s") % words


def sums(said: dict[str, Any]) -> list[tuple[str, int]]:
    """Net, VAT and total, as far as the treatment has them: (label, base units)."""
    total = (_("Total"), int(said["gross"]))
    if said["treatment"] != Treatment.INCLUDED:
        return [total]
    rate = {"rate": percent(said["rate_bps"])}
    return [(_("Net"), int(said["net"])), (_("VAT %(rate)s %%") % rate, int(said["vat"])), total]


def _lines(invoice: Invoice) -> Iterator[list[str]]:
    yield [what(invoice), ""]
    for label, units in sums(invoice.content):
        yield [label, amount(units, invoice.content["decimals"])]


def note(said: dict[str, Any]) -> str:
    """What the treatment means, as it has to stand on an invoice."""
    if said["treatment"] == Treatment.REVERSE:
        return _("Reverse charge: the recipient owes the VAT (Article 196 of Directive 2006/112/EC).")
    if said["treatment"] == Treatment.UNREGISTERED:
        return _("No VAT is charged: the provider is not registered for it.")
    return _("The total includes the VAT.")


def source(said: dict[str, Any]) -> str:
    """Where the payment is to be found."""
    words = {"block": said["block"], "tx": said["tx"], "order": said["order"], "date": _date(said["at"])}
    if "calls" in said:
        sentence = _("Paid out of a deposit, last on %(date)s in block %(block)s, transaction %(tx)s. Order %(order)s.")
        return sentence % words
    return _("Paid or returned on %(date)s in block %(block)s, transaction %(tx)s. Order %(order)s.") % words


def _date(at: str) -> str:
    moment = parse_datetime(at)
    return formats.date_format(moment, "DATE_FORMAT") if moment else at
