"""What is used by the call is invoiced by the month, once, when nothing can be added to that month any more."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from marketplace.escrow.models import Invoice, LedgerEntry, Receipt
from marketplace.escrow.services import calls_invoices, invoices
from marketplace.subscriptions.models import Order
from tests import world
from tests.escrow.money import Market, everything
from tests.escrow.test_calls import PRICE, Calls, key, order, selling, stop, work
from tests.escrow.test_invoices import issued, states

__all__ = ["calls_of", "key", "order", "selling"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def calls_of(selling: Market, order: Order, key: str) -> Calls:
    return Calls(selling, key)


def next_month(market: Market) -> None:
    """A block of the month after this one, final and settled."""
    now = datetime.fromtimestamp(market.now(), UTC)
    first = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, 0, 1, tzinfo=UTC)
    market.wait(int(first.timestamp()) - market.now())
    market.tick()


def claimed(market: Market, calls: Calls, count: int) -> None:
    calls.many(count)
    work(market)


def test_the_calls_of_a_month_become_one_invoice_when_it_is_over(selling: Market, calls_of: Calls) -> None:
    states(selling)
    claimed(selling, calls_of, 30)
    claimed(selling, calls_of, 30)
    assert invoices.issue() == 0, "the month is not over"
    next_month(selling)
    assert invoices.issue() == 1
    assert invoices.issue() == 0
    (row,) = issued()
    with everything():
        paid = -sum(int(line.amount) for line in LedgerEntry.objects.filter(event="claimed", account="escrow"))
        claims = LedgerEntry.objects.filter(event="claimed", account="escrow").count()
    assert claims > 1
    assert (row.content["gross"], row.content["calls"]) == (str(paid), paid // PRICE)
    assert int(row.content["net"]) + int(row.content["vat"]) == paid
    assert (row.label, row.kind, row.escrow_id) == ("I-000001", "invoice", None)


def test_a_deposit_that_is_closed_is_invoiced_at_once_and_what_came_back_is_no_charge(
    selling: Market, calls_of: Calls
) -> None:
    states(selling)
    calls_of.many(7)
    stop(selling)
    work(selling)
    selling.wait(2 * world.DAY)
    work(selling)
    work(selling)
    assert invoices.issue() == 1
    (row,) = issued()
    assert (row.content["gross"], row.content["calls"]) == (str(7 * PRICE), 7)
    next_month(selling)
    assert invoices.issue() == 0


def test_periods_and_calls_are_numbered_in_one_count_without_a_gap(selling: Market, calls_of: Calls) -> None:
    states(selling)
    claimed(selling, calls_of, 30)
    selling.listing = world.listing(selling.workshop, "By the period", currency=selling.currency)
    selling.plan = world.plan(selling.listing)
    selling.paid()
    next_month(selling)
    assert invoices.issue() == 2
    assert sorted(row.number for row in issued()) == [1, 2]


def test_it_waits_until_the_provider_has_said_how_vat_is_treated(selling: Market, calls_of: Calls) -> None:
    claimed(selling, calls_of, 30)
    next_month(selling)
    assert invoices.issue() == 0
    states(selling, "unregistered", 0)
    assert invoices.issue() == 1


def test_a_worker_that_dies_before_the_commit_leaves_it_to_the_next(
    selling: Market, calls_of: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    states(selling)
    claimed(selling, calls_of, 30)
    next_month(selling)

    def dies(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(calls_invoices.audit, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            invoices.issue()
    assert issued() == []
    assert invoices.issue() == 1
    assert [row.number for row in issued()] == [1]


def test_the_paper_says_how_many_calls_of_which_month_in_the_buyers_language(selling: Market, calls_of: Calls) -> None:
    states(selling)
    claimed(selling, calls_of, 30)
    next_month(selling)
    invoices.issue()
    (row,) = issued()
    for person, org in ((selling.ada, selling.bakery), (selling.ben, selling.workshop)):
        client = Client()
        client.force_login(person)
        page = client.get(reverse("escrow:invoice", args=[org.slug, row.pk])).content.decode()
        assert "Pay as you go" in page
        assert f"{row.content['calls']} at 0.02 each" in page
        assert client.get(reverse("escrow:invoice_pdf", args=[org.slug, row.pk])).content[:5] == b"%PDF-"


def test_control_an_invoice_belongs_to_an_event_or_to_a_month_of_calls(selling: Market, calls_of: Calls) -> None:
    states(selling)
    claimed(selling, calls_of, 30)
    next_month(selling)
    invoices.issue()
    (row,) = issued()
    row.pk, row.number = None, 2
    with pytest.raises(IntegrityError, match="one_invoice_per_deposit_and_month"), everything():
        row.save(force_insert=True)
    row.pk, row.month = None, None
    with pytest.raises(IntegrityError, match="invoice_is_for_an_event_or_a_month_of_calls"), everything():
        row.save(force_insert=True)


def test_what_is_not_invoiced_is_found_by_the_indexes(selling: Market, calls_of: Calls) -> None:
    with everything(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = invoices._waiting().values("pk").explain()
        assert "ledger_lines_to_invoice" in plan
        plan = calls_invoices._waiting().values("pk").explain()
        assert "ledger_claims_by_month" in plan
    with everything():
        assert Receipt.objects.count() == Invoice.objects.count() == 0
