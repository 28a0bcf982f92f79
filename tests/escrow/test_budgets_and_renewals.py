"""A budget binds what is added to orders too: in the month in which it is paid, and from the first click on."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.escrow.models import Escrow
from marketplace.subscriptions import spending
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Addition, Order, SpendingLimit
from tests import world
from tests.escrow.money import Market, acting, everything, signed
from tests.escrow.test_renewing import ADA, PRICE, Renewing

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def escrow(market: Market) -> Escrow:
    """A deposit for an order of an earlier month."""
    found = market.paid()
    with everything():
        Order.objects.update(placed_at=market_time() - timedelta(days=40))
    return found


@pytest.fixture
def browser(market: Market, escrow: Escrow) -> Renewing:
    return Renewing(market, escrow.order)


def budget(market: Market, **limits: Any) -> None:
    with everything():
        SpendingLimit.objects.update_or_create(org=market.bakery, currency=market.currency, defaults=limits)


def spent(market: Market) -> int:
    """What this month's budget says is spent, in periods."""
    with acting(market.buyer):
        return spending.budgets(market.bakery.pk)[0].spent // PRICE


def test_a_renewal_counts_in_the_month_in_which_it_is_paid(market: Market, browser: Renewing) -> None:
    budget(market, monthly=3 * PRICE)
    assert spent(market) == 0
    assert browser.sign(periods=2)[0] == 200
    assert spent(market) == 2, "signed, and not final yet"
    market.send()
    assert spent(market) == 2, "final"
    assert [browser.asked(periods)[0] for periods in (1, 2)] == [200, 422]
    with everything():
        Addition.objects.update(began_at=market_time() - timedelta(days=32))
    assert spent(market) == 0


def test_control_without_the_record_a_second_payment_passes_the_budget(market: Market, browser: Renewing) -> None:
    """What the record is for: two payments that are under way at once, of two orders."""
    budget(market, monthly=3 * PRICE)
    other = Renewing(market, market.paid().order)
    assert browser.sign(periods=2)[0] == 200
    assert other.asked(1)[0] == 422, "two and one are spent"
    with everything():
        Addition.objects.all().delete()
    assert other.asked(1)[0] == 200


def test_the_steps_of_one_payment_do_not_count_twice(market: Market, browser: Renewing) -> None:
    budget(market, monthly=2 * PRICE)
    status, step = browser.says(browser.url("renew_own") + "?periods=2", address=ADA)
    assert (status, spent(market)) == (200, 2)
    status, step = browser.says(step["next"], address=ADA, signature=signed(step["typed"], world.ADA_KEY))
    assert status == 200, step
    sent = market.execute(step["transaction"]["to"], bytes.fromhex(step["transaction"]["data"][2:]), sender=ADA)
    assert browser.says(step["next"], address=ADA, hash=sent)[0] == 200
    market.tick()
    assert (market.deposit(browser.order).periods, spent(market)) == (3, 2)


@pytest.mark.parametrize("how", ["given up", "too late"])
def test_what_was_not_paid_after_all_is_not_spent(market: Market, browser: Renewing, how: str) -> None:
    budget(market, monthly=2 * PRICE)
    assert browser.says(browser.url("renew_own") + "?periods=2", address=ADA)[0] == 200
    assert spent(market) == 2
    if how == "given up":
        browser.client.post(browser.url("renew_give_up"))
    else:
        market.wait(3_601)
    assert spent(market) == 0
    with everything():
        assert Addition.objects.count() == (0 if how == "given up" else 1)


def test_what_comes_back_of_a_renewal_is_not_spent_and_no_more_than_that(market: Market, browser: Renewing) -> None:
    budget(market, monthly=5 * PRICE)
    assert browser.sign(periods=2)[0] == 200
    market.send()
    with everything():
        Order.objects.update(returned=PRICE)
    assert spent(market) == 1
    with everything():
        Order.objects.update(returned=3 * PRICE)  # what was paid in an earlier month comes back as well
    assert spent(market) == 0


def test_a_renewal_counts_for_who_paid_it(market: Market, browser: Renewing) -> None:
    bo = world.person("Bo")
    world.member(market.bakery, bo, "billing")
    with everything():
        for user in (bo, market.ada):
            SpendingLimit.objects.create(org=market.bakery, user=user, currency=market.currency, monthly=3 * PRICE)
    browser.client.force_login(bo)
    assert browser.sign(periods=2)[0] == 200
    with acting(market.buyer):
        found = {each.limit.user_id: each.spent for each in spending.budgets(market.bakery.pk)}
    assert found == {bo.pk: 2 * PRICE, market.ada.pk: 0}


def test_a_new_order_sees_what_is_being_added_elsewhere(market: Market, browser: Renewing) -> None:
    budget(market, monthly=2 * PRICE)
    assert browser.sign(periods=2)[0] == 200
    with acting(market.buyer), pytest.raises(spending.BeyondBudget, match=r"0.00.TUSD are left"):
        spending.check(market.buyer, currency=market.currency, amount=PRICE)
