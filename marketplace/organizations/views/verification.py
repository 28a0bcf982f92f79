"""Showing who the organization is: a request with documents, and a record at its domain."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.access import MAY_MANAGE
from marketplace.organizations.downloads import download
from marketplace.organizations.forms import DocumentForm, DomainForm, VerificationForm
from marketplace.organizations.models import Document, DomainCheck, Verification
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


def _page(request: ActedRequest, status: int = 200, **bound: forms.Form) -> HttpResponse:
    """All forms of verification; `bound` replaces the one that was sent."""
    org = request.org
    details = services.details_of(org)
    asked = Verification.objects.for_org(org.pk).first()
    numbers = {"registration_number": details.registration_number, "vat_number": details.vat_number}
    context: dict[str, Any] = {
        "ask": VerificationForm(org.country, initial={**numbers, "website": org.website}, auto_id="ask_%s"),
        "upload": DocumentForm(auto_id="upload_%s"),
        "name_domain": DomainForm(auto_id="domain_%s"),
        "asked": asked,
        "collected": Document.objects.for_org(org.pk).collected(),
        "sent": Document.objects.for_org(org.pk).filter(verification=asked) if asked else [],
        "checks": DomainCheck.objects.for_org(org.pk),
        "is_open": org.state not in (org.State.SUBMITTED, org.State.VERIFIED),
        **bound,
    }
    return render(request, "organizations/verification.html", context, status=status)


@door.member(*MAY_MANAGE)
@require_GET
def verification(request: ActedRequest) -> HttpResponse:
    """What has been checked, and how to have more checked."""
    return _page(request)


def _back(request: ActedRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("organizations:verification", org=request.org.slug)


@door.member(*MAY_MANAGE)
@require_POST
def ask(request: ActedRequest) -> HttpResponse:
    """Ask to be verified."""
    form = VerificationForm(request.org.country, request.POST, auto_id="ask_%s")
    if form.is_valid():
        try:
            services.request_verification(request.actor, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return _back(request, _("Asked. A moderator will look at it, and you will see the answer here."))
    return _page(request, 422, ask=form)


@door.member(*MAY_MANAGE)
@require_POST
def add_document(request: ActedRequest) -> HttpResponse:
    """Put a document with the next request."""
    form = DocumentForm(request.POST, request.FILES, auto_id="upload_%s")
    if form.is_valid():
        try:
            document = services.add_document(request.actor, paper=form.cleaned_data["document"])
        except Refused as refused:
            form.add_error("document", str(refused))
        else:
            return _back(
                request, _("%(document)s is kept. Only moderators see it, once you ask.") % {"document": document}
            )
    return _page(request, 422, upload=form)


@door.member(*MAY_MANAGE)
@require_GET
def document(request: ActedRequest, document_id: int) -> HttpResponse:
    """A document of one's own, as a download."""
    return download(get_object_or_404(Document.objects.for_org(request.org.pk), pk=document_id))


@door.member(*MAY_MANAGE)
@require_POST
def remove_document(request: ActedRequest, document_id: int) -> HttpResponse:
    """Delete a document that was not sent yet."""
    found = get_object_or_404(Document.objects.for_org(request.org.pk), pk=document_id)
    services.remove_document(request.actor, document_id=found.pk)
    return _back(request, _("%(name)s is deleted.") % {"name": found.name})


@door.member(*MAY_MANAGE)
@require_POST
def domain(request: ActedRequest) -> HttpResponse:
    """Name a domain, or have it looked up again."""
    form = DomainForm(request.POST, auto_id="domain_%s")
    if form.is_valid():
        try:
            check = services.ask_domain(request.actor, domain=form.cleaned_data["domain"])
        except Refused as refused:
            form.add_error("domain", str(refused))
        else:
            return _back(request, _("We look for your record at %(domain)s now.") % {"domain": check.domain})
    return _page(request, 422, name_domain=form)
