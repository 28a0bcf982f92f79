"""What stands on an organization's invoices: its address, and, when it sells, how VAT is treated."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.organizations.models import Organization
from marketplace.organizations.services.founding import details_of
from marketplace.organizations.services.locking import locked
from marketplace.tenancy.actor import Actor

Treatment = Organization.VatTreatment
HIGHEST: Final = 5_000


def state_billing(actor: Actor, *, address: str, treatment: str, rate_bps: int) -> Organization:
    """State the address and the VAT treatment of coming invoices; those that were issued stay as they are.

    Raises Refused for a rate that is none, and for reverse charge without a VAT number of one's own.
    """
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_PAY)
        details = details_of(org)
        is_rated = treatment in (Treatment.INCLUDED, Treatment.REVERSE)
        if is_rated and not 0 < rate_bps <= HIGHEST:
            raise Refused(_("Name the rate that is in your prices, between 0 and 50 percent."))
        if treatment == Treatment.REVERSE and not details.vat_number:
            raise Refused(_("Reverse charge needs your own VAT number. Name it first, under country and numbers."))
        org.vat_treatment, org.vat_rate_bps = treatment, rate_bps if is_rated else 0
        details.billing_address = "\n".join(line.strip() for line in address.strip().splitlines() if line.strip())
        org.save(update_fields=["vat_treatment", "vat_rate_bps"])
        details.save()
        record(actor, "organization.billing_stated", org, kind=treatment, rate_bps=org.vat_rate_bps)
    return org
