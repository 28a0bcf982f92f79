"""Invoices of what was paid into escrow, and credit notes of what came back: by a worker, when the ledger has it.

What is charged by the call is invoiced by the month, in `calls_invoices`, with numbers of the same count.

A provider's row is locked while numbers are given, so they have no gap; each event of a deposit gets one. While a
provider has not said how VAT is treated its invoices wait; then they are issued, oldest first.
"""

from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from marketplace.audit import services as audit
from marketplace.escrow.models import Escrow, Invoice, LedgerEntry
from marketplace.escrow.services import calls_invoices
from marketplace.escrow.services.charging import language_of, next_number, party, taxed
from marketplace.organizations.models import Organization
from marketplace.organizations.taxes import Tax, part_of, tax_of
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

BATCH: Final = 100
REASON: Final = "invoices of every organization are issued"
Kind = Invoice.Kind


def issue() -> int:
    """Issue what is waiting; returns how many. Twice at once issues each once."""
    with transaction.atomic(), as_system(REASON):
        stated = _waiting().exclude(provider__vat_treatment="")
        providers = sorted(stated.order_by().values_list("provider", flat=True).distinct())
        of_calls = calls_invoices.providers()
    done = 0
    for provider_id in sorted({*providers, *of_calls}):
        with transaction.atomic(), as_system(REASON):
            provider = Organization.objects.select_for_update().get(pk=provider_id)
            done += calls_invoices.issue_for(provider)
            rows = _waiting().filter(provider=provider).order_by("at", "seq", "pk")[:BATCH]
            for line in rows.select_related("escrow__order__listing", "escrow__order__plan", "buyer", "currency"):
                assert line.escrow is not None  # noqa: S101  (`_waiting` takes no others)
                _issue(provider, line.escrow, line)
                done += 1
    return done


def _waiting() -> QuerySet[LedgerEntry]:
    """The lines on buyers' accounts without an invoice; a payment that came too late opened nothing and gets none.

    What is put in for calls is no line of these: it is charged by what is used, month by month.
    """
    told = Invoice.objects.filter(escrow=OuterRef("escrow"), seq=OuterRef("seq"))
    lines = LedgerEntry.objects.filter(~Exists(told), account=LedgerEntry.Account.BUYER, escrow__isnull=False)
    return lines.filter(escrow__is_late=False)


def _issue(provider: Organization, escrow: Escrow, line: LedgerEntry) -> None:
    kind = Kind.INVOICE if line.amount < 0 else Kind.CREDIT
    before = list(Invoice.objects.filter(escrow=escrow).order_by("seq"))
    row = Invoice.objects.create(
        buyer=line.buyer,
        provider=provider,
        escrow=escrow,
        seq=line.seq,
        kind=kind,
        number=next_number(provider),
        language=language_of(escrow.order),
        content=_content(provider, escrow, line, before),
        issued_at=timezone.now(),
    )
    for org_id in sorted({row.provider_id, row.buyer_id}):
        audit.record(SYSTEM, "invoice.issued", row, org_id=org_id, number=row.number, kind=kind)


def _content(provider: Organization, escrow: Escrow, line: LedgerEntry, before: list[Invoice]) -> dict[str, Any]:
    order, currency = escrow.order, line.currency
    common = {
        "provider": party(provider),
        "buyer": party(line.buyer),
        "listing": order.listing.name,
        "plan": order.plan.name,
        "order": str(order.public_id),
        "symbol": currency.symbol,
        "decimals": currency.decimals,
        "price": str(int(escrow.price)),
        "period_seconds": escrow.period_seconds,
        "at": line.at.isoformat(),
        "block": line.block_number,
        "tx": line.tx_hash,
        "event": line.event,
    }
    if line.amount < 0:
        return {**common, **_charged(provider, escrow, line, before)}
    return {**common, **_given_back(line, before)}


def _charged(provider: Organization, escrow: Escrow, line: LedgerEntry, before: list[Invoice]) -> dict[str, Any]:
    buyer = party(line.buyer)
    tax = tax_of(provider, buyer_country=buyer["country"], buyer_vat=buyer["vat_number"])
    assert tax is not None  # noqa: S101  (`issue` takes only providers who have said it)
    gross = -int(line.amount)
    first = sum(int(row.content["gross"]) for row in before if row.kind == Kind.INVOICE) // int(escrow.price)
    periods = gross // int(escrow.price)
    return {
        **taxed(gross, tax.within(gross), tax),
        "periods": periods,
        "from": escrow.period_end(first).isoformat(),
        "until": escrow.period_end(first + periods).isoformat(),
    }


def _given_back(line: LedgerEntry, before: list[Invoice]) -> dict[str, Any]:
    """A share of the VAT that was charged, so that all that came back never holds more VAT than was in it."""
    charged = [row for row in before if row.kind == Kind.INVOICE]
    returned = [row for row in before if row.kind == Kind.CREDIT]
    total, vat = (sum(int(row.content[name]) for row in charged) for name in ("gross", "vat"))
    back_before, vat_before = (sum(int(row.content[name]) for row in returned) for name in ("gross", "vat"))
    gross = int(line.amount)
    last = charged[-1].content
    tax = Tax(last["treatment"], last["rate_bps"])
    return {
        **taxed(gross, part_of(vat, back_before + gross, total) - vat_before, tax),
        "corrects": [row.label for row in charged],
    }
