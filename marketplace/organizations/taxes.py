"""How a sale is taxed, by what the provider has stated and who buys. Whole base units, halves up.

The market states what its sides have said; it does not advise and does not check the law of a country.
"""

from dataclasses import dataclass

from marketplace.organizations.models import BusinessDetails, Organization

Treatment = Organization.VatTreatment


@dataclass(frozen=True, slots=True)
class Tax:
    """What holds for one sale: `rate_bps` is in the price, in hundredths of a percent; 0 where none is charged."""

    treatment: str
    rate_bps: int = 0

    def within(self, gross: int) -> int:
        """The VAT that an amount contains, in base units, halves up."""
        whole = 10_000 + self.rate_bps
        return (2 * gross * self.rate_bps + whole) // (2 * whole)


def tax_of(provider: Organization, *, buyer_country: str, buyer_vat: str) -> Tax | None:
    """How a sale to this buyer is taxed; None while the provider has not said.

    Under reverse charge a buyer in another country with a VAT number owes the tax itself; to anybody else the rate is
    in the price.
    """
    if not provider.vat_treatment:
        return None
    if provider.vat_treatment == Treatment.UNREGISTERED:
        return Tax(Treatment.UNREGISTERED)
    abroad = buyer_country != provider.country and bool(buyer_vat)
    if provider.vat_treatment == Treatment.REVERSE and abroad:
        return Tax(Treatment.REVERSE)
    return Tax(Treatment.INCLUDED, provider.vat_rate_bps)


def part_of(total: int, share: int, whole: int) -> int:
    """`share` of `whole`, taken of `total`, halves up; 0 of nothing."""
    return (2 * total * share + whole) // (2 * whole) if whole else 0


def vat_number_of(org: Organization) -> str:
    """The VAT number that an organization has named; inside its own scope, or as the system."""
    details = BusinessDetails.objects.for_org(org.pk).first()
    return details.vat_number if details else ""
