"""From opening to the end on the real chain: what the pages say is what the contract does, and the books agree."""

import pytest

from marketplace.disputes import services
from marketplace.disputes.figures import if_disputed, split
from marketplace.disputes.hashing import bytes32, statement
from marketplace.disputes.models import Dispute, Evidence, Ruling
from marketplace.escrow.models import Escrow
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time, moment
from marketplace.subscriptions.services import entitlement
from marketplace.subscriptions.words import money
from tests import world
from tests.disputes.case import REASONS, WORDS, Case, browser, paper, rows
from tests.escrow.money import HOLD, PERIOD, acting, everything

pytestmark = pytest.mark.django_db(transaction=True)
ADA, BEN, TOM = world.ADA_ADDRESS, world.BEN_ADDRESS, "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
PRICE = 29 * world.TUSD


@pytest.mark.parametrize("elapsed", [0, PERIOD // 2, PERIOD + HOLD // 2, PERIOD])
def test_what_the_page_says_will_be_frozen_is_what_the_contract_freezes(case: Case, elapsed: int) -> None:
    if elapsed:
        case.market.wait(elapsed)
    dispute = case.prepare()
    case.file(dispute)
    at = moment(case.market.now())
    would = if_disputed(case.escrow, at)
    case.settle()
    escrow, dispute = case.deposit(), case.now(dispute)
    assert would.contested == dispute.contested
    assert (escrow.released, escrow.remaining) == (would.released, would.contested + would.unearned)
    assert (dispute.opened_at, escrow.ruling_due_at) == (at, would.rules_until)
    assert dispute.answer_due_at == would.answer_until


def test_from_the_buyers_words_to_the_split_that_the_contract_made(case: Case) -> None:
    dispute = case.prepare(pieces=(paper(),))
    assert (dispute.state, dispute.provider_id) == ("prepared", None)
    case.file(dispute)
    case.settle()
    dispute = case.now(dispute)
    assert (dispute.state, dispute.provider_id) == ("open", case.market.workshop.pk)
    with acting(case.market.buyer):
        assert not entitlement(case.market.bakery.pk, case.market.listing).allowed
    case.answer(dispute)
    proposed = case.propose(dispute)
    assert proposed.state == Ruling.State.SENT, "14.50 is within the limit for one alone"
    due = split(case.deposit(), 6_000, market_time())
    case.carry_out()
    dispute, escrow = case.now(dispute), case.deposit()
    assert (dispute.state, dispute.outcome) == ("resolved", "ruled")
    assert (dispute.net, dispute.fee, dispute.refund) == (due.net, due.fee, due.refund)
    assert (escrow.state, escrow.provider_bps, escrow.ruling_hash) == ("resolved", 6_000, proposed.ruling_hash)
    assert (case.market.credit(BEN), case.market.credit(ADA)) == (due.net, due.refund)
    assert rows(Ruling)[0].state == Ruling.State.DONE
    assert case.market.differences() == 0
    assert services.follow() == 0, "what was followed is not followed again"


def test_the_chain_carries_a_hash_of_the_words_and_nothing_else(case: Case) -> None:
    dispute = case.prepare(pieces=(paper("one"), paper("two", "b.txt")))
    case.file(dispute)
    case.settle()
    dispute = case.now(dispute)
    said = rows(Evidence, dispute=dispute)[0]
    with everything():
        files = list(said.files.all())
    facts = {"escrow_id": case.escrow.escrow_id, "category": "down", "salt": dispute.salt, "files": files}
    assert case.deposit().evidence_hash == bytes32(statement(text=WORDS, **facts))
    assert case.deposit().evidence_hash != bytes32(statement(text=WORDS + " ", **facts))


def test_a_dispute_that_was_opened_past_the_market_is_there_and_says_so(case: Case) -> None:
    case.contract("dispute", "0x" + "77" * 32, by=ADA)
    case.settle()
    (dispute,) = rows(Dispute)
    assert (dispute.state, dispute.category) == ("open", "unsaid")
    page = browser(case.market.ben).get(case.address("detail", dispute, provider=True)).content.decode()
    assert "Opened on the chain, without a text" in page
    case.answer(dispute)
    case.propose(dispute, 0)
    case.carry_out()
    assert case.now(dispute).outcome == "ruled"
    assert case.market.differences() == 0


def test_words_whose_hash_is_not_the_one_on_the_chain_are_not_taken_for_it(case: Case) -> None:
    prepared = case.prepare()
    case.contract("dispute", "0x" + "77" * 32, by=ADA)
    case.settle()
    assert case.now(prepared).state == "dropped"
    (opened,) = rows(Dispute, state="open")
    assert opened.category == "unsaid"
    assert rows(Evidence, dispute=opened) == []
    with acting(case.market.provider):
        assert not Evidence.objects.exists(), "the provider reads no words that were never opened"


def test_words_that_were_given_up_count_when_their_hash_comes_after_all(case: Case) -> None:
    dispute = case.prepare()
    with acting(case.market.buyer):
        call = services.dispute_call(case.market.buyer, dispute_id=dispute.pk, address=ADA)
        services.drop(case.market.buyer, dispute_id=dispute.pk)
    case.prepare("Something else is wrong with it, too.")
    case.market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=ADA)
    case.settle()
    assert [row.state for row in rows(Dispute)] == ["open", "dropped"]


def test_silence_of_the_arbiter_pays_what_the_page_says_and_anybody_may_end_it(case: Case) -> None:
    dispute = case.opened()
    with pytest.raises(Refused, match="still has time"), acting(case.market.provider):
        services.timeout_call(case.market.provider, dispute=case.now(dispute))
    case.market.wait(4 * world.DAY)
    with acting(case.market.provider):
        found = Dispute.objects.select_related("escrow").get(pk=dispute.pk)
        way = services.ways_out(found, is_buyer=False, at=market_time())[-1]
        call = services.timeout_call(case.market.provider, dispute=found)
    case.market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=TOM)
    case.settle()
    dispute = case.now(dispute)
    assert (way.name, dispute.outcome) == ("timeout", "timed_out")
    assert (dispute.net, dispute.fee, dispute.refund) == (way.split.net, way.split.fee, way.split.refund)
    assert case.market.differences() == 0


