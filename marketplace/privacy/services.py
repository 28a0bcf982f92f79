"""What people ask for: an export of what is theirs, or to be erased, and to think again."""

import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_MANAGE, Role
from marketplace.privacy.models import Erasure, Export
from marketplace.privacy.standing import open_matters
from marketplace.tenancy.actor import Actor


def ask_for_export(actor: Actor) -> Export:
    """Leave a request for an export: of the actor's organization, or, without one, of the person."""
    if actor.org_id and actor.role not in MAY_MANAGE:
        raise Refused(_("Only an owner or an administrator can ask for everything that the organization has here."))
    with transaction.atomic():
        try:
            with transaction.atomic():
                export = Export.objects.create(org_id=actor.org_id, user_id=person_of(actor))
        except IntegrityError:
            raise Refused(_("An export is being collected already. You are told when it is ready.")) from None
        record(actor, "export.asked", export)
    return export


def take_export(actor: Actor, *, public_id: uuid.UUID) -> Export:
    """A finished export, for a download; that it was taken is noted."""
    with transaction.atomic():
        whose = Export.objects.for_org(actor.org_id) if actor.org_id else Export.objects.of_person(person_of(actor))
        export = whose.filter(public_id=public_id).first()
        if export is None or export.state != Export.State.READY:
            raise Refused(_("This export is not there any more. It is deleted after a week; ask for a new one."))
        record(actor, "export.taken", export)
    return export


def ask_for_erasure(actor: Actor) -> Erasure:
    """Leave a request to erase the actor's organization, or the person. Refused while something is open."""
    if actor.org_id and actor.role != Role.OWNER:
        raise Refused(_("Only an owner can have the organization erased."))
    with transaction.atomic():
        if matters := open_matters(actor.org_id, person_of(actor)):
            raise Refused(" ".join(matters))
        try:
            with transaction.atomic():
                erasure = Erasure.objects.create(
                    org_id=actor.org_id, user_id=person_of(actor), due_at=timezone.now() + Erasure.TIME_TO_THINK
                )
        except IntegrityError:
            raise Refused(_("This was asked for already. You can still withdraw it.")) from None
        record(actor, "erasure.asked", erasure)
    return erasure


def withdraw_erasure(actor: Actor) -> Erasure:
    """Take the request back, as long as it waits."""
    if actor.org_id and actor.role != Role.OWNER:
        raise Refused(_("Only an owner can take this back."))
    with transaction.atomic():
        whose = Erasure.objects.for_org(actor.org_id) if actor.org_id else Erasure.objects.of_person(person_of(actor))
        erasure = whose.waiting().select_for_update().first()
        if erasure is None:
            raise Refused(_("There is nothing to withdraw."))
        erasure.move(Erasure.State.WITHDRAWN, held_up_by="")
        record(actor, "erasure.withdrawn", erasure)
    return erasure
