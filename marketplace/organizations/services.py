"""Organizations come into being, show who they are, and are verified or not."""

from collections.abc import Iterator
from itertools import count

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import User, Wallet
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Membership, Organization, Verification
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

RESERVED = {"new", "organization", "admin", "api", "console", "governance", "accounts"}


def create_organization(
    actor: Actor, *, name: str, country: str, about: str = "", intention: str = Organization.Intention.BUY
) -> Organization:
    """Found an organization; the actor becomes its owner. Its address is made from the name."""
    with transaction.atomic(), as_system("an organization that does not exist yet has no scope"):
        User.objects.select_for_update().get(pk=person_of(actor))  # a form sent twice waits here, and is then refused
        owned = Membership.objects.filter(user_id=person_of(actor), role=Membership.Role.OWNER, org__name__iexact=name)
        if owned.exists():
            raise Refused(f"You have an organization called {name} already.")
        org = _with_free_slug(Organization(name=name, country=country, about=about, intention=intention))
        Membership.objects.create(org=org, user_id=person_of(actor), role=Membership.Role.OWNER)
        founder = Actor(actor.user_id, org.pk, Membership.Role.OWNER)
        record(founder, "organization.created", org, name=name, country=country)
    return org


def _with_free_slug(org: Organization) -> Organization:
    """Store `org` under the first of name, name-2, name-3 … that nobody has; the unique key decides a race."""
    stem = slugify(org.name)[:50].strip("-") or "organization"
    taken = set(Organization.objects.filter(slug__startswith=stem).values_list("slug", flat=True)) | RESERVED
    wishes = (slug for slug in _numbered(stem) if slug not in taken)
    for _ in range(10):
        org.slug = next(wishes)
        try:
            with transaction.atomic():
                org.save(force_insert=True)
        except IntegrityError:
            continue
        return org
    raise Refused("We could not find a free address for this name. Please try again.")


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))


def _locked(actor: Actor) -> Organization:
    return Organization.objects.select_for_update().get(pk=org_of(actor))


def update_profile(actor: Actor, *, name: str, about: str, website: str) -> Organization:
    """Change what the organization says of itself. A name that a moderator has checked, or is checking, stays."""
    with transaction.atomic():
        org = _locked(actor)
        if name != org.name and org.state in (Organization.State.VERIFIED, Organization.State.SUBMITTED):
            raise Refused("The name was part of what we check, so it stays as it is while you are verified.")
        org.name, org.about, org.website = name, about, website
        org.save(update_fields=["name", "about", "website"])
        record(actor, "organization.updated", org, name=name, about=about, website=website)
    return org


def set_payout_wallet(actor: Actor, *, address: str) -> Organization:
    """Let payouts of coming orders go to `address`, a wallet linked to the acting owner; running orders keep theirs."""
    with transaction.atomic():
        if actor.role != Membership.Role.OWNER:
            raise Refused("Only an owner decides where the money goes.")
        linked = Wallet.objects.select_for_update().filter(user_id=person_of(actor), address=address)
        if not linked:  # the lock keeps it from being unlinked meanwhile
            raise Refused("This wallet is not linked to you. Link it first; that shows that it is yours.")
        org = _locked(actor)
        before, org.payout_address = org.payout_address, address
        org.save(update_fields=["payout_address"])
        record(actor, "organization.payout_wallet_set", org, before=before, address=address)
    return org


def request_verification(actor: Actor, *, registration_number: str, website: str, note: str = "") -> Verification:
    """Ask a moderator to check who the organization is, so that it may sell."""
    with transaction.atomic():
        org = _locked(actor)
        if org.state == Organization.State.SUBMITTED:
            raise Refused("You have asked already. A moderator will answer; you need not do anything.")
        if org.state == Organization.State.VERIFIED:
            raise Refused("You are verified already.")
        org.move(Organization.State.SUBMITTED, website=website)
        asked = Verification.objects.create(
            org=org, registration_number=registration_number, note=note, asked_by_id=actor.user_id
        )
        record(actor, "organization.verification_requested", org, registration_number=registration_number)
    return asked


def decide_verification(actor: Actor, *, org_id: int, outcome: str, reason: str) -> Organization:
    """Answer the organization's open request: verified, sent back with a question (changes), or refused."""
    to = {
        Verification.Outcome.VERIFIED: Organization.State.VERIFIED,
        Verification.Outcome.CHANGES: Organization.State.NEW,
        Verification.Outcome.REFUSED: Organization.State.REFUSED,
    }[Verification.Outcome(outcome)]
    with transaction.atomic():
        org = Organization.objects.select_for_update().get(pk=org_id)
        now = timezone.now()
        org.move(to, verified_at=now if to == Organization.State.VERIFIED else None)
        asked = Verification.objects.select_for_update().undecided().get(org=org)
        asked.outcome, asked.reason, asked.decided_at = outcome, reason, now
        asked.save(update_fields=["outcome", "reason", "decided_at"])
        record(actor, f"organization.{outcome}", org, org_id=org.pk, reason=reason)
    return org
