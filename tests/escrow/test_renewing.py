"""A buyer pays for longer: one signature or their own transaction, once, at the order's own price."""

from typing import Any

import pytest
from django.urls import reverse

from chain import abi
from chain.client import client
from chain.models import OutgoingTransaction
from marketplace.catalog.models import Plan
from marketplace.escrow import terms
from marketplace.escrow.models import Escrow, Payment
from marketplace.subscriptions.models import SpendingLimit
from tests import world
from tests.escrow.money import PERIOD, Market, everything, signed
from tests.escrow.test_funding import Browser

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PRICE = 29 * world.TUSD
ADA = world.ADA_ADDRESS


class Renewing(Browser):
    """Ada's browser on the page for paying longer."""

    def page(self, **query: Any) -> str:
        answer = self.client.get(self.url("renew"), query)
        assert answer.status_code == 200
        return str(answer.content.decode())

    def asked(self, periods: int = 2, *, address: str = ADA) -> tuple[int, dict[str, Any]]:
        return self.says(self.url("renew_authorize") + f"?periods={periods}", address=address)

    def sign(self, address: str = ADA, key: str = world.ADA_KEY, periods: int = 2) -> tuple[int, dict[str, Any]]:
        status, asked = self.asked(periods, address=address)
        if status != 200:
            return status, asked
        return self.says(asked["next"], address=address, signature=signed(asked["typed"], key))


@pytest.fixture
def escrow(market: Market) -> Escrow:
    return market.paid()


@pytest.fixture
def browser(market: Market, escrow: Escrow) -> Renewing:
    return Renewing(market, escrow.order)


def test_one_signature_pays_for_longer_and_the_page_follows_it(
    market: Market, escrow: Escrow, browser: Renewing
) -> None:
    assert "58.00" in browser.page(periods=2)
    status, told = browser.sign()
    assert (status, told["go"]) == (200, browser.url("renew"))
    page = browser.page()
    assert "You have signed" in page
    assert "Sign and pay" not in page
    market.send()
    after = market.deposit(escrow.order)
    assert (after.periods, after.total) == (3, 3 * PRICE)
    assert (after.order.subscription.ends_at - escrow.order.subscription.ends_at).total_seconds() == 2 * PERIOD
    assert "runs longer now" in browser.page()
    assert market.differences() == 0


def test_the_contract_and_the_market_give_a_renewal_the_same_id(market: Market, escrow: Escrow) -> None:
    told = client(escrow.chain).read("MarketEscrow", "renewalId", escrow.escrow_id, 4, address=market.escrow)
    assert terms.renewal_id(escrow, 4) == told


def test_two_tabs_pay_for_longer_once(market: Market, escrow: Escrow, browser: Renewing) -> None:
    _, asked = browser.asked()
    signature = signed(asked["typed"], world.ADA_KEY)
    for _ in range(2):
        assert browser.says(asked["next"], address=ADA, signature=signature)[0] == 200
    assert OutgoingTransaction.objects.filter(key__startswith="renew:").count() == 1
    status, told = browser.asked(1)
    assert (status, "already under way" in told["sentence"]) == (422, True)
    market.send()
    assert market.deposit(escrow.order).periods == 3


def test_after_one_renewal_another_can_be_paid(market: Market, escrow: Escrow, browser: Renewing) -> None:
    for periods in (1, 2):
        assert browser.sign(periods=periods)[0] == 200
        market.send()
    assert market.deposit(escrow.order).periods == 4
    with everything():
        assert Payment.objects.filter(renews=escrow).count() == 2
    assert market.differences() == 0


def test_with_the_wallets_own_transaction_after_a_permit(market: Market, escrow: Escrow, browser: Renewing) -> None:
    status, step = browser.says(browser.url("renew_own") + "?periods=1", address=ADA)
    assert (status, step["typed"]["primaryType"]) == (200, "Permit")
    status, step = browser.says(step["next"], address=ADA, signature=signed(step["typed"], world.ADA_KEY))
    assert status == 200
    sent = market.execute(step["transaction"]["to"], bytes.fromhex(step["transaction"]["data"][2:]), sender=ADA)
    assert browser.says(step["next"], address=ADA, hash=sent)[0] == 200
    market.tick()
    assert market.deposit(escrow.order).periods == 2
    assert "runs longer now" in browser.page()


def test_only_the_wallet_that_paid_can_pay_for_longer(browser: Renewing) -> None:
    status, told = browser.sign(address=world.BEN_ADDRESS, key=world.BEN_KEY)
    assert (status, "Only the wallet" in told["sentence"]) == (422, True)


def test_a_signature_for_fewer_periods_does_not_pay_for_more(browser: Renewing) -> None:
    _, asked = browser.asked(1)
    signature = signed(asked["typed"], world.ADA_KEY)
    other = asked["next"].replace("periods=1", "periods=12")
    status, told = browser.says(other, address=ADA, signature=signature)
    assert (status, "not from the wallet" in told["sentence"]) == (422, True)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "periods=0",
        "periods=13",
        "periods=x",
        "periods=1&until=1",
        "periods=1&until=9999999999",
        "periods=1&until=999999999999",
        "periods=²",
    ],
)
def test_a_wish_that_makes_no_sense_gets_a_sentence(browser: Renewing, query: str) -> None:
    status, told = browser.says(browser.url("renew_authorize") + "?" + query, address=ADA)
    assert (status, bool(told["sentence"])) == (422, True)


def test_what_is_over_stopped_or_no_longer_sold_cannot_be_renewed(
    market: Market, escrow: Escrow, browser: Renewing
) -> None:
    with everything():
        Plan.objects.filter(pk=escrow.order.plan_id).update(state=Plan.State.WITHDRAWN)
    assert "no longer sold" in browser.page()
    assert "no longer sold" in browser.sign()[1]["sentence"]
    with everything():
        Plan.objects.filter(pk=escrow.order.plan_id).update(state=Plan.State.ON_SALE)
    market.wait(PERIOD)
    assert "is over" in browser.page()
    assert "is over" in browser.sign()[1]["sentence"]


def test_a_renewal_counts_against_the_budget(market: Market, escrow: Escrow, browser: Renewing) -> None:
    with everything():
        SpendingLimit.objects.create(org=market.bakery, currency=escrow.currency, monthly=2 * PRICE)
    assert "goes beyond" in browser.page(periods=2)
    status, told = browser.sign(periods=2)
    assert (status, "budget" in told["sentence"]) == (422, True)
    assert browser.sign(periods=1)[0] == 200


def test_a_renewal_that_the_chain_refuses_says_so_and_can_be_tried_again(
    market: Market, escrow: Escrow, browser: Renewing
) -> None:
    assert browser.sign()[0] == 200
    poor = abi.encode_call("TestDollar", "transfer", world.BEN_ADDRESS, market.balance(ADA))
    market.execute(market.dollar, poor, sender=ADA)
    market.send()
    page = browser.page()
    assert "was not accepted" in page
    assert "Sign and pay" in page
    assert market.deposit(escrow.order).periods == 1
    back = abi.encode_call("TestDollar", "transfer", ADA, 10 * PRICE)
    market.execute(market.dollar, back, sender=world.BEN_ADDRESS)
    assert browser.sign()[0] == 200
    market.send()
    assert market.deposit(escrow.order).periods == 3
    assert market.differences() == 0


def test_the_subscription_leads_to_paying_for_longer(browser: Renewing) -> None:
    url = reverse("subscriptions:detail", args=[browser.org, browser.order.public_id])
    assert browser.url("renew") in browser.client.get(url).content.decode()
