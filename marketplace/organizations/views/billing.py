"""The settings of invoices."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_PAY
from marketplace.organizations.models import BusinessDetails, Organization
from marketplace.organizations.services.billing import state_billing
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

Treatment = Organization.VatTreatment


class BillingForm(forms.Form):
    """An address, and how VAT is treated in what the organization sells."""

    address = forms.CharField(
        max_length=300,
        required=False,
        label=gettext_lazy("Address on invoices"),
        help_text=gettext_lazy("Street, place and post code, a line each. Your name and country stand beside it."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )
    treatment = forms.ChoiceField(
        required=False,
        label=gettext_lazy("VAT in what you sell"),
        help_text=gettext_lazy("Until you say it, no invoices are issued for what you sell; then all of them are."),
        choices=[("", gettext_lazy("Not said yet")), *Treatment.choices],
    )
    rate = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=4,
        decimal_places=2,
        label=gettext_lazy("Rate in your prices, in percent"),
        help_text=gettext_lazy("It is part of the price that buyers see, never added to it."),
    )

    @property
    def rate_bps(self) -> int:
        """In hundredths of a percent."""
        return int((self.cleaned_data.get("rate") or 0) * 100)


@door.member(*MAY_PAY)
@require_http_methods(["GET", "POST"])
def billing(request: ActedRequest) -> HttpResponse:
    """What stands on coming invoices."""
    details = BusinessDetails.objects.for_org(request.org.pk).first()
    org, status = request.org, 200
    initial: dict[str, Any] = {
        "address": details.billing_address if details else "",
        "treatment": org.vat_treatment,
        "rate": f"{org.vat_rate_bps // 100}.{org.vat_rate_bps % 100:02d}" if org.vat_rate_bps else "",
    }
    form = BillingForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound:
        status = 422
        if form.is_valid():
            said = form.cleaned_data
            try:
                state_billing(
                    request.actor, address=said["address"], treatment=said["treatment"], rate_bps=form.rate_bps
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Saved. Coming invoices say it so."))
                return redirect("organizations:billing", org=org.slug)
    return render(request, "organizations/billing.html", {"form": form, "details": details}, status=status)
