"""Ask people in by e-mail: one address, one role, one use, one week."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import User
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_MANAGE
from marketplace.organizations.models import Invitation, Membership, Organization
from marketplace.organizations.services.locking import locked
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

State = Invitation.State
MOST_OPEN: Final = 25
MOST_A_DAY: Final = 50
GONE: Final = gettext_lazy("This invitation does not work any more. It works once and for a week; ask for a new one.")
ELSEWHERE: Final = gettext_lazy(
    "This invitation was sent to another e-mail address. Sign in with that one, or ask to be invited at yours."
)


def token_of(invitation: Invitation) -> str:
    """The secret of the link: made anew whenever it is needed, so that no row holds it."""
    made = salted_hmac("marketplace.organizations.invitation", invitation.nonce, algorithm="sha256")
    return made.hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def invite(actor: Actor, *, email: str, role: str) -> Invitation:
    """Ask the reader of `email` to join with `role`; the clock sends the e-mail. Owners are made, not invited."""
    email = email.strip().lower()
    if role not in dict(Invitation._meta.get_field("role").flatchoices):
        raise Refused(_("Invite with another role. An owner can make a member an owner afterwards."))
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        if Membership.objects.for_org(org.pk).filter(user__email=email).exists():
            raise Refused(_("%(email)s is a member already.") % {"email": email})
        asked = Invitation.objects.for_org(org.pk).open()
        if asked.filter(email=email).exists():
            raise Refused(
                _("%(email)s has been invited already. You can send the invitation again.") % {"email": email}
            )
        if asked.count() >= MOST_OPEN:
            raise Refused(
                _("%(MOST_OPEN)s invitations are open. Take one back before you send another.")
                % {"MOST_OPEN": MOST_OPEN}
            )
        _not_too_many(actor)
        now = timezone.now()
        invitation = Invitation(org=org, email=email, role=role, invited_by_id=actor.user_id, invited_at=now)
        invitation.nonce, invitation.expires_at = secrets.token_urlsafe(24), now + Invitation.LIFETIME
        invitation.digest = _digest(token_of(invitation))
        invitation.save(force_insert=True)
        record(actor, "member.invited", invitation, role=role)
    return invitation


def invite_all(actor: Actor, *, people: Iterable[tuple[str, str]]) -> list[Invitation]:
    """Invite several, each with an address and a role: all of them, or nobody when one is refused."""
    with transaction.atomic():
        return [invite(actor, email=email, role=role) for email, role in people]


def _not_too_many(actor: Actor) -> None:
    """Nobody writes to the whole world through us, however many organizations they found."""
    with as_system("what a person has sent is counted over all their organizations"):
        since = timezone.now() - timedelta(days=1)
        sent = Invitation.objects.filter(invited_by_id=person_of(actor), invited_at__gt=since).count()
    if sent >= MOST_A_DAY:
        raise Refused(
            _("You have sent %(MOST_A_DAY)s invitations in the last 24 hours. Please go on later.")
            % {"MOST_A_DAY": MOST_A_DAY}
        )


def _mine(org: Organization, invitation_id: int) -> Invitation:
    found = Invitation.objects.for_org(org.pk).open().select_for_update().filter(pk=invitation_id).first()
    if found is None:
        raise Refused(_("This invitation was accepted or taken back already."))
    return found


def resend_invitation(actor: Actor, *, invitation_id: int) -> Invitation:
    """Send the same link once more; it works for another week."""
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        invitation, now = _mine(org, invitation_id), timezone.now()
        if invitation.mailed_at and now < invitation.mailed_at + timedelta(minutes=5):
            raise Refused(_("We sent it a moment ago. It can take a few minutes to arrive."))
        invitation.expires_at, invitation.mailed_at, invitation.mail_due_at = now + Invitation.LIFETIME, None, now
        invitation.save(update_fields=["expires_at", "mailed_at", "mail_due_at"])
        record(actor, "invitation.resent", invitation, role=invitation.role)
    return invitation


def revoke_invitation(actor: Actor, *, invitation_id: int) -> Invitation:
    """Take an invitation back; its link stops working."""
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        invitation = _mine(org, invitation_id)
        invitation.move(State.REVOKED, closed_at=timezone.now())
        record(actor, "invitation.revoked", invitation, role=invitation.role)
    return invitation


def read_invitation(*, token: str) -> Invitation:
    """The open invitation behind a link, with its organization; raises Refused, in the same words, for any other."""
    with transaction.atomic(), as_system("whoever was invited is no member yet"):
        found = Invitation.objects.select_related("org").filter(digest=_digest(token)).first()
    if found is None or not found.is_good(timezone.now()):
        raise Refused(GONE)
    return found


def accept_invitation(actor: Actor, *, token: str) -> Organization:
    """Join. The link shows that the actor reads the address, which has to be that of the actor's account.

    Accepted twice by the same person it has happened once; by anybody else it is refused.
    """
    person = person_of(actor)
    with transaction.atomic(), as_system("whoever was invited is no member yet"):
        found = Invitation.objects.filter(digest=_digest(token)).first()
        if found is None:
            raise Refused(GONE)
        org = Organization.objects.select_for_update().get(pk=found.org_id)
        invitation = Invitation.objects.select_for_update().get(pk=found.pk)
        member = Membership.objects.for_org(org.pk).filter(user_id=person).first()
        if member and invitation.accepted_by_id == person:
            return org
        now = timezone.now()
        if not invitation.is_good(now):
            raise Refused(GONE)
        if User.objects.get(pk=person).email != invitation.email:
            raise Refused(ELSEWHERE)
        EmailAddress.objects.filter(user_id=person, email__iexact=invitation.email).update(verified=True)
        if member is None:
            member = Membership.objects.create(org=org, user_id=person, role=invitation.role)
        invitation.move(State.ACCEPTED, accepted_by_id=person, closed_at=now)
        joined = Actor(person, org.pk, member.role)
        record(joined, "member.joined", member, user_id=person, role=member.role, invitation_id=invitation.pk)
    return org
