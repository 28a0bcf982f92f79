"""Invoices for calls: one for each month of a deposit in which the contract has paid for some, when that is all of it.

A month of a deposit is over when the books say all that will ever be said of it, or when the deposit is closed. What is
put in is a deposit and no charge, so what comes back of it needs no credit note.
"""

from datetime import UTC, date
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from marketplace.audit import services as audit
from marketplace.escrow.models import CallDeposit, Channel, Invoice, LedgerEntry
from marketplace.escrow.models.statements import following
from marketplace.escrow.services.charging import language_of, next_number, party, taxed
from marketplace.escrow.services.statements import month_at, settled_until, start_of
from marketplace.organizations.models import Organization
from marketplace.organizations.taxes import tax_of
from marketplace.tenancy.actor import SYSTEM

BATCH: Final = 100


def providers() -> list[int]:
    """Those who have said how VAT is treated and have a month to charge."""
    stated = _waiting().exclude(provider__vat_treatment="")
    return list(stated.order_by().values_list("provider", flat=True).distinct())


def issue_for(provider: Organization) -> int:
    """Issue what waits, oldest month first, under the lock of the provider's row that the caller holds; how many."""
    claims: Any = _waiting().filter(provider=provider)
    waiting = list(claims.order_by("month", "calls").values_list("month", "calls").distinct()[:BATCH])
    for month, deposit_key in waiting:
        deposits = CallDeposit.objects.select_related("channel__currency", "order__listing", "order__plan", "buyer")
        _issue(provider, deposits.get(pk=deposit_key), month)
    return len(waiting)


def _waiting() -> QuerySet[LedgerEntry, Any]:
    """Claims without an invoice, with their `month`, of months and deposits to which nothing can come any more."""
    told = Invoice.objects.filter(calls=OuterRef("calls"), month=OuterRef("month"))
    claims = LedgerEntry.objects.filter(account=LedgerEntry.Account.ESCROW, event="claimed", calls__isnull=False)
    until = settled_until()
    over = Q(at__lt=start_of(month_at(until))) if until else Q(pk=None)
    over |= Q(calls__channel__state=Channel.State.CLOSED)
    return claims.annotate(month=_month()).filter(over).exclude(Exists(told))


def _month() -> Any:
    """The first day of a line's month, in UTC."""
    return TruncMonth("at", tzinfo=UTC, output_field=Invoice._meta.get_field("month"))


def _issue(provider: Organization, deposit: CallDeposit, month: date) -> None:
    begins, ends = start_of(month), start_of(following(month))
    claims = list(
        LedgerEntry.objects.filter(
            calls=deposit, account=LedgerEntry.Account.ESCROW, event="claimed", at__gte=begins, at__lt=ends
        ).order_by("seq")
    )
    row = Invoice.objects.create(
        buyer=deposit.buyer,
        provider=provider,
        calls=deposit,
        month=month,
        seq=claims[-1].seq,
        kind=Invoice.Kind.INVOICE,
        number=next_number(provider),
        language=language_of(deposit.order),
        content=_content(provider, deposit, month, claims),
        issued_at=timezone.now(),
    )
    for org_id in sorted({row.provider_id, row.buyer_id}):
        audit.record(SYSTEM, "invoice.issued", row, org_id=org_id, number=row.number, kind=row.kind)


def _content(provider: Organization, deposit: CallDeposit, month: date, claims: list[LedgerEntry]) -> dict[str, Any]:
    order, currency, last = deposit.order, deposit.channel.currency, claims[-1]
    buyer = party(deposit.buyer)
    tax = tax_of(provider, buyer_country=buyer["country"], buyer_vat=buyer["vat_number"])
    assert tax is not None  # noqa: S101  (`providers` takes only those who have said it)
    gross = -sum(int(line.amount) for line in claims)
    return {
        "provider": party(provider),
        "buyer": buyer,
        "listing": order.listing.name,
        "plan": order.plan.name,
        "order": str(order.public_id),
        "symbol": currency.symbol,
        "decimals": currency.decimals,
        "price": str(int(order.price)),
        "calls": gross // int(order.price),
        "month": month.isoformat(),
        "at": last.at.isoformat(),
        "block": last.block_number,
        "tx": last.tx_hash,
        "event": last.event,
        **taxed(gross, tax.within(gross), tax),
    }
