"""Each month's money is told once, with a number, in figures that come from the ledger and never change."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.escrow import papers, services
from marketplace.escrow.models import Statement
from marketplace.escrow.models.statements import following
from marketplace.escrow.services import statements
from marketplace.subscriptions.clock import market_time
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, acting, everything

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PRICE = 29 * world.TUSD
FEE = PRICE * 250 // 10_000


def next_month(market: Market) -> date:
    """Let the month pass, to its end and two days more; the month that was."""
    now = market_time()
    month = statements.month_at(now)
    market.wait(int((statements.start_of(following(month)) - now).total_seconds()) + 2 * world.DAY)
    market.tick()
    return month


def released(market: Market) -> None:
    """Let a period and its hold pass, and have it paid out."""
    market.wait(PERIOD + HOLD)
    services.release_matured()
    market.send()


def sections(market: Market, month: date, *, provider: bool = False) -> dict[str, object]:
    actor = market.provider if provider else market.buyer
    with acting(actor):
        found = statements.month_of(actor, month)
    assert found
    (section,) = found.content["currencies"]
    return dict(section)


def test_a_month_says_what_was_paid_used_returned_and_earned(market: Market) -> None:
    escrow = market.paid(periods=2)
    first = statements.month_at(escrow.started_at)
    assert sections(market, first)["buying"] == {
        "before": "0", "paid": str(2 * PRICE), "used": "0", "returned": "0", "after": str(2 * PRICE)
    }  # fmt: skip
    released(market)
    second = statements.month_at(market_time())
    assert sections(market, second)["buying"] == {
        "before": str(2 * PRICE), "paid": "0", "used": str(PRICE), "returned": "0", "after": str(PRICE)
    }  # fmt: skip
    assert sections(market, second, provider=True)["selling"] == {
        "gross": str(PRICE), "fee": str(FEE), "net": str(PRICE - FEE)
    }  # fmt: skip
    assert market.deposit(escrow.order).remaining == PRICE


def test_a_month_that_is_over_gets_the_next_number_and_the_next_begins_where_it_ended(market: Market) -> None:
    market.paid(periods=12)
    first = next_month(market)
    assert statements.issue() == 2
    assert statements.issue() == 0
    released(market)
    second = next_month(market)
    assert statements.issue() == 2
    with everything():
        issued = list(Statement.objects.for_org(market.bakery.pk).order_by("number"))
    assert [(row.number, row.month) for row in issued] == [(1, first), (2, second)]
    before, after = (row.content["currencies"][0]["buying"] for row in issued)
    assert before["after"] == after["before"] == str(12 * PRICE)
    assert after["after"] == str(12 * PRICE - int(after["used"]))


def test_a_month_in_which_money_was_only_withdrawn_is_closed_too(market: Market) -> None:
    market.paid()
    released(market)
    next_month(market)
    told = statements.issue()
    market.withdraw(world.BEN_ADDRESS)
    market.tick()
    month = next_month(market)
    assert statements.issue() == 1
    assert statements.issue() == 0
    with everything():
        last = Statement.objects.latest("pk")
        assert Statement.objects.count() == told + 1
    assert (last.org_id, last.month) == (market.workshop.pk, month)
    assert last.content["currencies"][0]["withdrawn"] == str(PRICE - FEE)


def test_a_month_is_not_closed_while_a_final_event_of_it_waits_to_be_settled(market: Market) -> None:
    market.paid()
    order = market.order()
    market.pay(order)
    paid_at = market.now()
    market.node.rpc("evm_increaseTime", 2 * PERIOD)
    market.node.mine(4)
    market.seen()
    until = statements.settled_until()
    assert until is not None
    assert until.timestamp() == paid_at
    services.settle()
    after = statements.settled_until()
    assert after is not None
    assert after > until + timedelta(seconds=PERIOD)


def test_the_list_of_months_takes_the_sums_and_leaves_the_lines_where_they_are(market: Market) -> None:
    market.paid()
    month = next_month(market)
    statements.issue()
    with acting(market.buyer), CaptureQueriesContext(connection) as asked:
        (found,) = [each for each in statements.months(market.buyer) if each.month == month]
    assert found.statement
    (section,) = found.content["currencies"]
    whole = sections(market, month)
    assert section == {name: value for name, value in whole.items() if name not in ("bought", "sold", "taken")}
    assert whole["bought"], "the control: there are lines to leave"
    (query,) = [
        each["sql"] for each in asked if 'FROM "escrow_statement"' in each["sql"] and "jsonb_agg" in each["sql"]
    ]
    assert '"escrow_statement"."content",' not in query


def test_two_workers_at_once_issue_each_statement_once(market: Market) -> None:
    market.paid()
    next_month(market)

    def work(_: int) -> int:
        try:
            return statements.issue()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 2
    with everything():
        assert sorted(Statement.objects.values_list("number", flat=True)) == [1, 1]


@pytest.mark.parametrize("what", ["update", "delete"])
def test_an_issued_statement_cannot_be_changed_or_taken_away(market: Market, what: str) -> None:
    market.paid()
    next_month(market)
    statements.issue()
    with pytest.raises(ProgrammingError, match="never changed"), everything():
        rows = Statement.objects.all()
        rows.update(number=9) if what == "update" else rows.delete()


def test_the_page_and_both_files_say_the_same(market: Market) -> None:
    market.paid()
    month = next_month(market)
    statements.issue()
    client = Client()
    client.force_login(market.ada)
    args = [market.bakery.slug, month]
    page = client.get(reverse("escrow:statement", args=args)).content.decode()
    assert "S-000001" in page
    assert "29.00" in page
    assert "29.00" in client.get(reverse("escrow:statements", args=args[:1])).content.decode()
    answer = client.get(reverse("escrow:statement_csv", args=args))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["event"], row["paid"], row["currency"]) for row in rows] == [("funded", "29.000000", "TUSD")]
    answer = client.get(reverse("escrow:statement_pdf", args=args))
    assert answer.content.startswith(b"%PDF")
    assert f"S-000001-{month:%Y-%m}.pdf" in answer["Content-Disposition"]


def test_the_paper_can_be_read_by_a_program(market: Market) -> None:
    from pypdf import PdfReader

    market.paid()
    month = next_month(market)
    with acting(market.buyer):
        found = statements.month_of(market.buyer, month)
    assert found
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(
        papers.as_pdf(found, org="Bäckerei Żółw", market="market.example")
    )).pages)  # fmt: skip
    for word in ("Bäckerei Żółw", "29.00", "TUSD", "not closed yet"):
        assert word in text


def test_the_words_of_people_are_no_formulas() -> None:
    assert papers.safe("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert papers.safe("Bakery") == "Bakery"
    assert papers.plain("-29000001", 6) == "-29.000001"


def test_a_month_in_which_nothing_moved_does_not_exist(market: Market) -> None:
    client = Client()
    client.force_login(market.ada)
    url = reverse("escrow:statement", args=[market.bakery.slug, date(2024, 1, 1)])
    assert client.get(url).status_code == 404
    assert "No statements yet" in client.get(reverse("escrow:statements", args=[market.bakery.slug])).content.decode()


def test_months_follow_each_other_over_the_year() -> None:
    assert following(date(2026, 12, 1)) == date(2027, 1, 1)
    assert following(date(2026, 1, 1)) == date(2026, 2, 1)
    begins = statements.start_of(date(2026, 2, 1))
    assert statements.month_at(begins) == date(2026, 2, 1)
    assert statements.month_at(begins - timedelta(microseconds=1)) == date(2026, 1, 1)
