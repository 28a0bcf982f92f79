"""The arbiters' console: disputes on the left by the time that is left, the case on the right."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import Wallet
from marketplace.audit.services import record
from marketplace.disputes import services
from marketplace.disputes.figures import split
from marketplace.disputes.forms import RulingForm
from marketplace.disputes.models import Dispute, EvidenceFile, Ruling
from marketplace.disputes.timeline import timeline
from marketplace.escrow.evidence.bundle import gathered
from marketplace.escrow.services import checked_address
from marketplace.escrow.views.evidence import zipped
from marketplace.escrow.views.wallets import network, talk, text
from marketplace.lifecycle import Refused
from marketplace.organizations.downloads import download
from marketplace.organizations.models import Membership
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.records import records_of
from marketplace.subscriptions.words import money
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

MOST_SHOWN = 100
PROPOSALS = {"propose", "propose_for_wallet"}
DECISIONS = {*PROPOSALS, "confirm", "confirm_for_wallet", "by_key", "withdraw", "note"}
SHARES = (0, 2_500, 5_000, 7_500, 10_000)


def _queue() -> dict[str, Any]:
    undecided = Dispute.objects.undecided().select_related("order__listing", "escrow__currency", "buyer", "provider")
    ended = Dispute.objects.filter(state=Dispute.State.RESOLVED).select_related("order__listing", "escrow__currency")
    proposed = Ruling.objects.filter(state=Ruling.State.PROPOSED).values_list("dispute_id", flat=True)
    return {
        "queue": list(undecided[:MOST_SHOWN]),
        "waiting": undecided.count(),
        "proposed": set(proposed),
        "latest": ended.order_by("-resolved_at")[:10],
    }


@door.moderator
@require_GET
def queue(request: ActedRequest) -> HttpResponse:
    """What waits, the least time first, and what ended last."""
    return render(request, "disputes/console.html", _queue())


def _found(public_id: uuid.UUID) -> Dispute:
    opened = Dispute.objects.exclude(provider=None).select_related(
        "order__listing", "order__subscription", "order__plan", "order__currency", "order__buyer", "order__provider",
        "escrow__currency", "buyer", "provider",
    )  # fmt: skip
    return get_object_or_404(opened, public_id=public_id)


@door.moderator
@require_http_methods(["GET", "POST"])
def case(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """One dispute with all that is needed to decide it; a ruling is looked at in figures before it is proposed."""
    dispute = _found(public_id)
    action = request.POST.get("action", "")
    form = RulingForm(request.POST if action in {"look", *PROPOSALS} else None)
    if action in DECISIONS:
        door.be_fresh(request)
    looked = None
    if action in {"look", *PROPOSALS} and form.is_valid():
        looked = split(dispute.escrow, form.cleaned_data["share"], market_time())
    if action in DECISIONS and (action not in PROPOSALS or looked):
        try:
            said = _decide(request, dispute, action, form)
        except Refused as refused:
            form.add_error(None, str(refused)) if form.is_bound else messages.error(request, str(refused))
        else:
            messages.success(request, said)
            return redirect("disputes:case", public_id=public_id)
    is_wrong = request.method == "POST" and (action != "look" or not looked)
    context = {**_queue(), **_facts(request, dispute), "form": form, "looked": looked}
    if request.htmx and "waiting" in request.GET and not context["moving"]:
        return HttpResponse(headers={"HX-Refresh": "true"})
    partial = "#carrying" if request.htmx and "waiting" in request.GET else ""
    return render(request, "disputes/case.html" + partial, context, status=422 if is_wrong else 200)


@door.moderator
@talk
def resolve(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The transaction by which an arbiter's wallet carries out what is decided, with what it moves in words."""
    dispute = _found(public_id)
    wallet, escrow = checked_address(said.get("address")), dispute.escrow
    call = services.resolve_call(request.actor, dispute_id=dispute.pk, address=wallet)
    ruling = Ruling.objects.get(dispute=dispute, state__in=[Ruling.State.DECIDED, Ruling.State.SENT])
    due = split(escrow, ruling.provider_bps, market_time())
    words = {"net": money(due.net, escrow.currency), "refund": money(due.refund, escrow.currency)}
    say = _("Agree in your wallet. %(net)s go to the provider and %(refund)s back to the buyer.") % words
    following = reverse("disputes:resolved", args=[public_id])
    return {"transaction": call, "say": say, "chain": network(escrow.chain), "next": following}


