"""What every invoice has: both parties as they stand today, the next number, the language, and figures with VAT."""

from typing import Any, Final

from django.conf import settings

from marketplace.escrow.models import Invoice
from marketplace.organizations.models import BusinessDetails, Organization
from marketplace.organizations.taxes import Tax
from marketplace.subscriptions.models import Order

FIGURES: Final = ("gross", "net", "vat")


def party(org: Organization) -> dict[str, str]:
    """Who an organization is, as it stands today."""
    details = BusinessDetails.objects.filter(org=org).first() or BusinessDetails(org=org)
    return {
        "name": org.name,
        "country": org.country,
        "address": details.billing_address,
        "vat_number": details.vat_number,
        "registration_number": details.registration_number,
    }


def next_number(provider: Organization) -> int:
    """The number after the last; the caller holds the lock of the provider's row."""
    return Invoice.objects.filter(provider=provider).count() + 1


def language_of(order: Order) -> str:
    """The language of who ordered, for the paper."""
    return (order.placed_by.language if order.placed_by else "") or settings.LANGUAGE_CODE


def taxed(gross: int, vat: int, tax: Tax) -> dict[str, Any]:
    """How VAT is treated, and the figures in base units as text."""
    amounts = dict(zip(FIGURES, (gross, gross - vat, vat), strict=True))
    return {
        "treatment": tax.treatment,
        "rate_bps": tax.rate_bps,
        **{name: str(units) for name, units in amounts.items()},
    }
