"""Appeal to the DAO against a ruling: a draft of a proposal with the public facts, which its author completes.

The ruling's money has moved for good, so a vote is asked for what it can still do. The DAO is reached through two hooks
of the settings, and follows by itself: these rows only note what its pages say.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import formats
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.disputes.models import Appeal, AppealDraft, Dispute, Evidence, PublishedRuling
from marketplace.disputes.services.deciding import facts_of
from marketplace.disputes.services.saying import locked
from marketplace.escrow.models import Arbiter
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.telling import tell_both
from marketplace.subscriptions.words import money, percent
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

Side, State, Remedy = Evidence.Side, Appeal.State, Appeal.Remedy
ENDED: Final = {"accepted": State.ACCEPTED, "rejected": State.REJECTED}
Hook = Callable[..., Any]


def _hook(name: str) -> Hook | None:
    path = getattr(settings, name, "")
    return import_string(path) if path else None


def appealable_until(dispute: Dispute) -> datetime | None:
    """Until when a side may appeal; None for a dispute that no arbiter has ruled on, or without a DAO to appeal to."""
    if (
        dispute.outcome != Dispute.Outcome.RULED
        or dispute.resolved_at is None
        or not getattr(settings, "APPEAL_HOOK", "")
    ):
        return None
    return dispute.resolved_at + timedelta(days=settings.DISPUTE_APPEAL_DAYS)


def may_dismiss(dispute: Dispute) -> bool:
    """Whether the arbiter who ruled still is one, so that a vote can dismiss them."""
    escrow = dispute.escrow
    named = Arbiter.objects.filter(chain=escrow.chain, contract=escrow.contract, address=escrow.arbiter)
    return named.filter(allowed=True).exists()


def appeal(actor: Actor, *, dispute_id: int, remedy: str, text: str, amount: int = 0) -> Appeal:
    """Appeal once for the actor's side; leaves a draft of a proposal. `amount`: a compensation in base units.

    The same sent twice is made once. Raises Refused for a dispute without a ruling, after the days that the market
    gives, for more than was contested, and while the DAO takes no draft.
    """
    text = text.strip()
    if remedy not in Remedy.values or not text:
        raise Refused(_("Say what the DAO should do, and why."))
    with transaction.atomic():
        dispute = locked(actor, dispute_id)
        side = Side.BUYER if dispute.buyer_id == actor.org_id else Side.PROVIDER
        if before := Appeal.objects.filter(dispute=dispute, side=side).first():
            if (before.remedy, before.text, int(before.amount)) == (remedy, text, amount):
                return before
            raise Refused(_("Your side has appealed already. Its draft can still be changed."))
        _check(dispute, remedy, amount)
        org_id = org_of(actor)
        both = {"buyer_id": dispute.buyer_id, "provider_id": dispute.provider_id, "org_id": org_id}
        asked = {"remedy": remedy, "text": text, "amount": amount, "filed_at": market_time()}
        made = Appeal.objects.create(dispute=dispute, side=side, filed_by_id=person_of(actor), **asked, **both)
        AppealDraft.objects.create(org_id=org_id, appeal=made, path=_drafted(dispute, made))
        PublishedRuling.objects.filter(pk=dispute.published_id or 0).update(appealed=True)
        _tell(actor, dispute)
    return made


def _check(dispute: Dispute, remedy: str, amount: int) -> None:
    until = appealable_until(dispute)
    if until is None or dispute.published is None:
        raise Refused(_("Only a ruling of an arbiter can be appealed against, when it is carried out."))
    if until <= market_time():
        raise Refused(_("The time to appeal is over."))
    if (remedy == Remedy.DISMISS) != (amount == 0) or not 0 <= amount <= int(dispute.contested or 0):
        words = {"most": money(int(dispute.contested or 0), dispute.escrow.currency)}
        raise Refused(_("Name an amount of at most %(most)s, what was contested, or ask for none.") % words)
    if remedy != Remedy.PAY and not may_dismiss(dispute):
        raise Refused(_("This arbiter has been dismissed already. Ask for a compensation."))


def _drafted(dispute: Dispute, made: Appeal) -> str:
    """The path of the draft that the DAO's pages keep; raises Refused with their no."""
    begin = _hook("APPEAL_HOOK")
    assert begin is not None  # noqa: S101  (`_check` has looked)
    at = formats.date_format(dispute.published.resolved_at, "DATE_FORMAT")  # type: ignore[union-attr]
    title = _("Appeal against the ruling of %(date)s") % {"date": at}
    answer = begin(origin=made.origin, title=title, why=_public(dispute, made), calls=_calls(dispute, made))
    if "path" not in answer:
        raise Refused(answer["no"])
    return str(answer["path"])


