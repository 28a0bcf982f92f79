"""What both sides see of their disputes, and what they say in them."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marketplace.disputes import hashes, services
from marketplace.disputes.forms import AppealForm, SayForm
from marketplace.disputes.models import Appeal, AppealDraft, Dispute, EvidenceFile, Ruling
from marketplace.disputes.timeline import timeline
from marketplace.escrow.evidence.bundle import gathered
from marketplace.escrow.services import checked_address
from marketplace.escrow.services.leaving import Purpose
from marketplace.escrow.views.wallets import network, talk, text
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, MAY_PAY
from marketplace.organizations.downloads import download
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.records import records_of
from marketplace.subscriptions.words import money
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

MOST_SHOWN = 100


def found(request: ActedRequest, public_id: uuid.UUID) -> Dispute:
    """A dispute of the organization on either side; 404 otherwise."""
    sides = Dispute.objects.for_org(request.org.pk).select_related(
        "order__listing", "order__currency", "order__subscription", "escrow__currency", "buyer", "provider"
    )
    dispute = sides.filter(public_id=public_id).first()
    if dispute is None:
        raise Http404("No such dispute.")
    return dispute


@door.member(*EVERYBODY)
@require_safe
def overview(request: ActedRequest) -> HttpResponse:
    """All disputes of the organization, the newest first."""
    rows = Dispute.objects.for_org(request.org.pk).standing().order_by("-pk")
    rows = rows.select_related("order__listing", "escrow__currency", "buyer", "escrow__provider")
    return render(request, "disputes/list.html", {"rows": list(rows[:MOST_SHOWN])})


@door.member(*EVERYBODY)
@require_safe
def detail(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The dispute as it stands; asks itself again while something is under way."""
    dispute = found(request, public_id)
    context = _context(request, dispute)
    if request.htmx and "waiting" in request.GET and context["life"] is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "disputes/detail.html" + ("#progress" if request.htmx else ""), context)


def _context(request: ActedRequest, dispute: Dispute, **forms: Form) -> dict[str, Any]:
    is_buyer = dispute.buyer_id == request.org.pk
    now = market_time()

    def address(file: EvidenceFile) -> str:
        return reverse("disputes:file", args=[request.org.slug, dispute.public_id, file.pk])

    subscription, ruling = dispute.order.subscription, services.sent_ruling(dispute)
    return {
        "dispute": dispute,
        "order": dispute.order,
        "escrow": dispute.escrow,
        "is_buyer": is_buyer,
        "is_private": dispute.provider_id is None,
        "may_pay": request.actor.role in MAY_PAY,
        "may_speak": request.actor.role in services.MAY_SPEAK and dispute.state in Dispute.UNDECIDED,
        "life": services.opening_life(dispute) or services.under_way(dispute),
        "ways": services.ways_out(dispute, is_buyer=is_buyer, at=now),
        "wallet": dispute.escrow.buyer_address if is_buyer else dispute.escrow.provider_address,
        "events": timeline(dispute, address=address),
        "evidence": gathered(dispute.order),
        "checkable": hashes.statement_of(dispute),
        "ruled": Ruling.objects.filter(dispute=dispute, state=Ruling.State.DONE).first(),
        "records": records_of(subscription) if dispute.provider_id else [],
        "is_late": dispute.answer_due_at is not None and dispute.answer_due_at <= now,
        "is_ruled": ruling is not None and services.is_moving(ruling),
        "past_us": services.past_us(dispute),
        "form": forms.get("said") or SayForm(),
        **_appeals(request, dispute, now, forms.get("appealed")),
        "now": now,
    }


def _appeals(request: ActedRequest, dispute: Dispute, now: datetime, form: Form | None) -> dict[str, Any]:
    """What this side can still do about a ruling, or has done; its draft is its own to see."""
    until = services.appealable_until(dispute)
    if until is None:
        return {}
    side = "buyer" if dispute.buyer_id == request.org.pk else "provider"
    mine = Appeal.objects.filter(dispute=dispute, side=side).first()
    drafts = AppealDraft.objects.for_org(request.org.pk).filter(appeal=mine) if mine else None
    return {
        "appeal_until": until,
        "may_appeal": not mine and until > now and dispute.published_id and request.actor.role in MAY_PAY,
        "appeal": mine,
        "appeal_draft": drafts.first() if drafts is not None and request.actor.role in MAY_PAY else None,
        "appeal_form": form or AppealForm(currency=dispute.escrow.currency),
    }


