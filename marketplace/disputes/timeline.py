"""What happened in a dispute, oldest first, as both sides and the arbiters see it."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from marketplace.disputes.models import Appeal, Dispute, Evidence, EvidenceFile, Ruling
from marketplace.disputes.services.differing import past_us
from marketplace.subscriptions.words import money, percent

Event = dict[str, Any]
Address = Callable[[EvidenceFile], str]
ICONS = {"statement": "scale", "answer": "reply", "further": "file-plus"}


def timeline(dispute: Dispute, *, address: Address) -> list[Event]:
    """The events with their words and files; `address` says where this reader downloads a file."""
    events = [*_said(dispute, address), *_opened(dispute), *_ruled(dispute), *_ended(dispute), *_appealed(dispute)]
    return sorted(events, key=lambda event: event["at"])


def _said(dispute: Dispute, address: Address) -> Iterator[Event]:
    said = Evidence.objects.filter(dispute=dispute).select_related("added_by").prefetch_related("files")
    for each in said:
        who = dispute.buyer if each.side == Evidence.Side.BUYER else dispute.provider
        is_statement = each.part == Evidence.Part.STATEMENT
        yield {
            "what": _("%(side)s: %(part)s") % {"side": who or "", "part": each.get_part_display()},
            "says": each.text,
            "files": [(file, address(file)) for file in each.files.all()],
            "at": dispute.opened_at if is_statement and dispute.opened_at else each.added_at,
            "icon": ICONS[each.part],
            "tone": "wait" if is_statement else "",
        }


def _opened(dispute: Dispute) -> Iterator[Event]:
    if dispute.opened_at and dispute.category == Dispute.Category.UNSAID:
        yield {
            "what": _("Opened on the chain, without a text"),
            "more": _(
                "The buyer's wallet called the contract directly. The hash that it left there is of nothing that was "
                "written here; the buyer can still add evidence."
            ),
            "at": dispute.opened_at,
            "icon": "scale",
            "tone": "wait",
        }


def _ruled(dispute: Dispute) -> Iterator[Event]:
    told = Ruling.objects.filter(dispute=dispute, provider__isnull=False).exclude(state=Ruling.State.FAILED)
    for ruling in told:
        share = percent(ruling.provider_bps)
        yield {
            "what": _("An arbiter decided: %(share)s %% of what is contested to the provider") % {"share": share},
            "says": ruling.reasons,
            "at": ruling.confirmed_at,
            "icon": "gavel",
        }


def _ended(dispute: Dispute) -> Iterator[Event]:
    if dispute.resolved_at is None:
        return
    currency = dispute.escrow.currency
    net, fee, refund = (money(int(sum_ or 0), currency) for sum_ in (dispute.net, dispute.fee, dispute.refund))
    words = {"net": net, "fee": fee, "refund": refund}
    more = _ended_past_us(dispute)
    if more:
        yield {"what": more[0], "more": more[1], "at": dispute.resolved_at, "icon": "triangle-alert", "tone": "wait"}
    yield {
        "what": dispute.get_outcome_display(),
        "more": _("%(net)s to the provider, %(fee)s fee to the market, %(refund)s back to the buyer.") % words,
        "at": dispute.resolved_at,
        "icon": "circle-check",
        "tone": "good",
    }


def _appealed(dispute: Dispute) -> Iterator[Event]:
    for appeal in Appeal.objects.filter(dispute=dispute).select_related("buyer", "provider"):
        who = appeal.buyer if appeal.side == Evidence.Side.BUYER else appeal.provider
        asked = appeal.get_remedy_display()
        if appeal.amount:
            asked = _("%(what)s: %(amount)s") % {
                "what": asked,
                "amount": money(int(appeal.amount), dispute.escrow.currency),
            }
        yield {
            "what": _("%(side)s appeals to the DAO") % {"side": who},
            "more": asked,
            "says": appeal.text,
            "at": appeal.filed_at,
            "icon": "megaphone",
        }
        if appeal.proposed_at:
            yield {
                "what": _("The appeal of %(side)s is proposed to the DAO") % {"side": who},
                "link": (appeal.proposal_path, _("Open the proposal and its votes")),
                "at": appeal.proposed_at,
                "icon": "landmark",
                "tone": "wait",
            }
        if appeal.ended_at:
            yield {
                "what": _("The appeal of %(side)s: %(state)s") % {"side": who, "state": appeal.get_state_display()},
                "at": appeal.ended_at,
                "icon": "circle-check" if appeal.state == Appeal.State.ACCEPTED else "circle-x",
            }


def _ended_past_us(dispute: Dispute) -> tuple[str, str] | None:
    """What the contract says of a ruling, and what was decided here, when these are not the same."""
    found = past_us(dispute)
    if found is None:
        return None
    words = {"share": percent(found.provider_bps), "wallet": found.arbiter}
    what = _("The contract says: %(share)s %% of what was contested to the provider, by the arbiter %(wallet)s") % words
    if found.decided_bps is None:
        return what, _("Nobody decided so at this market. The contract decides where the money goes, and it counts.")
    more = _("Decided here was %(share)s %%. The contract decides where the money goes, and it counts.")
    return what, more % {"share": percent(found.decided_bps)}
