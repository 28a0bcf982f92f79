"""Grace on a real chain: the contract takes no renewal after the paid time, and pays for none of the days after it."""

import pytest
from django.urls import reverse

from marketplace.catalog.models import Plan
from marketplace.escrow import services
from marketplace.escrow.models import Escrow
from marketplace.escrow.services.reprojecting import differences
from marketplace.subscriptions.entitling import entitlement
from marketplace.subscriptions.services import end_lapsed
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, acting, everything
from tests.escrow.test_renewing import Renewing

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PRICE = 29 * world.TUSD


@pytest.fixture
def escrow(market: Market) -> Escrow:
    with everything():
        Plan.objects.filter(pk=market.plan.pk).update(grace_days=7, grace_calls=5)
    return market.paid()


def may_call(market: Market) -> bool:
    with acting(market.buyer):
        return entitlement(market.bakery.pk, market.listing).allowed


def test_the_provider_bears_the_days_and_a_new_order_begins_with_its_payment(market: Market, escrow: Escrow) -> None:
    market.wait(PERIOD + HOLD + 60)
    assert may_call(market)
    status, told = Renewing(market, escrow.order).sign()
    assert (status, "is over" in told["sentence"]) == (422, True)
    again = market.paid()
    assert (again.started_at - escrow.ends_at).total_seconds() >= HOLD
    assert int(again.total) == PRICE
    assert end_lapsed() == 1
    assert market.deposit(escrow.order).order.subscription.state == "ended"
    assert market.differences() == 0
    assert differences() == []


def test_when_all_is_paid_out_calls_pass_until_the_grace_is_over(market: Market, escrow: Escrow) -> None:
    market.wait(PERIOD + HOLD + 60)
    services.release_matured()
    market.send()
    closed = market.deposit(escrow.order)
    assert (closed.state, closed.order.state, closed.order.subscription.state) == ("released", "completed", "active")
    assert may_call(market)
    assert end_lapsed() == 0
    assert differences() == []
    market.wait(7 * world.DAY)
    assert not may_call(market)
    assert end_lapsed() == 1
    assert differences() == []
    page = Renewing(market, escrow.order).client.get(
        reverse("subscriptions:detail", args=[market.bakery.slug, escrow.order.public_id])
    )
    assert "The paid time is over" not in page.content.decode()
