"""Two at once: real threads, real transactions; and the controls, without the locks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, models, transaction

from chain.models import OutgoingTransaction
from marketplace.disputes import services
from marketplace.disputes.models import Dispute, Evidence, Ruling
from marketplace.disputes.services import opening, ruling, saying
from marketplace.lifecycle import Refused
from marketplace.tenancy.scope import as_system
from tests import world
from tests.disputes.case import REASONS, WORDS, Case, moderator, rows
from tests.escrow.money import everything
from tests.organizations.test_races import at_once, inside

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(said: list[Any]) -> list[str]:
    return sorted(type(word).__name__ for word in said)


@contextmanager
def without_the_lock(module: Any, meeting: str) -> Iterator[None]:
    """The control: rows are read as they are, and the two meet before `meeting`, between looking and writing."""
    meet, real, mine = threading.Barrier(2), getattr(module, meeting), threading.local()

    def wait_then_write(*args: Any, **kwargs: Any) -> Any:
        if not hasattr(mine, "met"):
            mine.met = meet.wait(30)
        return real(*args, **kwargs)

    with ExitStack() as stack:
        stack.enter_context(patch.object(models.QuerySet, "select_for_update", lambda self, **kwargs: self))
        stack.enter_context(patch.object(module, meeting, wait_then_write))
        stack.enter_context(patch.object(module, "record", lambda *args, **facts: None))
        yield


def two_members(case: Case) -> list[Callable[[], Any]]:
    carl = world.person("Carl")
    world.member(case.market.bakery, carl, "billing")
    return [
        inside(
            world.actor(who, case.market.bakery), services.prepare, escrow_id=case.escrow.pk, category=what, text=WORDS
        )
        for who, what in ((case.market.ada, "down"), (carl, "quality"))
    ]


def test_two_members_who_open_at_once_open_one_dispute(case: Case) -> None:
    said = at_once(*two_members(case))
    assert kinds(said) == ["Dispute", "Refused"], said
    assert len(rows(Dispute)) == len(rows(Evidence)) == 1


def test_control_without_the_lock_only_the_key_stops_the_second(case: Case) -> None:
    with without_the_lock(opening, "disputable"):
        said = at_once(*two_members(case))
    assert kinds(said) == ["Dispute", "IntegrityError"], said


def deciding(case: Case, dispute: Dispute, work: Callable[..., Any], by: Any, **words: Any) -> Callable[[], Any]:
    """As the console does it."""

    def run() -> Any:
        with transaction.atomic(), as_system("the console"):
            return work(moderator(by), dispute_id=dispute.pk, **words)

    return run


def two_moderators(case: Case, dispute: Dispute) -> list[Callable[[], Any]]:
    return [
        deciding(case, dispute, services.propose, by, provider_bps=bps, reasons=REASONS)
        for by, bps in ((case.mia, 6_000), (case.max, 2_000))
    ]


def test_two_moderators_who_decide_at_once_make_one_ruling(case: Case) -> None:
    dispute = case.answered()
    said = at_once(*two_moderators(case, dispute))
    assert kinds(said) == ["Refused", "Ruling"], said
    assert len(rows(Ruling)) == 1
    assert OutgoingTransaction.objects.filter(key__startswith="ruling:").count() == 1
    case.carry_out()
    assert case.deposit().provider_bps == rows(Ruling)[0].provider_bps


def test_control_without_the_lock_only_the_key_stops_the_second_ruling(case: Case) -> None:
    dispute = case.answered()
    with without_the_lock(ruling, "arbiter_address"):
        said = at_once(*two_moderators(case, dispute))
    assert kinds(said) == ["IntegrityError", "Ruling"], said


def test_a_ruling_that_is_confirmed_twice_at_once_is_sent_once(case: Case, settings: Any) -> None:
    settings.DISPUTE_ALONE_UP_TO = 1
    dispute = case.answered()
    case.propose(dispute)
    kim = world.person("Kim", is_moderator=True)
    said = at_once(*(deciding(case, dispute, services.confirm, by) for by in (case.max, kim)))
    assert kinds(said) == ["Ruling", "Ruling"], said
    assert OutgoingTransaction.objects.filter(key__startswith="ruling:").count() == 1


def test_a_proposal_is_either_confirmed_or_taken_back(case: Case, settings: Any) -> None:
    settings.DISPUTE_ALONE_UP_TO = 1
    dispute = case.answered()
    case.propose(dispute)
    said = at_once(
        deciding(case, dispute, services.confirm, case.max), deciding(case, dispute, services.withdraw, case.mia)
    )
    refused = [word for word in said if isinstance(word, Refused)]
    assert len(refused) == 1, said
    (row,) = rows(Ruling)
    sent = OutgoingTransaction.objects.filter(key__startswith="ruling:").count()
    assert (row.state, sent) in {("sent", 1), ("withdrawn", 0)}


def test_nobody_confirms_their_own_ruling_not_even_past_the_service(case: Case, settings: Any) -> None:
    settings.DISPUTE_ALONE_UP_TO = 1
    dispute = case.answered()
    proposed = case.propose(dispute)
    assert proposed.state == "proposed"
    with pytest.raises(Refused, match="Another moderator"):
        case.confirm(dispute, by=case.mia)
    with pytest.raises(IntegrityError, match="nobody_confirms_their_own_ruling"), everything():
        Ruling.objects.filter(pk=proposed.pk).update(confirmed_by=case.mia)
    said = at_once(*(deciding(case, dispute, services.confirm, case.mia) for _ in range(4)))
    assert kinds(said) == ["Refused"] * 4, said
    assert not OutgoingTransaction.objects.filter(key__startswith="ruling:").exists()


def test_a_provider_who_answers_twice_at_once_answers_once(case: Case) -> None:
    dispute = case.opened()
    actor = case.market.provider
    said = at_once(
        *(inside(actor, services.add_evidence, dispute_id=dispute.pk, text=text) for text in ("It works.", "We know."))
    )
    assert kinds(said) == ["Evidence", "Evidence"], said
    assert sorted(row.part for row in rows(Evidence, side="provider")) == ["answer", "further"]


def test_control_without_the_lock_the_second_answer_breaks_the_key(case: Case) -> None:
    dispute = case.opened()
    actor = case.market.provider
    with without_the_lock(saying, "market_time"):
        said = at_once(
            *(inside(actor, services.add_evidence, dispute_id=dispute.pk, text=text) for text in ("It works", "We do."))
        )
    assert kinds(said) == ["Evidence", "IntegrityError"], said


def test_many_clocks_open_and_end_a_dispute_once(case: Case) -> None:
    dispute = case.prepare()
    case.file(dispute)
    case.market.tick()
    said = at_once(*[services.follow] * 4)
    assert not any(isinstance(word, Exception) for word in said), said
    assert sum(said) == 1
    case.answer(dispute)
    case.propose(dispute)
    case.market.send()
    said = at_once(*[services.follow] * 4)
    assert not any(isinstance(word, Exception) for word in said), said
    assert case.now(dispute).state == "resolved"
    assert len(rows(Dispute)) == 1
