"""Reporting a listing, and what its provider reads of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketplace.accounts.throttle import network
from marketplace.catalog.models import Listing
from marketplace.lifecycle import Refused
from marketplace.moderation import reporting
from marketplace.moderation.forms import AppealForm, ReportForm
from marketplace.moderation.models import Appeal, Decision, ReviewCase
from marketplace.organizations.access import MAY_SELL
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.public
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: ActedRequest, slug: str) -> HttpResponse:
    """Say what is wrong with a listing."""
    listing = get_object_or_404(Listing.objects.public().select_related("category"), slug=slug)
    form = ReportForm(request.POST or None)
    context = {"listing": listing, "category": listing.category, "form": form}
    if request.method != "POST":
        return render(request, "moderation/report.html", context)
    status, seconds = 422, 0
    if form.is_valid():
        try:
            reporting.report_listing(
                request.actor, listing_id=listing.pk, network=network(request, six=64), **form.cleaned_data
            )
        except Refused as refused:
            form.add_error(None, str(refused))
            if isinstance(refused, reporting.ReportLater):
                status, seconds = 429, refused.seconds
        else:
            messages.success(request, _("Thank you. A moderator will look at it."))
            return redirect(listing.address)
    response = render(request, "moderation/report.html", context, status=status)
    if seconds:
        response["Retry-After"] = str(seconds)
    return response


@door.member(*MAY_SELL)
@require_http_methods(["GET", "HEAD", "POST"])
def decided(request: ActedRequest, slug: str) -> HttpResponse:
    """What moderators decided about reports of a listing, and the way to appeal."""
    listing = get_object_or_404(Listing.objects.for_org(request.org.pk), slug=slug)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reporting.appeal(request.actor, listing_id=listing.pk, text=form.cleaned_data["text"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Your appeal is with the moderators."))
            return redirect("reports:decided", org=request.org.slug, slug=listing.slug)
    decisions = Decision.objects.for_org(request.org.pk).filter(case__listing=listing).order_by("-pk")
    appeal = Appeal.objects.for_org(request.org.pk).filter(case__listing=listing).select_related("case")
    case = reporting.suspended_case(request.org.pk, listing.pk)
    mine = appeal.filter(case=case).first() if case else appeal.order_by("-pk").first()
    context = {
        "listing": listing,
        "form": form,
        "decisions": decisions[:50],
        "appeal": mine,
        "is_waiting": mine is not None and mine.case.state == ReviewCase.State.APPEALED,
        "can_appeal": case is not None and mine is None,
    }
    return render(request, "moderation/decided.html", context, status=422 if request.method == "POST" else 200)
