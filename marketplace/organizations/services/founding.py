"""Organizations come into being, step by step, each step kept as soon as it is taken."""

from typing import Final

from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import User
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_MANAGE
from marketplace.organizations.models import BusinessDetails, Membership, Organization
from marketplace.organizations.services.locking import locked
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

Step = BusinessDetails.Step
STEPS: Final = tuple(Step.values)
# No vowels, so that no word comes out by chance; nothing that is read as something else.
LETTERS: Final = "bcdfghjkmnpqrstvwxz23456789"


def create_organization(
    actor: Actor,
    *,
    name: str,
    country: str,
    about: str = "",
    intention: str = Organization.Intention.BUY,
    size: str = "",
    sector: str = "",
    registration_number: str = "",
    vat_number: str = "",
    step: str = Step.DONE,
) -> Organization:
    """Found an organization; the actor becomes its owner, and `step` of its onboarding comes next.

    Its address is the name and four random letters, whether or not others have the name: the address tells nothing.
    """
    with transaction.atomic(), as_system("an organization that does not exist yet has no scope"):
        User.objects.select_for_update().get(pk=person_of(actor))  # a form sent twice waits here, and is then refused
        owned = Membership.objects.filter(user_id=person_of(actor), role=Membership.Role.OWNER, org__name__iexact=name)
        if owned.exists():
            raise Refused(_("You have an organization called %(name)s already.") % {"name": name})
        org = _with_slug(Organization(name=name, country=country, about=about, intention=intention))
        Membership.objects.create(org=org, user_id=person_of(actor), role=Membership.Role.OWNER)
        BusinessDetails.objects.create(
            org=org,
            size=size,
            sector=sector,
            registration_number=registration_number,
            vat_number=vat_number,
            step=step,
        )
        founder = Actor(actor.user_id, org.pk, Membership.Role.OWNER)
        record(founder, "organization.created", org, name=name, country=country)
    return org


def _with_slug(org: Organization) -> Organization:
    """Store `org` under its name and four letters; the unique key decides the rare race for the same ones."""
    stem = slugify(org.name)[:50].strip("-") or "organization"
    for _try in range(10):
        org.slug = f"{stem}-{get_random_string(4, LETTERS)}"
        try:
            with transaction.atomic():
                org.save(force_insert=True)
        except IntegrityError:
            continue
        return org
    raise Refused(_("We could not find a free address for this name. Please try again."))


def details_of(org: Organization) -> BusinessDetails:
    """The particulars; those of an organization that never gave any are empty, and its onboarding is over."""
    return BusinessDetails.objects.for_org(org.pk).first() or BusinessDetails(org=org, step=Step.DONE)


def _reach(details: BusinessDetails, step: str) -> None:
    """Onboarding goes on to `step`, unless it had got further already."""
    if STEPS.index(details.step) < STEPS.index(step):
        details.step = step


def tell_who(
    actor: Actor, *, name: str, country: str, size: str, sector: str, registration_number: str, vat_number: str
) -> Organization:
    """Change who the organization says it is. What a moderator has checked, or is checking, stays."""
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        details = details_of(org)
        fixed = (org.name, org.country, details.registration_number, details.vat_number)
        told = (name, country, registration_number, vat_number)
        if told != fixed and org.state in (Organization.State.VERIFIED, Organization.State.SUBMITTED):
            raise Refused(
                _("Name, country and numbers are part of what we check, so they stay while you are verified.")
            )
        org.name, org.country, details.registration_number, details.vat_number = told
        details.size, details.sector = size, sector
        org.save(update_fields=["name", "country"])
        details.save()
        record(actor, "organization.described", org, name=name, country=country)
    return org


def tell_intention(actor: Actor, *, intention: str) -> Organization:
    """Say what the organization wants here: buy, sell or both. It can be said again at any time."""
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        org.intention = Organization.Intention(intention)
        org.save(update_fields=["intention"])
        _go_on(org, Step.PEOPLE)
        record(actor, "organization.intention_told", org, intention=intention)
    return org


def finish_step(actor: Actor, *, step: str) -> BusinessDetails:
    """Note that `step` of the onboarding was taken or skipped."""
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        details = _go_on(org, STEPS[STEPS.index(step) + 1])
        if details.step == Step.DONE:
            record(actor, "organization.onboarded", org)
    return details


def _go_on(org: Organization, step: str) -> BusinessDetails:
    details = details_of(org)
    _reach(details, step)
    details.save()
    return details
