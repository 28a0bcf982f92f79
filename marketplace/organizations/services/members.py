"""People change roles, hand an organization over, and leave; somebody always owns it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_MANAGE, MAY_OWN, Role
from marketplace.organizations.models import Invitation, Membership, Organization
from marketplace.organizations.services.locking import locked
from marketplace.tenancy.actor import Actor

LAST_OWNER = gettext_lazy("An organization needs an owner. Make somebody else an owner first.")


def change_role(actor: Actor, *, membership_id: int, role: str) -> Membership:
    """Give a member another role. Only owners make and unmake owners, and one of them stays."""
    with transaction.atomic():
        org, mine = locked(actor, needs=MAY_MANAGE)
        theirs = _member(org, membership_id)
        if Role.OWNER in (role, theirs.role) and mine.role not in MAY_OWN:
            raise Refused(_("Only an owner makes or unmakes owners."))
        if theirs.role == role:
            return theirs
        if theirs.role == Role.OWNER:
            _another_owner(org, theirs)
        before, theirs.role = theirs.role, Role(role)
        theirs.save(update_fields=["role"])
        record(actor, "member.role_changed", theirs, user_id=theirs.user_id, before=before, role=role)
    return theirs


def transfer_ownership(actor: Actor, *, membership_id: int) -> Membership:
    """Make a member the owner in the acting owner's place, who becomes an administrator."""
    with transaction.atomic():
        org, mine = locked(actor, needs=MAY_OWN)
        theirs = _member(org, membership_id)
        if theirs.pk == mine.pk:
            raise Refused(_("You are an owner already."))
        theirs.role, mine.role = Role.OWNER, Role.ADMIN
        theirs.save(update_fields=["role"])
        mine.save(update_fields=["role"])
        record(actor, "organization.transferred", org, user_id=theirs.user_id, before_user_id=mine.user_id)
    return theirs


def remove_member(actor: Actor, *, membership_id: int) -> None:
    """Take somebody out, and take back the invitations that they sent. Only owners remove owners."""
    with transaction.atomic():
        org, mine = locked(actor, needs=MAY_MANAGE)
        theirs = _member(org, membership_id)
        if theirs.role == Role.OWNER and mine.role not in MAY_OWN:
            raise Refused(_("Only an owner makes or unmakes owners."))
        _go(actor, org, theirs, "member.removed")


def leave(actor: Actor) -> None:
    """The actor stops being a member."""
    with transaction.atomic():
        org, mine = locked(actor)
        _go(actor, org, mine, "member.left")


def _member(org: Organization, membership_id: int) -> Membership:
    found = Membership.objects.for_org(org.pk).filter(pk=membership_id).first()
    if found is None:
        raise Refused(_("This person is no longer a member."))
    return found


def _another_owner(org: Organization, than: Membership) -> None:
    """Refuse unless somebody else owns it too; true until the lock on the organization is given back."""
    if not Membership.objects.for_org(org.pk).filter(role=Role.OWNER).exclude(pk=than.pk).exists():
        raise Refused(LAST_OWNER)


def _go(actor: Actor, org: Organization, theirs: Membership, verb: str) -> None:
    if theirs.role == Role.OWNER:
        _another_owner(org, theirs)
    record(actor, verb, theirs, user_id=theirs.user_id, role=theirs.role)
    sent = Invitation.objects.for_org(org.pk).open().filter(invited_by_id=theirs.user_id)
    for invitation in sent.select_for_update():
        invitation.move(Invitation.State.REVOKED, closed_at=timezone.now())
        record(actor, "invitation.revoked", invitation, role=invitation.role)
    theirs.delete()
