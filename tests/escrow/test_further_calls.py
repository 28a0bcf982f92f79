"""Calls beyond those that a plan includes: never without a deposit that the buyer opened for them."""

import uuid
from typing import Any

import pytest

from marketplace.escrow.services.reprojecting import differences
from marketplace.gateway import services
from marketplace.gateway.models import UsageRecord
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Meter, Order
from marketplace.subscriptions.services import place_order
from tests import world
from tests.escrow.money import PERIOD, Market, acting, everything, fresh
from tests.escrow.test_calls import Calls
from tests.escrow.test_funding import Browser

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
EACH = 50_000


@pytest.fixture
def base(market: Market) -> Order:
    """A paid subscription of two periods, whose plan includes two calls in each and sells further ones."""
    market.listing = world.listing(
        market.workshop, "Capped", currency=market.currency, included_calls=2, overage_price=EACH
    )
    market.plan = world.plan(market.listing)
    return market.paid(2).order


@pytest.fixture
def calls(market: Market, base: Order) -> Calls:
    with acting(market.buyer):
        key = services.create_key(market.buyer, name="test")[1]
    return Calls(market, key)


def open_deposit(market: Market, base: Order, count: int = 4) -> Order:
    with acting(market.buyer):
        order = place_order(
            market.buyer, plan_id=base.plan_id, periods=count, form_key=uuid.uuid4(), beyond=base.subscription
        )
    assert Browser(market, fresh(order)).sign()[0] == 200
    market.send()
    return fresh(order)


def costs() -> list[int]:
    with everything():
        return [int(record.cost) for record in UsageRecord.objects.order_by("pk")]


def refused(calls: Calls) -> str:
    with pytest.raises(services.CallRefused) as no:
        calls.begin()
    assert no.value.status == 429
    return str(no.value)


def test_without_a_deposit_calls_stop_and_the_sentence_offers_one(calls: Calls) -> None:
    calls.many(2)
    sentence = refused(calls)
    assert "All 2 calls of this period are made" in sentence
    assert "For 0.05" in sentence
    assert "deposit that you open" in sentence
    assert costs() == [0, 0]


def test_included_calls_are_used_first_and_then_those_of_the_deposit(market: Market, base: Order, calls: Calls) -> None:
    order = open_deposit(market, base)
    assert (order.state, int(order.price), order.periods) == ("funded", EACH, 4)
    calls.many(3)
    assert costs() == [0, 0, EACH]
    market.wait(PERIOD)
    calls.many(2)
    assert costs() == [0, 0, EACH, 0, 0]
    calls.make()
    assert costs()[-1] == EACH
    assert market.differences() == 0
    assert differences() == []


def test_they_stop_with_the_subscription_that_they_go_beyond(market: Market, base: Order, calls: Calls) -> None:
    open_deposit(market, base)
    market.cancel(market.deposit(base))
    market.tick()
    with pytest.raises(services.CallRefused) as no:
        calls.begin()
    assert no.value.status == 402
    with everything():
        assert int(Meter.objects.get().spent) == 0


def test_there_is_one_deposit_for_further_calls_at_a_time(market: Market, base: Order, calls: Calls) -> None:
    open_deposit(market, base)
    with pytest.raises(Refused, match="a deposit for further calls already"):
        open_deposit(market, base)


def test_a_plan_without_a_price_for_them_sells_none(market: Market) -> None:
    base = market.paid().order
    with pytest.raises(Refused, match="sells no calls beyond"):
        open_deposit(market, base)


def test_nobody_opens_one_for_somebody_elses_subscription(market: Market, base: Order) -> None:
    with pytest.raises(Refused, match="a subscription that runs"), acting(market.provider):
        place_order(market.provider, plan_id=base.plan_id, periods=1, form_key=uuid.uuid4(), beyond=base.subscription)


def test_the_page_of_the_subscription_leads_to_it(market: Market, base: Order) -> None:
    browser: Any = Browser(market, base).client
    here = f"/o/{market.bakery.slug}/subscriptions/{base.public_id}/"
    assert "Open a deposit for further calls" in browser.get(here).content.decode()
    page = browser.get(f"{here}further/").content.decode()
    assert "Further calls of Capped" in page
    form = {"amount": "1.02", "form_key": str(uuid.uuid4())}
    answer = browser.post(f"{here}further/", form)
    assert answer.status_code == 302
    with everything():
        order = Order.objects.get(period_seconds=0)
    assert (order.periods, order.amount) == (20, 20 * EACH)
    assert answer["Location"].endswith(f"/orders/{order.public_id}/pay/")
    assert "Your deposit for further calls" in browser.get(here).content.decode()
