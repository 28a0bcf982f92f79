"""Votes that need a second person: which wallets, who asks, who says yes. The chain itself obeys the wallet alone."""

import uuid

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import Wallet
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_AGREE, MAY_OWN, org_of
from marketplace.organizations.models import Membership, Organization, VoteRequest, VotingWallet
from marketplace.tenancy.actor import Actor

State = VoteRequest.State


def guard_wallet(actor: Actor, *, address: str) -> VotingWallet:
    """From now on votes of this wallet, linked to the acting owner, need a second person's yes; twice is once."""
    if actor.role not in MAY_OWN:
        raise Refused(_("Only an owner decides which votes need a second person."))
    org_id = org_of(actor)
    try:
        with transaction.atomic():
            linked = Wallet.objects.select_for_update().filter(user_id=person_of(actor), address=address)
            if not linked:  # the lock keeps it from being unlinked meanwhile
                raise Refused(_("This wallet is not linked to you. Link it first; that shows that it is yours."))
            if not _others(org_id, person_of(actor)).exists():
                raise Refused(_("Nobody else here could say yes. Invite another owner or admin first."))
            org = Organization.objects.select_for_update().get(pk=org_id)
            before = VotingWallet.objects.for_org(org_id).filter(address=address).first()
            if before is not None:
                return before
            made = VotingWallet.objects.create(org=org, address=address, added_by_id=actor.user_id)
            record(actor, "vote.wallet_guarded", org, address=address)
    except IntegrityError as taken:
        raise Refused(_("This wallet votes for another organization already. Take it off there first.")) from taken
    return made


def _others(org_id: int, user_id: int) -> models.QuerySet[Membership]:
    return Membership.objects.for_org(org_id).filter(role__in=MAY_AGREE).exclude(user_id=user_id)


def release_wallet(actor: Actor, *, address: str) -> None:
    """Votes of this wallet need nobody's yes any more; the owners and admins are told. Nothing where it did not."""
    if actor.role not in MAY_OWN:
        raise Refused(_("Only an owner decides which votes need a second person."))
    with transaction.atomic():
        org = Organization.objects.select_for_update().get(pk=org_of(actor))
        if VotingWallet.objects.for_org(org.pk).filter(address=address).delete()[0]:
            record(actor, "vote.wallet_released", org, address=address)


def ask_vote(
    actor: Actor, *, address: str, chain: str, governor: str, proposal: str, support: int, reason: str, note: str
) -> VoteRequest:
    """Ask for a second person's yes to exactly this vote; the same again is the same request."""
    org_id = org_of(actor)
    vote = {"wallet": address, "chain": chain, "governor": governor, "proposal": proposal}
    choice = {"support": support, "reason": reason}
    try:
        with transaction.atomic():
            if not VotingWallet.objects.for_org(org_id).filter(address=address).exists():
                raise Refused(_("Votes of this wallet need nobody's yes here."))
            if not Wallet.objects.filter(user_id=person_of(actor), address=address).exists():
                raise Refused(_("This wallet is not linked to you. Link it first; that shows that it is yours."))
            asked = VoteRequest.objects.create(org_id=org_id, asked_by_id=actor.user_id, note=note, **vote, **choice)
            record(actor, "vote.asked", asked, request=str(asked.public_id), support=support, proposal=proposal)
    except IntegrityError:
        before = VoteRequest.objects.for_org(org_id).filter(**vote, state=State.WAITING).first()
        if before is None or (before.support, before.reason) != (support, reason):
            raise Refused(_("Another vote on this proposal waits for an answer. Take that back first.")) from None
        return before
    return asked


def decide_vote(actor: Actor, *, public_id: uuid.UUID, approve: bool, answer: str) -> VoteRequest:
    """Another owner or admin says yes, or no with a reason; never who asked."""
    if actor.role not in MAY_AGREE:
        raise Refused(_("Only an owner or an admin decides about this."))
    if not approve and not answer.strip():
        raise Refused(_("Say why, so that the person who asked knows what to do."))
    with transaction.atomic():
        asked = _locked(actor, public_id)
        if asked.asked_by_id == actor.user_id:
            raise Refused(_("You asked for this yourself, so somebody else has to answer."))
        decided = {"decided_by_id": actor.user_id, "decided_at": timezone.now(), "answer": answer.strip()}
        asked.move(State.APPROVED if approve else State.DECLINED, **decided)
        record(
            actor,
            "vote.approved" if approve else "vote.declined",
            asked,
            request=str(public_id),
            user_id=asked.asked_by_id,
        )
    return asked


def withdraw_vote(actor: Actor, *, public_id: uuid.UUID) -> VoteRequest:
    """Take a request back, by who asked; a yes to it counts no longer."""
    with transaction.atomic():
        asked = _locked(actor, public_id)
        if asked.asked_by_id != actor.user_id:
            raise Refused(_("Only who asked can take this back."))
        asked.move(State.WITHDRAWN)
        record(actor, "vote.withdrawn", asked, request=str(public_id))
    return asked


def _locked(actor: Actor, public_id: uuid.UUID) -> VoteRequest:
    rows = VoteRequest.objects.for_org(org_of(actor)).select_for_update(of=("self",))
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Refused(_("Your organization has no such request."))
    return found
