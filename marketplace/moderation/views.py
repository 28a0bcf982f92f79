"""The moderators' console: the queue on the left, the case on the right."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.offer import changes
from marketplace.catalog.presentation import of_listing, of_version
from marketplace.escrow.services import ask_reconciliation
from marketplace.lifecycle import Refused
from marketplace.moderation import machinery, reporting, services
from marketplace.moderation.forms import DecisionForm
from marketplace.moderation.models import Appeal, Decision, ReviewCase
from marketplace.moderation.pictures import pictures_at
from marketplace.organizations.downloads import download
from marketplace.organizations.models import Document, DomainCheck, Membership, Organization, Verification
from marketplace.organizations.services import checkable
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

MOST_SHOWN = 100


def _queue() -> dict[str, Any]:
    cases = ReviewCase.objects.waiting().select_related("org", "version", "listing")
    waiting = cases.annotate(told=Count("reports"))
    latest = Decision.objects.select_related("case__org", "case__version", "case__listing", "decided_by")
    latest = latest.order_by("-pk")
    return {"queue": waiting[:MOST_SHOWN], "waiting": cases.count(), "latest": latest[:10]}


@door.moderator
@require_GET
def queue(request: ActedRequest) -> HttpResponse:
    """What waits, longest first, and what was decided last."""
    return render(request, "moderation/queue.html", _queue())


@door.moderator
@require_http_methods(["GET", "POST"])
def case(request: ActedRequest, case_id: int) -> HttpResponse:
    """One case with all that is needed to decide it, and the decision."""
    found = get_object_or_404(ReviewCase.objects.select_related("org", "version", "listing"), pk=case_id)
    form = DecisionForm(found, request.POST or None, checkable=_checkable(found))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if data["outcome"] in (Decision.Outcome.REJECT, Decision.Outcome.SUSPEND):
            door.be_fresh(request)
        try:
            decided = services.decide(
                request.actor,
                case=found,
                outcome=data["outcome"],
                reason=data["reason"],
                checked=data.get("checked", ()),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            said = decided.decision.get_outcome_display()
            again = "" if decided.is_new else " " + _("You had sent this decision already; it was made once.")
            messages.success(request, f"{_subject(found)}: {said}.{again}")
            return redirect("moderation:queue")
    status = 422 if request.method == "POST" else 200
    return render(request, "moderation/case.html", {**_queue(), **_facts(request, found), "form": form}, status=status)


@door.moderator
@require_GET
def chain(request: ActedRequest) -> HttpResponse:
    """How copying, sending, settling and the books stand; asks itself again every ten seconds."""
    page = "moderation/chain.html#standing" if request.htmx else "moderation/chain.html"
    return render(request, page, {"chains": machinery.standing()})


@door.moderator
@require_POST
def check_books(request: ActedRequest) -> HttpResponse:
    """Have the books compared with the contracts; a worker does it within seconds."""
    ask_reconciliation(request.actor)
    messages.success(request, _("The books will be compared in a few seconds. The result will stand here."))
    return redirect("moderation:chain")


@door.moderator
@require_GET
def document(request: ActedRequest, case_id: int, document_id: int) -> HttpResponse:
    """A document of the organization that a case is about, as a download; who read it is on record."""
    found = get_object_or_404(ReviewCase, pk=case_id)
    paper = get_object_or_404(Document.objects.for_org(found.org_id), pk=document_id, verification__isnull=False)
    record(request.actor, "document.read", paper, org_id=found.org_id)
    return download(paper)


def _checkable(found: ReviewCase) -> list[str]:
    """What the open request of an organization lets a moderator say was checked."""
    asked = (
        None if found.version_id or found.listing_id else Verification.objects.for_org(found.org_id).undecided().first()
    )
    return checkable(asked) if asked else []


def _subject(found: ReviewCase) -> str:
    return str(found.version.name if found.version else found.listing or found.org.name)


def _facts(request: ActedRequest, found: ReviewCase) -> dict[str, Any]:
    """The organization, what it has on the market, what was decided before, and what is asked now."""
    org = found.org
    facts: dict[str, Any] = {
        "case": found,
        "org": org,
        "is_open": found.state in services.WAITING,
        "is_own": Membership.objects.filter(org=org, user_id=person_of(request.actor)).exists(),
        "people": Membership.objects.for_org(org.pk).select_related("user").order_by("since"),
        "asked": Verification.objects.for_org(org.pk).first(),
        "papers": Document.objects.for_org(org.pk).filter(verification__isnull=False),
        "checks": DomainCheck.objects.for_org(org.pk),
        "in_shop": Listing.objects.for_org(org.pk).public().count(),
        "history": _history(found, org),
    }
    if found.listing_id:
        facts |= _reported_facts(found, org)
    if found.version_id:
        facts |= _version_facts(found.version_id, org)
    return facts


def _history(found: ReviewCase, org: Organization) -> list[Decision]:
    past = Decision.objects.for_org(org.pk).select_related("case__version", "case__listing", "decided_by")
    past = past.order_by("-pk")
    if listing_id := found.listing_id or (found.version and found.version.listing_id):
        past = past.filter(Q(case__version__listing_id=listing_id) | Q(case__listing_id=listing_id))
    return list(past[:20])


def _reported_facts(found: ReviewCase, org: Organization) -> dict[str, Any]:
    """What was reported and by whom, the provider's appeal, and what a suspension would touch."""
    listing = Listing.objects.select_related("org", "category").get(pk=found.listing_id or 0)
    on_sale = listing.plans.filter(state="on_sale").select_related("currency").order_by("price")
    return {
        "listing": listing,
        "shown": of_listing(listing, list(on_sale), pictures_at=pictures_at),
        "reports": found.reports.select_related("reporter")[:MOST_SHOWN],
        "appeal": Appeal.objects.for_org(org.pk).filter(case=found).select_related("made_by").first(),
        "running": reporting.running_on(listing.pk),
        "outcomes": services.outcomes_of(found),
    }


def _version_facts(version_id: int, org: Organization) -> dict[str, Any]:
    versions = ListingVersion.objects.select_related("category", "listing")
    version = versions.get(pk=version_id)
    approved = versions.filter(listing=version.listing_id, number=version.listing.version_number or 0).first()
    return {
        "version": version,
        "shown": of_version(version, org, pictures_at=pictures_at),
        "approved": approved,
        "changes": _diff(approved, version) if approved and approved.pk != version.pk else [],
    }


SIGNS = {"+": "added", "-": "removed", " ": ""}


def _diff(old: ListingVersion, new: ListingVersion) -> list[dict[str, Any]]:
    return [
        {"field": change.field, "lines": [{"text": text, "change": SIGNS[sign]} for sign, text in change.lines]}
        for change in changes(old, new)
    ]
