"""A buyer pays: one signature, or a transaction of their own; and is never asked twice."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chain import abi
from chain.models import OutgoingTransaction
from marketplace.escrow.models import Escrow, Payment
from marketplace.escrow.services import Life
from marketplace.escrow.views import paying
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Order, Subscription
from marketplace.subscriptions.services import place_order
from tests import world
from tests.escrow.money import Market, acting, everything, fresh, signed

PRICE = 29 * world.TUSD


class Browser:
    """Ada's browser: the pages, and the talk of the page's wallet with the server."""

    def __init__(self, market: Market, order: Order) -> None:
        self.client = Client()
        self.client.force_login(market.ada)
        self.org, self.order = market.bakery.slug, order

    def url(self, name: str) -> str:
        return reverse(f"escrow:{name}", args=[self.org, self.order.public_id])

    def page(self) -> str:
        answer = self.client.get(self.url("pay"))
        assert answer.status_code == 200
        return str(answer.content.decode())

    def says(self, where: str, **said: Any) -> tuple[int, dict[str, Any]]:
        """What the server answers to the wallet at a URL name or address."""
        url = where if where.startswith("/") else self.url(where)
        answer = self.client.post(url, json.dumps(said), content_type="application/json")
        return answer.status_code, answer.json()

    def sign(self, address: str = world.ADA_ADDRESS, key: str = world.ADA_KEY) -> tuple[int, dict[str, Any]]:
        """Ask, sign, hand in."""
        status, asked = self.says("authorize", address=address)
        if status != 200:
            return status, asked
        return self.says(asked["next"], address=address, signature=signed(asked["typed"], key))


@pytest.fixture
def order(market: Market) -> Order:
    return market.order()


@pytest.fixture
def browser(market: Market, order: Order) -> Browser:
    return Browser(market, order)


def test_one_signature_pays_and_the_page_follows_it_to_the_end(market: Market, browser: Browser) -> None:
    before = market.balance(world.ADA_ADDRESS)
    assert "Sign and pay" in browser.page()
    status, asked = browser.says("authorize", address=world.ADA_ADDRESS)
    assert status == 200
    assert "29.00" in asked["say"]
    assert "only" in asked["say"]
    status, told = browser.says(
        asked["next"], address=world.ADA_ADDRESS, signature=signed(asked["typed"], world.ADA_KEY)
    )
    assert (status, told["go"]) == (200, browser.url("pay"))
    page = browser.page()
    assert "You have signed" in page
    assert "Sign and pay" not in page
    from chain import sender

    sender.send()
    market.node.mine(1)
    market.seen()
    assert "Seen in block" in browser.page()
    assert fresh(browser.order).state == Order.State.PLACED
    market.tick()
    page = browser.page()
    assert "Paid, and final" in page
    assert "Use it" in page
    assert before - market.balance(world.ADA_ADDRESS) == PRICE
    assert market.differences() == 0


def test_a_page_that_is_asked_for_while_the_deposit_settles_shows_the_end_and_not_half_of_it(
    market: Market, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chain import sender

    _, asked = browser.says("authorize", address=world.ADA_ADDRESS)
    browser.says(asked["next"], address=world.ADA_ADDRESS, signature=signed(asked["typed"], world.ADA_KEY))
    sender.send()
    market.node.mine(1)
    followed = paying.services.followed

    def late(payment: Payment) -> Life:
        market.tick()
        return followed(payment)

    monkeypatch.setattr(paying.services, "followed", late)
    page = browser.page()
    assert "Paid, and final" in page
    assert "Use it" in page


def test_the_same_form_twice_is_one_order(market: Market) -> None:
    key = uuid.uuid4()
    first, second = market.order(form_key=key), market.order(form_key=key)
    assert first.pk == second.pk
    with everything():
        assert Order.objects.count() == Subscription.objects.count() == 1


def test_the_checkout_sent_twice_leads_to_the_same_payment(market: Market) -> None:
    client = Client()
    client.force_login(market.ada)
    url = reverse("subscriptions:checkout", args=[market.bakery.slug, market.plan.pk])
    page = client.get(url)
    key = page.context["form"]["form_key"].value()
    first = client.post(url, {"periods": 2, "form_key": key})
    second = client.post(url, {"periods": 2, "form_key": key})
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert client.post(url, {"periods": 99, "form_key": uuid.uuid4()}).status_code == 422


def test_two_tabs_pay_once(market: Market, browser: Browser) -> None:
    _, asked = browser.says("authorize", address=world.ADA_ADDRESS)
    signature = signed(asked["typed"], world.ADA_KEY)
    for _ in range(2):
        status, _ = browser.says("authorized", address=world.ADA_ADDRESS, signature=signature)
        assert status == 200
    assert OutgoingTransaction.objects.filter(key__startswith="fund:").count() == 1
    status, told = browser.says("authorize", address=world.ADA_ADDRESS)
    assert status == 422
    assert "already under way" in told["sentence"]
    status, told = browser.says("own", address=world.MIA_ADDRESS)
    assert status == 422
    market.send()
    with everything():
        assert Escrow.objects.count() == 1
    assert browser.sign()[0] == 422


def test_a_signature_of_another_wallet_is_refused_and_nothing_is_sent(browser: Browser) -> None:
    status, told = browser.sign(address=world.ADA_ADDRESS, key=world.BEN_KEY)
    assert status == 422
    assert "not from the wallet" in told["sentence"]
    for broken in ("0x", "0x12", "not hex", "0x" + 130 * "f"):
        status, told = browser.says("authorized", address=world.ADA_ADDRESS, signature=broken)
        assert status == 422, broken
    assert not OutgoingTransaction.objects.exists()


def test_a_signature_for_one_order_does_not_pay_another(market: Market, browser: Browser) -> None:
    other = Browser(market, market.order())
    _, asked = other.says("authorize", address=world.ADA_ADDRESS)
    signature = signed(asked["typed"], world.ADA_KEY)
    assert browser.says("authorized", address=world.ADA_ADDRESS, signature=signature)[0] == 422


def test_after_its_hour_an_order_takes_no_signature(market: Market, browser: Browser) -> None:
    _, asked = browser.says("authorize", address=world.ADA_ADDRESS)
    market.wait(3601)
    signature = signed(asked["typed"], world.ADA_KEY)
    status, told = browser.says("authorized", address=world.ADA_ADDRESS, signature=signature)
    assert status == 422
    assert "time to pay" in told["sentence"]
    assert "The time to pay is over" in browser.page()
    assert not OutgoingTransaction.objects.exists()


def test_an_authorization_that_expires_on_its_way_is_told_and_another_try_is_refused_in_words(
    market: Market, browser: Browser
) -> None:
    assert browser.sign()[0] == 200
    market.wait(3601)
    market.send()
    page = browser.page()
    assert "Nothing was taken" in page or "time to pay is over" in page
    with everything():
        assert not Escrow.objects.exists()
    assert market.differences() == 0


def test_too_little_money_is_said_before_anything_is_signed(browser: Browser) -> None:
    poor = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
    poor = "0x976EA74026E726554dB657fA54763abd0C3a0aa9"
    status, told = browser.says("authorize", address=poor)
    assert status == 422
    assert "holds 0.00" in told["sentence"]
    assert "29.00" in told["sentence"]


def test_a_refused_relay_says_why_and_lets_the_buyer_try_again(market: Market, browser: Browser) -> None:
    assert browser.sign()[0] == 200
    ten_thousand = market.balance(world.ADA_ADDRESS)
    spend = abi.encode_call("TestDollar", "transfer", world.MIA_ADDRESS, ten_thousand)
    market.execute(market.dollar, spend, sender=world.ADA_ADDRESS)
    market.send()
    page = browser.page()
    assert "The payment was not accepted" in page
    assert "Sign and pay" in page
    browser.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    page = browser.page()
    assert "In der Wallet ist nicht genug von diesem Token." in page
    assert "There is not enough" not in page
    give = abi.encode_call("TestDollar", "transfer", world.ADA_ADDRESS, ten_thousand)
    market.execute(market.dollar, give, sender=world.MIA_ADDRESS)
    assert browser.sign()[0] == 200
    market.send()
    assert fresh(browser.order).state == Order.State.FUNDED
    with everything():
        (failed,) = Payment.objects.exclude(given_up="")
    assert "There is not enough of this token" in failed.given_up, "what is kept is in nobody's own language"


def test_an_own_payment_by_permit_is_one_signature_and_one_transaction(market: Market, browser: Browser) -> None:
    status, asked = browser.says("own", address=world.ADA_ADDRESS)
    assert status == 200
    assert asked["typed"]["primaryType"] == "Permit"
    status, step = browser.says(
        asked["next"], address=world.ADA_ADDRESS, signature=signed(asked["typed"], world.ADA_KEY)
    )
    assert status == 200
    call = step["transaction"]
    tx_hash = market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=world.ADA_ADDRESS)
    status, told = browser.says(step["next"], address=world.ADA_ADDRESS, hash=tx_hash)
    assert (status, told["go"]) == (200, browser.url("pay"))
    market.tick()
    assert fresh(browser.order).state == Order.State.FUNDED
    assert "Paid, and final" in browser.page()


def test_a_token_without_signatures_is_allowed_and_then_paid(market: Market, browser: Browser) -> None:
    with everything():
        market.currency.takes_permit = market.currency.takes_authorization = False
        market.currency.save()
    assert browser.says("authorize", address=world.ADA_ADDRESS)[0] == 422
    _, asked = browser.says("own", address=world.ADA_ADDRESS)
    assert browser.says(asked["next"], address=world.ADA_ADDRESS, hash="0x" + 64 * "1")[1]["wait"] == 2
    call = asked["transaction"]
    assert call["to"] == market.dollar
    market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=world.ADA_ADDRESS)
    _, step = browser.says(asked["next"], address=world.ADA_ADDRESS)
    call = step["transaction"]
    market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=world.ADA_ADDRESS)
    market.tick()
    assert fresh(browser.order).state == Order.State.FUNDED


def test_a_wallet_that_may_have_sent_is_waited_for_until_the_buyer_says_it_did_not(browser: Browser) -> None:
    browser.says("own", address=world.ADA_ADDRESS)
    page = browser.page()
    assert "Your wallet was asked to pay" in page
    assert "Sign and pay" not in page
    with everything():
        Payment.objects.update(started_at="2020-01-01T00:00:00Z")
    assert "It sent nothing; pay again" in browser.page()
    browser.client.post(browser.url("give_up"))
    assert "Sign and pay" in browser.page()


def test_a_lost_hash_does_not_hide_the_payment(market: Market, browser: Browser) -> None:
    _, asked = browser.says("own", address=world.ADA_ADDRESS)
    _, step = browser.says(asked["next"], address=world.ADA_ADDRESS, signature=signed(asked["typed"], world.ADA_KEY))
    call = step["transaction"]
    market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=world.ADA_ADDRESS)
    market.seen()
    assert "Seen in block" in browser.page()
    browser.client.post(browser.url("give_up"))
    assert "Seen in block" in browser.page()


def test_a_reverted_own_transaction_is_told_and_can_be_repeated(market: Market, browser: Browser) -> None:
    _, asked = browser.says("own", address=world.ADA_ADDRESS)
    _, step = browser.says(asked["next"], address=world.ADA_ADDRESS, signature=signed(asked["typed"], world.ADA_KEY))
    call = step["transaction"]
    spend = abi.encode_call("TestDollar", "transfer", world.MIA_ADDRESS, market.balance(world.ADA_ADDRESS))
    market.execute(market.dollar, spend, sender=world.ADA_ADDRESS)
    raw = {"from": world.ADA_ADDRESS, "to": call["to"], "data": call["data"], "gas": hex(400_000)}
    tx_hash = market.node.rpc("eth_sendTransaction", raw)
    market.node.receipt(tx_hash)
    browser.says(step["next"], address=world.ADA_ADDRESS, hash=tx_hash)
    assert "did not accept your transaction" in browser.page()
    assert "Sign and pay" in browser.page()


@pytest.mark.parametrize("body", ["", "[]", "{", '{"address": 7}', '{"address": "0x12"}'])
def test_nonsense_from_the_page_is_answered_with_a_sentence(browser: Browser, body: str) -> None:
    answer = browser.client.post(browser.url("authorize"), body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.json()["sentence"]


def test_a_third_organization_sees_neither_order_nor_payment(market: Market, browser: Browser) -> None:
    assert browser.sign()[0] == 200
    market.send()
    stranger = world.person("Zoe")
    bank = world.organization("Zoe Bank", owner=stranger)
    client = Client()
    client.force_login(stranger)
    for name in ("pay", "money"):
        for slug, expected in ((bank.slug, 404), (market.bakery.slug, 404)):
            assert client.get(reverse(f"escrow:{name}", args=[slug, browser.order.public_id])).status_code == expected
    for name in ("subscriptions:list", "subscriptions:sales", "escrow:payouts"):
        page = client.get(reverse(name, args=[bank.slug]))
        assert page.status_code == 200
        assert "Review mood" not in page.content.decode()
    with acting(world.actor(stranger, bank)):
        assert not Order.objects.exists()
        assert not Escrow.objects.exists()
        assert not Payment.objects.exists()


@pytest.mark.parametrize("name", ["pay", "money"])
def test_the_provider_sees_the_money_and_cannot_pay(market: Market, browser: Browser, name: str) -> None:
    client = Client()
    client.force_login(market.ben)
    answer = client.get(reverse(f"escrow:{name}", args=[market.workshop.slug, browser.order.public_id]))
    assert answer.status_code == (404 if name == "pay" else 200)


def test_what_cannot_be_ordered_is_refused_in_words(market: Market) -> None:
    def refusal(actor: Any = None) -> str:
        who = actor or market.buyer
        with acting(who), pytest.raises(Refused) as refused:
            place_order(who, plan_id=market.plan.pk, periods=1, form_key=uuid.uuid4())
        return str(refused.value)

    assert "your own" in refusal(market.provider)
    with everything():
        market.workshop.payout_address = ""
        market.workshop.save()
    assert "has not named a wallet" in refusal()
    with everything():
        market.workshop.payout_address = world.BEN_ADDRESS
        market.workshop.save()
        market.currency.accepted = False
        market.currency.save()
    assert "does not accept TUSD" in refusal()
    with everything():
        market.plan.move("withdrawn")
    assert "no longer on sale" in refusal()
