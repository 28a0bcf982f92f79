"""An order that is not paid can be given up at once by its buyer, and never when money may be on its way."""

import contextlib
import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from marketplace.audit.models import Entry
from marketplace.escrow import services
from marketplace.escrow.models import Escrow, Payment
from marketplace.escrow.services.reprojecting import differences
from marketplace.lifecycle import Refused
from marketplace.subscriptions import spending
from marketplace.subscriptions.models import Order, SpendingLimit
from tests import world
from tests.escrow.money import Market, acting, everything, fresh
from tests.escrow.test_changing import Shop, shop
from tests.escrow.test_funding import Browser

__all__ = ["shop"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def give_up(market: Market, order: Order) -> None:
    with acting(market.buyer):
        services.give_up_order(market.buyer, order=order)


def taken_back(market: Market, order: Order) -> str:
    """Press the button; the address that follows."""
    client = Client()
    client.force_login(market.ada)
    answer = client.post(reverse("escrow:take_back", args=[market.bakery.slug, order.public_id]))
    assert answer.status_code == 302
    return str(answer["Location"])


def test_another_change_can_be_made_at_once_when_the_unpaid_one_is_given_up(shop: Shop) -> None:
    assert shop.send(shop.large).status_code == 302
    first = shop.placed()
    answer = shop.send(shop.small)
    assert answer.status_code == 422
    assert "give it up first" in answer.content.decode()
    back = reverse("escrow:take_back", args=[shop.market.bakery.slug, first.public_id])
    assert back in shop.page()
    assert back in shop.page(plan=shop.small.pk)
    assert taken_back(shop.market, first) == shop.url
    assert back not in shop.page()
    assert (fresh(first).state, fresh(first).subscription.state) == ("expired", "ended")
    assert shop.send(shop.small).status_code == 302
    with everything():
        assert Order.objects.get(replaces=shop.order, state="placed").plan == shop.small
        assert set(Entry.objects.filter(verb="order.given_up").values_list("org_id", flat=True)) == {
            shop.market.bakery.pk,
            shop.market.workshop.pk,
        }
    assert differences() == []


def test_any_unpaid_order_can_be_given_up_once_and_its_budget_is_free_again(market: Market) -> None:
    order = market.order()
    client = Client()
    client.force_login(market.ada)
    page = client.get(reverse("escrow:pay", args=[market.bakery.slug, order.public_id])).content.decode()
    assert reverse("escrow:take_back", args=[market.bakery.slug, order.public_id]) in page
    with everything():
        SpendingLimit.objects.create(org=market.bakery, currency=order.currency, monthly=order.amount)
    with acting(market.buyer), pytest.raises(spending.BeyondBudget):
        spending.check(market.buyer, currency=order.currency, amount=order.amount, lock=False)
    detail = reverse("subscriptions:detail", args=[market.bakery.slug, order.public_id])
    assert taken_back(market, order) == detail
    assert taken_back(market, order) == detail, "the same again changes nothing"
    with everything():
        assert Entry.objects.filter(verb="order.given_up").count() == 2
    with acting(market.buyer):
        assert spending.check(market.buyer, currency=order.currency, amount=order.amount, lock=False)
    assert Browser(market, order).says("authorize", address=world.ADA_ADDRESS)[0] == 422


def test_a_payment_on_its_way_keeps_the_order(market: Market) -> None:
    order = market.order()
    assert Browser(market, order).sign()[0] == 200
    with pytest.raises(Refused, match="on its way already"):
        give_up(market, order)
    market.send()
    assert fresh(order).state == "funded"
    with pytest.raises(Refused, match="This order is paid"):
        give_up(market, order)
    assert fresh(order).subscription.state == "active"


def test_a_payment_that_a_block_shows_keeps_the_order_though_nobody_told_its_hash(market: Market) -> None:
    order = market.order()
    with acting(market.buyer):
        services.open_wallet_payment(market.buyer, order=order, address=world.ADA_ADDRESS)
    market.pay(order)
    market.seen()
    with pytest.raises(Refused, match="on its way already"):
        give_up(market, order)
    market.tick()
    assert fresh(order).state == "funded"


def test_a_payment_that_was_only_prepared_goes_with_the_order(market: Market) -> None:
    order = market.order()
    with acting(market.buyer):
        services.open_wallet_payment(market.buyer, order=order, address=world.ADA_ADDRESS)
    give_up(market, order)
    with everything():
        assert Payment.objects.get().given_up == "The wallet sent nothing."
    assert fresh(order).state == "expired"


def test_what_the_wallet_sends_all_the_same_opens_nothing_and_is_the_buyers(market: Market) -> None:
    order = market.order()
    give_up(market, order)
    market.pay(order)
    market.tick()
    assert (fresh(order).state, fresh(order).subscription.state) == ("expired", "ended")
    with everything():
        escrow = Escrow.objects.get(order=order)
        assert escrow.is_late
    market.cancel(escrow)
    market.tick()
    back = market.credit(world.ADA_ADDRESS)
    assert 0 <= order.amount - back < order.amount // 1000, "all but the seconds until it was taken back"
    assert market.differences() == 0
    assert differences() == []


def test_nobody_gives_up_the_order_of_another_organization(market: Market) -> None:
    order = market.order()
    client = Client()
    client.force_login(market.ben)
    answer = client.post(reverse("escrow:take_back", args=[market.workshop.slug, order.public_id]))
    assert answer.status_code == 404
    assert fresh(order).state == "placed"


def test_giving_up_and_paying_at_once_leaves_one_of_both(market: Market) -> None:
    """Each waits for the other's lock: an order is never over with a payment left to be sent."""
    orders = [market.order() for _ in range(4)]
    for order in orders:
        browser, said = Browser(market, order), []

        def pay(browser: Browser = browser, said: list[int] = said) -> None:
            try:
                said.append(browser.sign()[0])
            finally:
                connection.close()

        thread = threading.Thread(target=pay)
        thread.start()
        with contextlib.suppress(Refused):
            give_up(market, order)
        thread.join()
        with everything():
            is_left = Payment.objects.filter(order=order, given_up="", relayed__isnull=False).exists()
        assert (fresh(order).state == "expired") != is_left, said
