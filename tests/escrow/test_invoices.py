"""Each final payment has one invoice, what came back one credit note; numbers have no gap and figures no float."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as some
from pypdf import PdfReader

from marketplace.escrow.models import Invoice
from marketplace.escrow.services import invoices
from marketplace.organizations.models import BusinessDetails, Organization
from marketplace.organizations.taxes import Tax, part_of, tax_of
from tests import world
from tests.escrow.money import PERIOD, Market, everything

PRICE = 29 * world.TUSD
Treatment = Organization.VatTreatment
live = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def states(market: Market, treatment: str = "included", rate_bps: int = 1_900, **details: str) -> None:
    """What the provider says of itself."""
    with everything():
        Organization.objects.filter(pk=market.workshop.pk).update(vat_treatment=treatment, vat_rate_bps=rate_bps)
        BusinessDetails.objects.update_or_create(org=market.workshop, defaults=details)


def issued() -> list[Invoice]:
    with everything():
        return list(Invoice.objects.order_by("number"))


@live
def test_an_order_a_renewal_and_what_came_back_each_get_a_paper(market: Market) -> None:
    states(market, billing_address="Torstr. 1\n10119 Berlin", vat_number="136695976")
    escrow = market.paid(periods=2)
    assert invoices.issue() == 1
    market.renew(escrow)
    market.tick()
    market.wait(PERIOD // 2)
    market.cancel(escrow)
    market.tick()
    assert invoices.issue() == 2
    assert invoices.issue() == 0
    first, second, back = issued()
    assert [row.label for row in (first, second, back)] == ["I-000001", "I-000002", "C-000003"]
    assert (first.content["gross"], first.content["vat"]) == (str(2 * PRICE), "9260504")  # 58.00 × 19 / 119
    assert first.content["until"] == second.content["from"]
    assert (first.content["periods"], second.content["periods"]) == (2, 1)
    assert back.content["corrects"] == ["I-000001", "I-000002"]
    deposit = market.deposit(escrow.order)
    assert int(back.content["gross"]) == int(deposit.refunded)
    for row in (first, second, back):
        assert int(row.content["net"]) + int(row.content["vat"]) == int(row.content["gross"])
    assert first.content["provider"]["address"] == "Torstr. 1\n10119 Berlin"


@live
def test_what_the_provider_gives_back_in_parts_never_returns_more_vat_than_was_in_it(market: Market) -> None:
    states(market)
    escrow = market.paid()
    for part in (1, 333_333, 7):
        market.give_back(escrow, part)
        market.tick()
    market.give_back(escrow, PRICE - 333_341)
    market.tick()
    assert invoices.issue() == 5
    first, *back = issued()
    assert sum(int(row.content["gross"]) for row in back) == int(first.content["gross"])
    assert sum(int(row.content["vat"]) for row in back) == int(first.content["vat"])


@live
def test_invoices_wait_until_the_provider_has_said_how_vat_is_treated(market: Market) -> None:
    market.paid()
    market.paid()
    assert invoices.issue() == 0
    ben = Client()
    ben.force_login(market.ben)
    address = reverse("escrow:invoices", args=[market.workshop.slug])
    assert "Your invoices wait" in ben.get(address).content.decode()
    settings_page = reverse("organizations:billing", args=[market.workshop.slug])
    assert ben.post(settings_page, {"treatment": "included", "rate": ""}).status_code == 422
    assert ben.post(settings_page, {"treatment": "reverse", "rate": "19"}).status_code == 422, "no VAT number"
    assert ben.post(settings_page, {"treatment": "unregistered", "address": "Hof 1 \n\n Kiel"}).status_code == 302
    assert invoices.issue() == 2
    assert [row.number for row in issued()] == [1, 2]
    assert issued()[0].content["provider"]["address"] == "Hof 1\nKiel"
    assert "Your invoices wait" not in ben.get(address).content.decode()


@live
def test_names_and_addresses_stay_as_they_were_when_it_was_issued(market: Market) -> None:
    states(market, billing_address="Alt 1")
    market.paid()
    invoices.issue()
    states(market, "unregistered", 0, billing_address="Neu 2")
    with everything():
        Organization.objects.filter(pk=market.bakery.pk).update(name="Another name")
    (row,) = issued()
    assert row.content["provider"]["address"] == "Alt 1"
    assert row.content["buyer"]["name"] == "Ada Bakery"
    assert row.content["treatment"] == "included"


@live
def test_a_payment_that_came_too_late_gets_no_invoice(market: Market) -> None:
    states(market)
    order = market.order()
    market.node.rpc("evm_increaseTime", 2 * 3_600)
    market.pay(order)
    market.tick()
    assert market.deposit(order).is_late
    assert invoices.issue() == 0


@live
def test_two_workers_at_once_give_each_number_once(market: Market) -> None:
    states(market)
    for _ in range(3):
        market.paid()

    def work(_: int) -> int:
        try:
            return invoices.issue()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 3
    assert [row.number for row in issued()] == [1, 2, 3]


@live
@pytest.mark.parametrize("what", ["update", "delete"])
def test_an_issued_invoice_cannot_be_changed_or_taken_away(market: Market, what: str) -> None:
    states(market)
    market.paid()
    invoices.issue()
    with pytest.raises(ProgrammingError, match="never changed"), everything():
        rows = Invoice.objects.all()
        rows.update(number=9) if what == "update" else rows.delete()


@live
def test_the_paper_speaks_the_buyers_language_and_the_page_the_readers(market: Market) -> None:
    states(market, billing_address="Torstr. 1")
    market.ada.language = "de"
    with transaction.atomic():
        market.ada.save(update_fields=["language"])
    market.paid()
    invoices.issue()
    (row,) = issued()
    for user, org in ((market.ada, market.bakery), (market.ben, market.workshop)):
        client = Client()
        client.force_login(user)
        answer = client.get(reverse("escrow:invoice_pdf", args=[org.slug, row.pk]))
        text = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
        assert "Rechnung I-000001" in text
        assert "USt. 19" in text
        assert "Deutschland" in text
        assert "24,369748" in text  # 29.00 without 19 %
    page = client.get(reverse("escrow:invoice", args=[market.workshop.slug, row.pk])).content.decode()
    assert "Invoice I-000001" in page
    assert "Torstr. 1" in page
    assert "I-000001" in client.get(reverse("escrow:invoices", args=[market.workshop.slug])).content.decode()


@live
def test_the_checkout_says_how_vat_is_treated_before_anything_is_ordered(market: Market) -> None:
    client = Client()
    client.force_login(market.ada)
    address = reverse("subscriptions:checkout", args=[market.bakery.slug, market.plan.pk])
    assert "has not said yet how VAT is treated" in client.get(address).content.decode()
    states(market, "included", 770)
    assert "The price includes 7.7" in client.get(address).content.decode()
    states(market, "reverse", 1_900, vat_number="136695976")
    assert "The price includes 19" in client.get(address).content.decode(), "the same country"
    with everything():
        Organization.objects.filter(pk=market.bakery.pk).update(country="AT")
        BusinessDetails.objects.update_or_create(org=market.bakery, defaults={"vat_number": "U13585627"})
    assert "Reverse charge" in client.get(address).content.decode()
    escrow = market.paid()
    invoices.issue()
    (row,) = issued()
    assert (row.content["treatment"], row.content["vat"], row.content["net"]) == ("reverse", "0", str(escrow.total))
    assert row.content["buyer"]["vat_number"] == "U13585627"


@given(some.integers(min_value=0, max_value=10**30), some.integers(min_value=1, max_value=5_000))
def test_vat_within_a_price_is_the_nearest_whole_unit(gross: int, rate_bps: int) -> None:
    vat = Tax(Treatment.INCLUDED, rate_bps).within(gross)
    assert abs(2 * (vat * (10_000 + rate_bps) - gross * rate_bps)) <= 10_000 + rate_bps


@given(some.lists(some.integers(min_value=0, max_value=10**12), min_size=1, max_size=8), some.integers(0, 10**12))
def test_shares_taken_one_after_another_add_up_to_the_whole(parts: list[int], vat: int) -> None:
    total, taken, back = sum(parts), 0, 0
    for part in parts:
        back += part
        taken += part_of(vat, back, total) - taken
    assert taken == (vat if total else 0)


def test_reverse_charge_is_for_buyers_elsewhere_who_have_a_number() -> None:
    provider = Organization(country="DE", vat_treatment=Treatment.REVERSE, vat_rate_bps=1_900)
    cases: list[tuple[str, str, Any]] = [
        ("AT", "U13585627", Tax(Treatment.REVERSE)),
        ("AT", "", Tax(Treatment.INCLUDED, 1_900)),
        ("DE", "136695976", Tax(Treatment.INCLUDED, 1_900)),
    ]
    for country, number, tax in cases:
        assert tax_of(provider, buyer_country=country, buyer_vat=number) == tax
    assert tax_of(Organization(country="DE"), buyer_country="AT", buyer_vat="") is None