@door.moderator
@talk
def resolved(request: ActedRequest, public_id: uuid.UUID, said: dict[str, Any]) -> dict[str, Any]:
    """The hash of that transaction."""
    wallet, tx_hash = checked_address(said.get("address")), text(said, "hash")
    services.note_resolving(request.actor, dispute_id=_found(public_id).pk, address=wallet, tx_hash=tx_hash)
    say = _("Sent. The dispute ends when its block is final.")
    return {"say": say, "go": reverse("disputes:case", args=[public_id])}


def _decide(request: ActedRequest, dispute: Dispute, action: str, form: RulingForm) -> str:
    """What the moderator asked for, done; the sentence that says so."""
    actor, by_wallet = request.actor, action.endswith("_for_wallet")
    if action == "withdraw":
        services.withdraw(actor, dispute_id=dispute.pk)
        return _("Taken back. Another ruling can be proposed.")
    if action == "note":
        services.note_difference(actor, dispute_id=dispute.pk)
        return _("Noted. The alarm is over; what both sides see stays.")
    if action == "by_key":
        services.send_by_key(actor, dispute_id=dispute.pk)
        return _("The ruling goes to the contract now, by the market's key.")
    if action in PROPOSALS:
        share, reasons = form.cleaned_data["share"], form.cleaned_data["reasons"]
        said: dict[str, Any] = {"provider_bps": share, "reasons": reasons, "by_wallet": by_wallet}
        ruling = services.propose(actor, dispute_id=dispute.pk, **said)
    else:
        ruling = services.confirm(actor, dispute_id=dispute.pk, by_wallet=by_wallet)
    if ruling.state == Ruling.State.PROPOSED:
        return _("Proposed. Another moderator has to confirm it.")
    if ruling.state == Ruling.State.DECIDED:
        return _("Decided. An arbiter's wallet sends it to the contract: here, below.")
    return _("Decided. The ruling goes to the contract now.")


def _facts(request: ActedRequest, dispute: Dispute) -> dict[str, Any]:
    escrow, now = dispute.escrow, market_time()

    def address(file: EvidenceFile) -> str:
        return reverse("disputes:case_file", args=[dispute.public_id, file.pk])

    rulings = Ruling.objects.filter(dispute=dispute).select_related("proposed_by", "confirmed_by", "sending")
    standing = rulings.select_related("dispute__escrow").filter(state__in=Ruling.STANDING).first()
    members = Membership.objects.filter(org_id__in=[dispute.buyer_id, dispute.provider_id])
    person = person_of(request.actor)
    return {
        "case": dispute,
        "order": dispute.order,
        "escrow": escrow,
        "evidence": gathered(dispute.order),
        "events": timeline(dispute, address=address),
        "records": records_of(dispute.order.subscription),
        "shares": [(share, split(escrow, share, now)) for share in SHARES],
        "standing": standing,
        "standing_split": split(escrow, standing.provider_bps, now) if standing else None,
        "failed": rulings.filter(state=Ruling.State.FAILED).order_by("-pk"),
        "is_own": members.filter(user_id=person).exists(),
        "is_mine": standing is not None and standing.proposed_by_id == person,
        "may_rule": dispute.may_be_ruled(now) and escrow.ruling_due_at is not None and now < escrow.ruling_due_at,
        "is_open": dispute.state in Dispute.UNDECIDED,
        "arbiter": services.arbiter_address(escrow),
        "wallets": services.arbiter_wallets(escrow),
        "own": set(Wallet.objects.held_by(person).values_list("address", flat=True)),
        "life": services.wallet_life(standing) if standing else None,
        "moving": standing is not None and services.is_moving(standing),
        "past_us": services.past_us(dispute),
        "alone_up_to": settings.DISPUTE_ALONE_UP_TO * 10**escrow.currency.decimals,
        "now": now,
    }


@door.moderator
@require_safe
def file(request: ActedRequest, public_id: uuid.UUID, file_id: int) -> HttpResponse:
    """A file of either side, as a download; who read it is on record with both."""
    dispute = _found(public_id)
    shown = get_object_or_404(EvidenceFile.objects.filter(evidence__dispute=dispute), pk=file_id)
    for org_id in sorted({dispute.buyer_id, dispute.provider_id or dispute.buyer_id}):
        record(request.actor, "dispute.file_read", dispute.order, org_id=org_id, file=shown.pk)
    return download(shown)


@door.moderator
@require_safe
def evidence(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """All that proves the order, as both of its sides can download it; who read it is on record with both."""
    dispute = _found(public_id)
    if not gathered(dispute.order).is_whole:
        messages.info(request, _("The proofs are still being gathered. Try again in a few seconds."))
        return redirect("disputes:case", public_id=public_id)
    for org_id in sorted({dispute.buyer_id, dispute.provider_id or dispute.buyer_id}):
        record(request.actor, "dispute.evidence_read", dispute.order, org_id=org_id)
    return zipped(dispute.order)
