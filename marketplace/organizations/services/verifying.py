"""An organization shows who it is, and a moderator answers."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_MANAGE, org_of
from marketplace.organizations.models import Document, Organization, Verification
from marketplace.organizations.papers import Paper
from marketplace.organizations.services.founding import details_of
from marketplace.organizations.services.locking import locked
from marketplace.tenancy.actor import Actor

Fact = Organization.Fact
MOST_DOCUMENTS: Final = 10


def request_verification(
    actor: Actor, *, registration_number: str, website: str, vat_number: str = "", note: str = ""
) -> Verification:
    """Ask a moderator to check who the organization is, so that it may sell. Collected documents go with it."""
    with transaction.atomic():
        org = Organization.objects.select_for_update().get(pk=org_of(actor))
        if org.state == Organization.State.SUBMITTED:
            raise Refused(_("You have asked already. A moderator will answer; you need not do anything."))
        if org.state == Organization.State.VERIFIED:
            raise Refused(_("You are verified already."))
        org.move(Organization.State.SUBMITTED, website=website)
        asked = Verification.objects.create(
            org=org,
            registration_number=registration_number,
            vat_number=vat_number,
            note=note,
            asked_by_id=actor.user_id,
        )
        papers = Document.objects.for_org(org.pk).collected().update(verification=asked)
        details = details_of(org)
        details.registration_number, details.vat_number = registration_number, vat_number
        details.save()
        record(
            actor,
            "organization.verification_requested",
            org,
            registration_number=registration_number,
            documents=papers,
        )
    return asked


def add_document(actor: Actor, *, paper: Paper) -> Document:
    """Keep a vetted document for the organization's next request. The name of the file that it becomes is random."""
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        if org.state == Organization.State.SUBMITTED:
            raise Refused(_("A moderator is reading what you sent. You can add documents when they have answered."))
        if org.state == Organization.State.VERIFIED:
            raise Refused(_("You are verified already."))
        collected = Document.objects.for_org(org.pk).collected()
        if collected.count() >= MOST_DOCUMENTS:
            raise Refused(
                _("%(MOST_DOCUMENTS)s documents are enough. Remove one first.") % {"MOST_DOCUMENTS": MOST_DOCUMENTS}
            )
        digest = hashlib.sha256(paper.content).hexdigest()
        if collected.filter(sha256=digest).exists():
            raise Refused(_("This document is here already."))
        document = Document(org=org, name=paper.name, kind=paper.kind, size=len(paper.content), sha256=digest)
        document.added_by_id = actor.user_id
        place = secrets.token_hex(16)
        document.file.save(f"{place[:2]}/{place[2:]}", ContentFile(paper.content), save=False)
        document.save(force_insert=True)
        record(actor, "document.added", document, sha256=digest, kind=document.kind)
    return document


def remove_document(actor: Actor, *, document_id: int) -> None:
    """Delete a document that has not been sent to a moderator; what was decided upon stays as its evidence."""
    with transaction.atomic():
        org, _role = locked(actor, needs=MAY_MANAGE)
        found = Document.objects.for_org(org.pk).collected().filter(pk=document_id).first()
        if found is None:
            raise Refused(_("This document was sent with a request, so it stays with it."))
        storage, place = found.file.storage, str(found.file.name)
        record(actor, "document.removed", found, sha256=found.sha256)
        found.delete()
        transaction.on_commit(lambda: storage.delete(place))


def checkable(asked: Verification) -> list[str]:
    """What a moderator can say was checked: only facts for which the request holds something to check."""
    held = {
        Fact.REGISTER: asked.registration_number,
        Fact.VAT: asked.vat_number,
        Fact.DOCUMENTS: Document.objects.for_org(asked.org_id).filter(verification=asked).exists(),
    }
    return [str(fact) for fact, artefact in held.items() if artefact]


def decide_verification(
    actor: Actor, *, org_id: int, outcome: str, reason: str, checked: Sequence[str] = ()
) -> Organization:
    """Answer the organization's open request: verified, sent back with a question (changes), or refused.

    A yes names what was checked, and each of that must be in the request to be looked at again.
    """
    to = {
        Verification.Outcome.VERIFIED: Organization.State.VERIFIED,
        Verification.Outcome.CHANGES: Organization.State.NEW,
        Verification.Outcome.REFUSED: Organization.State.REFUSED,
    }[Verification.Outcome(outcome)]
    is_yes = to == Organization.State.VERIFIED
    with transaction.atomic():
        org = Organization.objects.select_for_update().get(pk=org_id)
        asked = Verification.objects.select_for_update().undecided().filter(org=org).first()
        facts = _facts(asked, checked) if is_yes else ""
        now = timezone.now()
        org.move(to, verified_at=now if is_yes else None, checked=facts)
        if asked is None:
            raise Refused(_("Nobody has asked for this."))
        asked.outcome, asked.reason, asked.decided_at, asked.checked = outcome, reason, now, facts
        asked.save(update_fields=["outcome", "reason", "decided_at", "checked"])
        record(actor, f"organization.{outcome}", org, org_id=org.pk, reason=reason, checked=facts)
    return org


def _facts(asked: Verification | None, checked: Sequence[str]) -> str:
    if asked is None:
        return str(Fact.REGISTER)  # refused by the state machine in a moment
    if not checked:
        raise Refused(_("Say what you checked. It stands beside the organization's name."))
    if set(checked) - set(checkable(asked)):
        raise Refused(_("Only what the organization has shown can have been checked."))
    return " ".join(fact for fact in Fact.values if fact in checked)
