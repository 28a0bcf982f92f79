"""Rule on a dispute: proposed with reasons, above a limit confirmed by somebody else, then handed to the contract.

The market's arbiter key carries it out: whoever the vote has made an arbiter, under the role `arbiter` of the outbox.
All that happens to the ruling of a dispute happens under the lock of the dispute's row.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from eth_utils.address import is_address, to_checksum_address

from chain import abi, outbox
from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.disputes import hashing
from marketplace.disputes.figures import ALL_BPS, split
from marketplace.disputes.models import Dispute, Ruling
from marketplace.escrow.models import Arbiter, Escrow
from marketplace.lifecycle import Refused
from marketplace.organizations.models import Membership
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor

ROLE = "arbiter"
State = Ruling.State


def arbiter_address(escrow: Escrow) -> str:
    """The account that rules for this market, if a vote has made it an arbiter of the contract; or an empty text."""
    address = settings.RELAYER_ROLES.get(ROLE, "")
    if not is_address(address):
        return ""
    address = to_checksum_address(address)
    allowed = Arbiter.objects.filter(chain=escrow.chain, contract=escrow.contract, address=address, allowed=True)
    return address if allowed.exists() else ""


def propose(actor: Actor, *, dispute_id: int, provider_bps: int, reasons: str) -> Ruling:
    """Propose how to split what is contested; up to the limit it is handed to the contract at once.

    The same proposal sent twice is made once. Raises Refused for who is no moderator or belongs to a side, before the
    provider had its time, after the arbiter's, and while another ruling stands.
    """
    reasons = reasons.strip()
    if not 0 <= provider_bps <= ALL_BPS or not reasons:
        raise Refused(_("Say which share the provider gets, and give your reasons. Both sides read them."))
    with transaction.atomic():
        dispute = _locked(actor, dispute_id)
        if before := _standing(dispute):
            if (before.proposed_by_id, before.provider_bps, before.reasons) == (actor.user_id, provider_bps, reasons):
                return before
            raise Refused(_("A ruling on this dispute stands already. Open the case again to see it."))
        _rulable(dispute)
        escrow, salt = dispute.escrow, hashing.new_salt()
        contested = split(escrow, provider_bps, market_time()).contested
        words = hashing.reasoning(escrow_id=escrow.escrow_id, provider_bps=provider_bps, reasons=reasons, salt=salt)
        ruling = Ruling.objects.create(
            dispute=dispute,
            provider_bps=provider_bps,
            reasons=reasons,
            salt=salt,
            ruling_hash=hashing.bytes32(words),
            contested=contested,
            needs_second=contested > settings.DISPUTE_ALONE_UP_TO * 10**escrow.currency.decimals,
            proposed_by_id=person_of(actor),
        )
        if dispute.state != Dispute.State.ESCALATED:
            dispute.move(Dispute.State.ESCALATED)
        facts = {"ruling": ruling.pk, **_facts(dispute)}
        record(actor, "ruling.proposed" if ruling.needs_second else "ruling.decided", dispute.order, **facts)
        if not ruling.needs_second:
            _hand_over(actor, dispute, ruling)
    return ruling


def confirm(actor: Actor, *, dispute_id: int) -> Ruling:
    """The second pair of eyes: hand what a colleague has proposed to the contract. Confirmed twice, it is sent once."""
    with transaction.atomic():
        dispute = _locked(actor, dispute_id)
        ruling = _standing(dispute)
        if ruling is None:
            raise Refused(_("There is no proposal to confirm any more."))
        if ruling.state != State.PROPOSED:
            return ruling
        if ruling.proposed_by_id == person_of(actor):
            raise Refused(_("You have proposed this yourself. Another moderator has to confirm it."))
        _rulable(dispute)
        _hand_over(actor, dispute, ruling)
    return ruling


def withdraw(actor: Actor, *, dispute_id: int) -> None:
    """Take back what is proposed and not confirmed, so that another ruling can be proposed; any moderator may."""
    with transaction.atomic():
        dispute = _locked(actor, dispute_id)
        ruling = _standing(dispute)
        if ruling is None or ruling.state != State.PROPOSED:
            raise Refused(_("There is no proposal to take back any more."))
        ruling.move(State.WITHDRAWN)
        record(actor, "ruling.withdrawn", dispute.order, ruling=ruling.pk, **_facts(dispute))


def _locked(actor: Actor, dispute_id: int) -> Dispute:
    """The dispute, for a moderator of neither side."""
    if actor.role != "moderator":
        raise Refused(_("Only moderators decide about cases."))
    disputes = Dispute.objects.select_related("order", "escrow__currency").select_for_update(of=("self",))
    dispute = disputes.get(pk=dispute_id)
    sides = [dispute.buyer_id, dispute.provider_id]
    if Membership.objects.filter(org_id__in=sides, user_id=person_of(actor)).exists():
        raise Refused(_("You belong to one of the two sides. Somebody else has to decide this."))
    return dispute


def _standing(dispute: Dispute) -> Ruling | None:
    standing = Ruling.objects.filter(dispute=dispute, state__in=[State.PROPOSED, State.SENT, State.DONE])
    return standing.select_for_update(of=("self",)).first()


def _rulable(dispute: Dispute) -> None:
    """Raise Refused unless the contract would take a ruling now, and the provider had its time."""
    now, escrow = market_time(), dispute.escrow
    if dispute.state not in Dispute.UNDECIDED or escrow.state != Escrow.State.DISPUTED:
        raise Refused(_("This dispute has ended. There is nothing left to decide."))
    if escrow.ruling_due_at is None or escrow.ruling_due_at <= now:
        raise Refused(_("The time for a ruling is over. Anybody can end the dispute now, as the contract says."))
    if not dispute.may_be_ruled(now):
        raise Refused(_("The provider still has time to answer. Rule when they have, or when their time is over."))
    if not arbiter_address(escrow):
        raise Refused(_("The market's arbiter account is not set up, or no vote has made it an arbiter."))


def _hand_over(actor: Actor, dispute: Dispute, ruling: Ruling) -> None:
    """Leave `resolve` to be sent, and let both sides read the ruling. The final log alone says that it was done."""
    escrow = dispute.escrow
    call = (escrow.escrow_id, ruling.provider_bps, ruling.ruling_hash)
    sending = outbox.submit(
        key=f"ruling:{dispute.public_id}:{ruling.pk}",
        to=escrow.contract,
        data=abi.encode_call("MarketEscrow", "resolve", *call),
        chain=escrow.chain,
        sender=ROLE,
        urgent=True,
    )
    sides = {"buyer_id": dispute.buyer_id, "provider_id": dispute.provider_id}
    signed = {"confirmed_by_id": person_of(actor), "confirmed_at": market_time()}
    ruling.move(State.SENT, sending_id=sending.pk, **signed, **sides)
    for org_id in sorted(filter(None, sides.values())):
        facts = {"ruling": ruling.pk, "ruling_hash": ruling.ruling_hash, **_facts(dispute)}
        record(actor, "ruling.confirmed", dispute.order, org_id=org_id, **facts)


def _facts(dispute: Dispute) -> dict[str, Any]:
    return {"order": str(dispute.order.public_id), "dispute": str(dispute.public_id)}
