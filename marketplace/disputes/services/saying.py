"""What both sides say and show, until it is decided. Nothing is changed once it is said."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.disputes.models import Dispute, Evidence, EvidenceFile
from marketplace.disputes.papers import MOST_FILES, Piece
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_USE, org_of
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

Part, Side = Evidence.Part, Evidence.Side
MAY_SPEAK: Final = MAY_USE
MOST_PIECES: Final = 20


def add_evidence(actor: Actor, *, dispute_id: int, text: str, pieces: Sequence[Piece] = ()) -> Evidence:
    """Say something in a dispute; the provider's first words are its answer. The same words sent twice are said once.

    Raises Refused once it has ended, and beyond what anybody can read.
    """
    text = text.strip()
    if not text:
        raise Refused(_("Say in a few words what your files show."))
    with transaction.atomic():
        dispute = locked(actor, dispute_id)
        side = Side.BUYER if dispute.buyer_id == org_of(actor) else Side.PROVIDER
        if dispute.state not in Dispute.UNDECIDED:
            raise Refused(_("This dispute has ended; nothing can be added any more."))
        mine = Evidence.objects.filter(dispute=dispute, side=side)
        last = mine.order_by("-pk").first()
        if last and (last.text, last.added_by_id) == (text, actor.user_id) and _same_files(last, pieces):
            return last
        if mine.count() >= MOST_PIECES:
            raise Refused(_("%(number)s pieces of evidence are enough for a ruling.") % {"number": MOST_PIECES})
        part = Part.FURTHER
        if side == Side.PROVIDER and dispute.state == Dispute.State.OPEN:
            part = Part.ANSWER
            dispute.move(Dispute.State.ANSWERED, answered_at=market_time())
        said = keep(dispute, part=part, side=side, text=text, pieces=pieces, user_id=person_of(actor))
        _tell(actor, dispute, is_answer=part == Part.ANSWER)
    return said


def locked(actor: Actor, dispute_id: int) -> Dispute:
    """A dispute of the actor's organization, locked until the transaction ends."""
    disputes = Dispute.objects.for_org(org_of(actor)).select_related("order", "escrow__currency")
    found = disputes.select_for_update(of=("self",)).filter(pk=dispute_id).first()
    if found is None:
        raise Refused(_("There is no such dispute."))
    return found


def keep(dispute: Dispute, *, part: str, side: str, text: str, pieces: Sequence[Piece], user_id: int) -> Evidence:
    """Write down what was said and store its files, each under a random name; in the caller's transaction."""
    if len(pieces) > MOST_FILES:
        raise Refused(_("Add at most %(number)s files at a time.") % {"number": MOST_FILES})
    owners = {"buyer_id": dispute.buyer_id, "provider_id": dispute.provider_id}
    who = {"added_by_id": user_id, "added_at": market_time()}
    said = Evidence.objects.create(dispute=dispute, part=part, side=side, text=text, **who, **owners)
    for piece in pieces:
        place = secrets.token_hex(16)
        shown = EvidenceFile(evidence=said, name=piece.name, kind=piece.kind, sha256=piece.sha256, **owners)
        shown.size = len(piece.content)
        shown.file.save(f"{place[:2]}/{place[2:]}", ContentFile(piece.content), save=False)
        shown.save(force_insert=True)
    return said


def _same_files(said: Evidence, pieces: Sequence[Piece]) -> bool:
    return list(said.files.values_list("sha256", flat=True)) == [piece.sha256 for piece in pieces]


def _tell(actor: Actor, dispute: Dispute, *, is_answer: bool) -> None:
    """An entry in each side's chain; in the order of the organizations, as everybody takes the locks of two chains."""
    facts: dict[str, Any] = {"order": str(dispute.order.public_id), "dispute": str(dispute.public_id)}
    subject = dispute.order
    for org_id in sorted(filter(None, (dispute.buyer_id, dispute.provider_id))):
        if org_id == actor.org_id:
            record(actor, "dispute.answered" if is_answer else "dispute.evidence_added", subject, **facts)
            continue
        with as_system("the other side is told what was said"):
            told = {"org_id": org_id, **facts}
            record(actor, "dispute.answer_received" if is_answer else "dispute.evidence_received", subject, **told)