@door.member(*MAY_PAY)
@require_POST
def appeal(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """Appeal to the DAO against the ruling; leads to the draft of the proposal."""
    dispute = found(request, public_id)
    form = AppealForm(request.POST, currency=dispute.escrow.currency)
    if form.is_valid():
        try:
            services.appeal(request.actor, dispute_id=dispute.pk, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Appealed. Complete the draft of your proposal, and propose it to the DAO."))
            return redirect("disputes:detail", org=request.org.slug, public_id=public_id)
    return render(request, "disputes/detail.html", _context(request, dispute, appealed=form), status=422)


@door.member(*services.MAY_SPEAK)
@require_POST
def say(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """An answer or further evidence."""
    dispute = found(request, public_id)
    form = SayForm(request.POST, request.FILES)
    if form.is_valid():
        said, pieces = form.cleaned_data["text"], form.cleaned_data["shown"] or []
        try:
            services.add_evidence(request.actor, dispute_id=dispute.pk, text=said, pieces=pieces)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Added. The other side and the arbiters can read it."))
            return redirect("disputes:detail", org=request.org.slug, public_id=public_id)
    return render(request, "disputes/detail.html", _context(request, dispute, said=form), status=422)


@door.member(*EVERYBODY)
@require_safe
def file(request: ActedRequest, public_id: uuid.UUID, file_id: int) -> HttpResponse:
    """A file of either side, as a download."""
    dispute = found(request, public_id)
    files = EvidenceFile.objects.for_org(request.org.pk).filter(evidence__dispute=dispute)
    return download(get_object_or_404(files, pk=file_id))


@door.member(*EVERYBODY)
@require_safe
def statement(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The very text, salt and all, whose hash opened the dispute."""
    return _as_hashed(hashes.statement_of(found(request, public_id)), "statement.json")


@door.member(*EVERYBODY)
@require_safe
def reasoning(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """The very text, salt and all, whose hash the arbiter's ruling carries."""
    return _as_hashed(hashes.reasoning_of(found(request, public_id)), "ruling.json")


def _as_hashed(text: str, name: str) -> HttpResponse:
    if not text:
        raise Http404("There is no such text.")
    answer = HttpResponse(text.encode(), content_type="application/json")
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


@door.member(*MAY_PAY)
@talk
def stop(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The transaction by which this side gives in, with what it moves in words."""
    dispute = found(request, public_id)
    wallet = checked_address(said.get("address"))
    call = services.stop_call(request.actor, dispute=dispute, address=wallet)
    return _transaction(request, dispute, call, "stop")


@door.member(*MAY_PAY)
@talk
def timeout(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The transaction that ends a dispute on which nobody ruled in time."""
    dispute = found(request, public_id)
    checked_address(said.get("address"))
    return _transaction(request, dispute, services.timeout_call(request.actor, dispute=dispute), "timeout")


def _transaction(request: ActedRequest, dispute: Dispute, call: dict[str, Any], name: str) -> dict[str, Any]:
    is_buyer, currency = dispute.buyer_id == request.org.pk, dispute.escrow.currency
    ways = services.ways_out(dispute, is_buyer=is_buyer, at=market_time())
    split = next(way.split for way in ways if way.name == name)
    words = {"net": money(split.net, currency), "refund": money(split.refund, currency)}
    say = _("Agree in your wallet. %(net)s go to the provider and %(refund)s back to the buyer.") % words
    following = reverse(f"disputes:{name}_sent", args=[request.org.slug, dispute.public_id])
    return {"transaction": call, "say": say, "chain": network(dispute.escrow.chain), "next": following}


@door.member(*MAY_PAY)
@talk
def stop_sent(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of that transaction."""
    return _noted(request, public_id, said, Purpose.CANCEL)


@door.member(*MAY_PAY)
@talk
def timeout_sent(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of that transaction."""
    return _noted(request, public_id, said, Purpose.TIMEOUT)


def _noted(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any], purpose: str) -> dict[str, Any]:
    dispute = found(request, public_id)
    wallet, tx_hash = checked_address(said.get("address")), text(said, "hash")
    services.note_way_out(request.actor, dispute=dispute, purpose=purpose, address=wallet, tx_hash=tx_hash)
    back = reverse("disputes:detail", args=[request.org.slug, public_id])
    return {"say": _("Sent. The dispute ends when its block is final."), "go": back}
