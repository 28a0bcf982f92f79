"""What is left of a dispute when one of its sides is erased: figures, hashes and the ruling, no words and no files."""

import pytest
from django.db import transaction
from django.utils import timezone

from marketplace.disputes.models import Dispute, Evidence, EvidenceFile, Ruling
from marketplace.lifecycle import Refused
from marketplace.privacy import erasing, services
from marketplace.privacy.models import Erasure
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import scope
from tests import world
from tests.disputes.case import Case, paper, rows

pytestmark = pytest.mark.django_db(transaction=True)


def ask(actor: Actor) -> None:
    """Ask for the erasure, and have the week to think over."""
    with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
        services.ask_for_erasure(actor)
    world.written(lambda: Erasure.objects.update(due_at=timezone.now()))()


@pytest.mark.parametrize("side", ["buyer", "provider"])
def test_words_and_files_go_with_either_side_and_the_figures_stay(case: Case, side: str) -> None:
    dispute = case.prepare(pieces=(paper(),))
    case.file(dispute)
    case.settle()
    case.answer(dispute)
    actor = case.market.buyer if side == "buyer" else case.market.provider
    with pytest.raises(Refused, match="still in escrow"):
        ask(actor)
    (file,) = rows(EvidenceFile)
    assert file.file.storage.exists(file.file.name)
    case.propose(dispute)
    case.carry_out()
    ask(actor)
    assert erasing.erase_due() == 1
    assert not file.file.storage.exists(file.file.name)
    assert rows(Evidence) == rows(EvidenceFile) == []
    (kept,) = rows(Dispute)
    assert (kept.outcome, kept.evidence_hash, len(rows(Ruling))) == ("ruled", dispute.evidence_hash, 1)
