"""The public log of rulings says what the chain says, of every dispute that was decided, and names nobody."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.disputes import services
from marketplace.disputes.models import Dispute, PublishedRuling
from marketplace.tenancy.scope import scope
from settings.templatetags.ui import exact_money
from tests import world
from tests.disputes.case import REASONS, WORDS, Case, paper, rows
from tests.escrow.money import everything

pytestmark = pytest.mark.django_db(transaction=True)


def page(**query: Any) -> str:
    answer = Client().get(reverse("disputes:rulings"), query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def ruled(case: Case, bps: int = 6_000) -> Dispute:
    dispute = case.prepare(pieces=(paper("GET / 500 for customer 77"),))
    case.file(dispute)
    case.settle()
    case.answer(dispute)
    case.propose(dispute, bps)
    case.carry_out()
    return case.now(dispute)


def test_anybody_reads_how_a_dispute_was_decided_and_by_which_transaction(case: Case) -> None:
    assert "No rulings yet" in page()
    ended = ruled(case)
    (row,) = rows(PublishedRuling)
    shown = page()
    for figure in (row.contested, row.net, row.fee, row.refund):
        assert exact_money(int(figure), row.currency.decimals) in shown
    assert (row.provider_bps, row.ruling_hash) == (6_000, ended.escrow.ruling_hash)
    assert (int(row.net), int(row.fee), int(row.refund)) == (ended.net, ended.fee, ended.refund)
    for said in ("<strong>60", "It does not answer", row.tx_hash, row.ruling_hash, ended.escrow.arbiter):
        assert said in shown
    assert case.market.node.receipt(row.tx_hash)["status"] == "0x1"


def test_nobody_is_named_and_nothing_that_was_said_is_shown(case: Case) -> None:
    ended = ruled(case)
    shown = page() + Client().get(reverse("disputes:rulings_feed")).content.decode()
    market = case.market
    private = [market.bakery.name, market.bakery.slug, market.workshop.name, market.workshop.slug]
    private += [market.listing.name, market.listing.slug, str(ended.public_id), str(ended.order.public_id), ended.salt]
    private += [WORDS, REASONS, "calls.txt", "We repaired it", world.ADA_ADDRESS, world.BEN_ADDRESS]
    private += [ended.escrow.escrow_id, ended.evidence_hash]
    for each in private:
        assert each not in shown, each
    columns = {field.attname for field in PublishedRuling._meta.concrete_fields}
    assert not {"buyer_id", "provider_id", "dispute_id", "order_id"} & columns


def test_who_reads_the_log_reads_no_dispute(case: Case) -> None:
    ruled(case)
    with transaction.atomic(), scope():
        assert PublishedRuling.objects.count() == 1
        assert Dispute.objects.count() == 0


def test_what_nobody_decided_in_time_says_so(case: Case) -> None:
    dispute = case.opened()
    case.market.wait(4 * world.DAY)
    case.contract("resolveTimeout", by=world.MIA_ADDRESS)
    case.settle()
    (row,) = rows(PublishedRuling)
    assert (row.outcome, row.arbiter, row.ruling_hash, row.provider_bps) == ("timed_out", "", "", 10_000)
    assert row.decided_here
    assert "Nobody in time" in page()
    assert case.now(dispute).published_id == row.pk


def test_a_ruling_that_nobody_here_decided_is_marked(case: Case) -> None:
    case.market.allow_arbiter(world.MIA_ADDRESS)
    case.opened()
    case.contract("resolve", 2_500, "0x" + "a1" * 32, by=world.MIA_ADDRESS)
    case.settle()
    assert not rows(PublishedRuling)[0].decided_here
    assert "Not decided at this market" in page()


@pytest.mark.parametrize("by", [world.ADA_ADDRESS, world.BEN_ADDRESS])
def test_what_the_sides_settled_between_themselves_is_nobody_elses(case: Case, by: str) -> None:
    dispute = case.opened()
    case.contract("cancel", by=by)
    case.settle()
    assert case.now(dispute).state == "resolved"
    assert rows(PublishedRuling) == []


def test_it_is_published_once_however_often_it_is_followed(case: Case) -> None:
    ended = ruled(case)
    assert services.follow() == 0
    with everything():
        Dispute.objects.filter(pk=ended.pk).update(resolved_at=timezone.now())
    assert services.follow() == 0
    assert len(rows(PublishedRuling)) == 1


def many(case: Case, count: int) -> None:
    with everything():
        PublishedRuling.objects.bulk_create(
            PublishedRuling(
                chain="eip155:31337", category="down", outcome="timed_out", provider_bps=10_000,
                currency=case.market.currency, contested=number, net=number, fee=0, refund=0,
                tx_hash=f"0x{number:064x}", block_number=number, resolved_at=timezone.now(), decided_here=True,
            )
            for number in range(1, count + 1)
        )  # fmt: skip


def test_a_page_begins_after_the_last_and_none_is_shown_twice_or_left_out(
    case: Case, django_assert_max_num_queries: Any
) -> None:
    many(case, 60)
    seen: list[int] = []
    query: dict[str, Any] = {}
    for _page in range(3):
        with django_assert_max_num_queries(12):
            answer = Client().get(reverse("disputes:rulings"), query)
        found = [row.block_number for row in answer.context["rulings"]]
        many(case, 1)  # what comes meanwhile moves nothing
        seen += found
        following = answer.context["next_url"]
        query = {"before": following.rpartition("=")[2]} if following else {}
    assert seen == list(range(60, 0, -1))
    assert not query


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1.5", ""])
def test_a_place_that_is_none_shows_a_page_all_the_same(case: Case, before: str) -> None:
    many(case, 1)
    assert Client().get(reverse("disputes:rulings"), {"before": before}).status_code == 200


def test_the_feed_tells_the_newest(case: Case) -> None:
    ruled(case)
    answer = Client().get(reverse("disputes:rulings_feed"))
    assert answer["Content-Type"].startswith("application/atom+xml")
    text = answer.content.decode()
    assert "An arbiter split what was contested" in text
    assert "60 % of" in text
    (row,) = rows(PublishedRuling)
    assert f"#ruling-{row.pk}" in text


def test_the_foot_of_every_page_leads_there(case: Case) -> None:
    assert reverse("disputes:rulings") in Client().get("/").content.decode()
