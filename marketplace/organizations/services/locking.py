"""The lock under which an organization's people and particulars change."""

from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, org_of
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.actor import Actor


def locked(actor: Actor, *, needs: tuple[str, ...] = EVERYBODY) -> tuple[Organization, Membership]:
    """The actor's organization, locked until the transaction ends, and what the actor is in it by now.

    The role that the door read may have changed while this waited for the lock; raises Refused when it fell short.
    """
    org = Organization.objects.select_for_update().get(pk=org_of(actor))
    mine = Membership.objects.for_org(org.pk).filter(user_id=person_of(actor)).first()
    if mine is None:
        raise Refused(_("You are no longer a member of this organization."))
    if mine.role not in needs:
        raise Refused(_("Your role has changed, and this is not part of it any more."))
    return org, mine
