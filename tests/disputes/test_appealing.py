"""An appeal to the DAO: once by each side, with public facts alone, followed to its end; on the real chain."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from chain import abi
from governance import services as mirror
from governance.models import Draft
from marketplace.disputes import services
from marketplace.disputes.models import Appeal, AppealDraft, Dispute, PublishedRuling
from marketplace.disputes.services import appealing
from marketplace.lifecycle import Refused
from marketplace.notifications.models import Notification
from marketplace.notifications.reading import read_entries
from marketplace.tenancy.scope import scope
from tests import world
from tests.disputes.case import REASONS, WORDS, Case, browser, paper, rows
from tests.disputes.test_pages import html
from tests.escrow.money import acting, everything
from tests.organizations.test_races import at_once, inside

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "The arbiter has not looked at our record of the calls at all."


@pytest.fixture
def ruled(case: Case) -> Dispute:
    """A ruling that the contract has carried out, and a DAO that is mirrored."""
    mirror.mirror("eip155:31337")
    dispute = case.prepare(pieces=(paper("GET / 500 for customer 77"),))
    case.file(dispute)
    case.settle()
    case.answer(dispute)
    case.propose(dispute)
    case.carry_out()
    return case.now(dispute)


def appeal(case: Case, dispute: Dispute, *, provider: bool = False, **said: Any) -> Appeal:
    actor = case.market.provider if provider else case.market.buyer
    asked = {"remedy": "dismiss", "text": WHY, **said}
    with acting(actor):
        return services.appeal(actor, dispute_id=dispute.pk, **asked)


def test_a_buyer_appeals_and_completes_the_draft_of_the_proposal(case: Case, ruled: Dispute) -> None:
    ada = browser(case.market.ada)
    page = html(ada, case.address("detail", ruled))
    assert "Appeal to the DAO" in page
    said = {"remedy": "both", "amount": "3.5", "text": WHY}
    page = html(ada, case.address("appeal", ruled), **said)
    assert "Open the draft" in page
    assert WHY in page
    (draft,) = rows(AppealDraft)
    assert draft.path in page
    shown = html(ada, draft.path)
    assert "may no longer rule on disputes" in shown
    assert "Sends 3.5" in shown
    assert "from the timelock to" in shown
    (row,) = rows(PublishedRuling)
    for public in (row.tx_hash, row.ruling_hash, row.arbiter, ruled.evidence_hash):
        assert public in rows(Draft)[0].why
    assert "Appealed to the DAO" in html(ada, reverse("disputes:rulings"))


def test_the_draft_holds_public_facts_and_nothing_that_was_said_or_shown(case: Case, ruled: Dispute) -> None:
    appeal(case, ruled)
    (draft,) = rows(Draft)
    market = case.market
    private = [WHY, WORDS, REASONS, "calls.txt", "We repaired it", market.bakery.name, market.workshop.name]
    private += [market.bakery.slug, market.workshop.slug, market.listing.name, ruled.salt, str(ruled.public_id)]
    for each in private:
        assert each not in draft.why + draft.title + str(draft.calls), each


def test_the_other_side_reads_the_appeal_and_not_the_link_of_its_draft(case: Case, ruled: Dispute) -> None:
    appeal(case, ruled)
    (draft,) = rows(AppealDraft)
    page = html(browser(case.market.ben), case.address("detail", ruled, provider=True))
    assert WHY in page
    assert draft.path not in page
    with transaction.atomic(), scope(org_id=case.market.workshop.pk):
        assert (Appeal.objects.count(), AppealDraft.objects.count()) == (1, 0)
    read_entries()
    with everything():
        told = {(each.user.name, each.rule.partition("/")[0]) for each in Notification.objects.select_related("user")}
    assert ("Ben", "appeal.received") in told
    assert ("Ada", "appeal.received") not in told


def test_each_side_appeals_once(case: Case, ruled: Dispute) -> None:
    first = appeal(case, ruled)
    assert appeal(case, ruled).pk == first.pk, "the same sent twice is made once"
    with pytest.raises(Refused, match="appealed already"):
        appeal(case, ruled, text="Something else, and at length.")
    appeal(case, ruled, provider=True, remedy="pay", amount=1)
    assert [row.side for row in rows(Appeal)] == ["buyer", "provider"]
    assert len(rows(Draft)) == 2


def test_two_members_who_appeal_at_once_appeal_once(case: Case, ruled: Dispute) -> None:
    carl = world.person("Carl")
    world.member(case.market.bakery, carl, "billing")
    said = at_once(
        *(
            inside(
                world.actor(who, case.market.bakery), services.appeal, dispute_id=ruled.pk, remedy="dismiss", text=text
            )
            for who, text in ((case.market.ada, WHY), (carl, WHY + " Nor at anything else."))
        )
    )
    assert sorted(type(word).__name__ for word in said) == ["Appeal", "Refused"], said
    assert len(rows(Appeal)) == len(rows(Draft)) == 1


def test_control_without_the_lock_only_the_key_stops_the_second(
    case: Case, ruled: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet, real = threading.Barrier(2), appealing._check

    def met(*args: Any) -> None:
        real(*args)
        meet.wait(30)

    monkeypatch.setattr(appealing, "_check", met)
    monkeypatch.setattr(Dispute.objects.all().__class__, "select_for_update", lambda self, **kwargs: self)
    carl = world.person("Carl")
    world.member(case.market.bakery, carl, "billing")
    actors = (case.market.buyer, world.actor(carl, case.market.bakery))
    said = at_once(*(inside(each, services.appeal, dispute_id=ruled.pk, remedy="dismiss", text=WHY) for each in actors))
    assert any(isinstance(word, IntegrityError) for word in said), said


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"remedy": "pay"}, "Name an amount"),
        ({"remedy": "dismiss", "amount": 1}, "Name an amount"),
        ({"remedy": "pay", "amount": 10**12}, "Name an amount"),
        ({"remedy": "pay", "amount": -1}, "Name an amount"),
        ({"remedy": "hang"}, "Say what the DAO should do"),
        ({"text": "  "}, "Say what the DAO should do"),
    ],
)
def test_what_no_vote_could_do_is_refused(case: Case, ruled: Dispute, said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        appeal(case, ruled, **said)
    assert rows(Appeal) == rows(Draft) == []


def test_what_was_typed_stays_when_it_is_not_taken(case: Case, ruled: Dispute) -> None:
    said = {"remedy": "pay", "amount": "1.0000001", "text": WHY}
    page = html(browser(case.market.ada), case.address("appeal", ruled), 422, **said)
    assert WHY in page
    assert "1.0000001" in page


def test_an_appeal_comes_in_time_or_not_at_all(case: Case, ruled: Dispute) -> None:
    case.market.wait(14 * world.DAY)
    with pytest.raises(Refused, match="time to appeal is over"):
        appeal(case, ruled)
    assert 'id="appeal"' not in html(browser(case.market.ada), case.address("detail", ruled))


def test_what_no_arbiter_decided_has_no_appeal(case: Case) -> None:
    dispute = case.opened()
    with pytest.raises(Refused, match="Only a ruling of an arbiter"):
        appeal(case, dispute)
    case.contract("cancel", by=world.BEN_ADDRESS)
    case.settle()
    with pytest.raises(Refused, match="Only a ruling of an arbiter"):
        appeal(case, dispute)


def test_an_arbiter_who_was_dismissed_meanwhile_is_not_dismissed_again(case: Case, ruled: Dispute) -> None:
    case.market.allow_arbiter(ruled.escrow.arbiter, allowed=False)
    case.settle()
    with pytest.raises(Refused, match="dismissed already"):
        appeal(case, ruled)
    appeal(case, ruled, remedy="pay", amount=1)


def test_without_a_dao_no_appeal_is_offered(case: Case, ruled: Dispute, settings: Any) -> None:
    settings.APPEAL_HOOK = ""
    assert 'id="appeal"' not in html(browser(case.market.ada), case.address("detail", ruled))
    with pytest.raises(Refused, match="Only a ruling of an arbiter"):
        appeal(case, ruled)


def test_who_may_not_pay_does_not_appeal(case: Case, ruled: Dispute) -> None:
    vic = world.person("Vic")
    world.member(case.market.bakery, vic, "viewer")
    said = {"remedy": "dismiss", "text": WHY}
    assert browser(vic).post(case.address("appeal", ruled), said).status_code == 403


def propose(case: Case) -> None:
    """Somebody proposes the draft as it stands."""
    from governance import drafting

    (draft,) = rows(Draft)
    calls = drafting.calls_of(draft)
    arrays = [call.target for call in calls], [call.value for call in calls], [call.data for call in calls]
    with everything():
        governor = Draft.objects.select_related("governor").get(pk=draft.pk).governor
    proposer = case.market.node.rpc("eth_accounts")[4]
    data = abi.encode_call("GuildGovernor", "propose", *arrays, drafting.text_of(draft, proposer))
    case.market.execute(governor.address, data, sender=proposer)
    case.market.tick()
    mirror.mirror("eip155:31337")
    services.follow()


def test_both_sides_follow_the_appeal_to_the_proposal_and_its_end(case: Case, ruled: Dispute) -> None:
    appeal(case, ruled)
    assert services.follow() == 0, "a draft is not news"
    propose(case)
    (row,) = rows(Appeal)
    assert row.state == "proposed"
    for person, provider in ((case.market.ada, False), (case.market.ben, True)):
        page = html(browser(person), case.address("detail", ruled, provider=provider))
        assert row.proposal_path in page
    assert "may no longer rule on disputes" in html(browser(case.market.ada), row.proposal_path)
    from governance.models import Proposal

    with everything():  # the vote itself is tried in tests/governance
        Proposal.objects.update(state="defeated", final=True, settled=True)
    assert services.follow() == 1
    assert services.follow() == 0
    assert rows(Appeal)[0].state == "rejected"
    read_entries()
    with everything():
        told = {(each.user.name, each.rule.partition("/")[0]) for each in Notification.objects.select_related("user")}
    assert {("Ada", "appeal.proposed"), ("Ben", "appeal.proposed"), ("Ben", "appeal.rejected")} <= told


def test_a_draft_that_was_forgotten_ends_the_appeal(case: Case, ruled: Dispute) -> None:
    appeal(case, ruled)
    with everything():
        Draft.objects.all().delete()
    assert services.follow() == 1
    assert rows(Appeal)[0].state == "lapsed"
    assert "never proposed" in html(browser(case.market.ada), case.address("detail", ruled))
