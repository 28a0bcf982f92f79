"""What an organization says of itself, and where it is paid."""

from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import Wallet
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.actor import Actor


def _locked(actor: Actor) -> Organization:
    return Organization.objects.select_for_update().get(pk=org_of(actor))


def update_profile(actor: Actor, *, name: str, about: str, website: str) -> Organization:
    """Change what the organization says of itself. A name that a moderator has checked, or is checking, stays."""
    with transaction.atomic():
        org = _locked(actor)
        if name != org.name and org.state in (Organization.State.VERIFIED, Organization.State.SUBMITTED):
            raise Refused(_("The name was part of what we check, so it stays as it is while you are verified."))
        org.name, org.about, org.website = name, about, website
        org.save(update_fields=["name", "about", "website"])
        record(actor, "organization.updated", org, name=name, about=about, website=website)
    return org


def set_payout_wallet(actor: Actor, *, address: str) -> Organization:
    """Let payouts of coming orders go to `address`, a wallet linked to the acting owner; running orders keep theirs."""
    with transaction.atomic():
        if actor.role != Membership.Role.OWNER:
            raise Refused(_("Only an owner decides where the money goes."))
        linked = Wallet.objects.select_for_update().filter(user_id=person_of(actor), address=address)
        if not linked:  # the lock keeps it from being unlinked meanwhile
            raise Refused(_("This wallet is not linked to you. Link it first; that shows that it is yours."))
        org = _locked(actor)
        before, org.payout_address = org.payout_address, address
        org.save(update_fields=["payout_address"])
        record(actor, "organization.payout_wallet_set", org, before=before, address=address)
    return org