def _calls(dispute: Dispute, made: Appeal) -> list[dict[str, Any]]:
    escrow = dispute.escrow
    found: list[dict[str, Any]] = []
    if made.remedy != Remedy.PAY:
        found.append({"kind": "dismiss", "account": escrow.arbiter})
    if made.amount:
        to = escrow.buyer_address if made.side == Side.BUYER else escrow.provider_address
        found.append({"kind": "pay", "token": escrow.currency.address, "to": to, "units": int(made.amount)})
    return found


def _public(dispute: Dispute, made: Appeal) -> str:
    """What everybody may read of it: the chain's facts, hashes, the log's address; nothing that was said or shown."""
    row, currency = dispute.published, dispute.escrow.currency
    assert row is not None  # noqa: S101  (`_check` has looked)
    words = {
        "contested": money(int(row.contested), currency),
        "share": percent(row.provider_bps),
        "net": money(int(row.net), currency),
        "refund": money(int(row.refund), currency),
        "about": row.get_category_display(),
        "arbiter": row.arbiter,
        "tx": row.tx_hash,
        "evidence": dispute.evidence_hash,
        "reasons": row.ruling_hash,
        "log": f"{settings.BASE_URL}{reverse('disputes:rulings')}?before={row.pk + 1}",
    }
    lines = [
        _("A ruling on a dispute at this market is appealed against. What is public of it:"),
        "\n".join(
            f"- {line % words}"
            for line in (
                _("About: %(about)s"),
                _("Contested: %(contested)s, of which %(share)s %% went to the provider"),
                _("To the provider %(net)s, back to the buyer %(refund)s"),
                _("The arbiter: %(arbiter)s"),
                _("The transaction: %(tx)s"),
                _("Hash of what the buyer said: %(evidence)s"),
                _("Hash of the arbiter's reasons: %(reasons)s"),
                _("In the public log: %(log)s"),
            )
        ),
        _("The contract's split is final. A vote can dismiss the arbiter, or pay from the treasury."),
    ]
    return "\n\n".join(lines)


def _tell(actor: Actor, dispute: Dispute) -> None:
    """An entry in each side's chain, in the order of the organizations."""
    for org_id in sorted(filter(None, (dispute.buyer_id, dispute.provider_id))):
        if org_id == actor.org_id:
            record(actor, "appeal.filed", dispute.order, **facts_of(dispute))
            continue
        with as_system("the other side is told of the appeal"):
            record(actor, "appeal.received", dispute.order, org_id=org_id, **facts_of(dispute))


def pending_appeals() -> Any:
    """Those of which the DAO may have something to say."""
    return Appeal.objects.pending()


def follow_appeal(appeal_key: int) -> bool:
    """Note what the DAO's pages say of its draft and its proposal; both sides are told of each step."""
    ask = _hook("APPEAL_STANDING_HOOK")
    appeals = Appeal.objects.select_related("dispute__order").select_for_update(of=("self",))
    made = appeals.get(pk=appeal_key)
    if ask is None or made.state not in (State.FILED, State.PROPOSED):
        return False
    found = ask(made.origin)
    if found is None:
        return _moved(made, State.LAPSED, "appeal.lapsed") if made.state == State.FILED else False
    if made.state == State.FILED and found["path"]:
        also = {"proposal_path": found["path"], "proposed_at": market_time()}
        return _moved(made, State.PROPOSED, "appeal.proposed", **also)
    if made.state == State.PROPOSED and found["state"] in ENDED:
        to = ENDED[found["state"]]
        return _moved(
            made, to, "appeal.accepted" if to == State.ACCEPTED else "appeal.rejected", ended_at=market_time()
        )
    return False


def _moved(made: Appeal, to: str, verb: str, **also: Any) -> bool:
    made.move(to, **({"ended_at": market_time()} if to == State.LAPSED else {}), **also)
    tell_both([(verb, made.dispute.order, {"dispute": str(made.dispute.public_id)})])
    return True