@pytest.mark.parametrize(("is_buyer", "outcome"), [(True, "given_in"), (False, "given_back")])
def test_a_side_that_gives_in_gets_what_the_page_says(case: Case, is_buyer: bool, outcome: str) -> None:
    dispute = case.opened()
    actor, wallet = (case.market.buyer, ADA) if is_buyer else (case.market.provider, BEN)
    with acting(actor):
        found = Dispute.objects.select_related("escrow").get(pk=dispute.pk)
        (way,) = services.ways_out(found, is_buyer=is_buyer, at=market_time())
        with pytest.raises(Refused, match="Only the wallet"):
            services.stop_call(actor, dispute=found, address=BEN if is_buyer else ADA)
        call = services.stop_call(actor, dispute=found, address=wallet)
    case.market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=wallet)
    case.settle()
    dispute = case.now(dispute)
    assert (dispute.state, dispute.outcome) == ("resolved", outcome)
    assert (dispute.net, dispute.fee, dispute.refund) == (way.split.net, way.split.fee, way.split.refund)
    assert case.market.differences() == 0


def test_a_dispute_that_is_only_seen_is_open_for_nobody(case: Case) -> None:
    dispute = case.prepare()
    case.file(dispute)
    case.market.seen()
    services.follow()
    dispute = case.now(dispute)
    assert (dispute.state, dispute.provider_id) == ("prepared", None)
    assert "in a block" in browser(case.market.ada).get(case.address("detail", dispute)).content.decode()
    assert browser(case.market.ben).get(case.address("detail", dispute, provider=True)).status_code == 404


def test_a_ruling_that_comes_too_late_is_refused_before_anything_is_sent(case: Case) -> None:
    dispute = case.answered()
    case.market.wait(4 * world.DAY)
    with pytest.raises(Refused, match="time for a ruling is over"):
        case.propose(dispute)
    assert rows(Ruling) == []


def test_a_ruling_that_the_contract_refuses_is_said_and_another_can_be_made(case: Case) -> None:
    dispute = case.answered()
    case.propose(dispute)
    case.market.allow_arbiter(world.MIA_ADDRESS, allowed=False)  # no other wallet could send it either
    case.market.allow_arbiter("0x976EA74026E726554dB657fA54763abd0C3a0aa9", allowed=False)
    case.carry_out()
    (ruling,) = rows(Ruling)
    assert (ruling.state, case.now(dispute).state) == ("failed", "escalated")
    assert "Only an arbiter" in ruling.failure
    with pytest.raises(Refused, match="no vote has made it an arbiter"):
        case.propose(dispute, 5_000)
    case.market.allow_arbiter("0x976EA74026E726554dB657fA54763abd0C3a0aa9")
    case.settle()
    case.propose(dispute, 5_000)
    case.carry_out()
    assert case.now(dispute).outcome == "ruled"
    assert case.market.differences() == 0


def test_what_the_provider_gave_back_meanwhile_is_not_paid_twice(case: Case) -> None:
    dispute = case.answered()
    case.market.give_back(case.escrow, PRICE)
    case.settle()
    due = split(case.deposit(), 10_000, market_time())
    case.propose(dispute, 10_000)
    case.carry_out()
    dispute = case.now(dispute)
    assert (dispute.net, dispute.refund) == (due.net, due.refund + PRICE)
    assert case.deposit().remaining == 0
    assert case.market.differences() == 0


def test_a_deposit_of_which_nothing_is_earned_is_not_disputed_but_stopped(case: Case) -> None:
    fresh = case.market.paid()
    would = if_disputed(fresh, fresh.started_at)
    assert (would.contested, would.unearned) == (0, fresh.total)
    assert "Stop the order instead" in services.disputable(fresh, fresh.started_at)


def test_an_ended_dispute_shows_both_sides_the_same_receipt(case: Case) -> None:
    dispute = case.answered()
    case.propose(dispute)
    case.carry_out()
    ended = case.now(dispute)
    for person, provider in ((case.market.ada, False), (case.market.ben, True)):
        page = browser(person).get(case.address("detail", dispute, provider=provider)).content.decode()
        assert "An arbiter split what was contested" in page
        assert REASONS in page
        for amount in (ended.net, ended.fee, ended.refund):
            assert money(amount, ended.escrow.currency) in page


def test_the_states_of_the_deposit_and_of_the_dispute_end_together(case: Case) -> None:
    dispute = case.opened()
    case.contract("refund", case.deposit().remaining, by=BEN)
    case.settle()
    assert (case.deposit().state, case.now(dispute).outcome) == (Escrow.State.REFUNDED, "given_back")
