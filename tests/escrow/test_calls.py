"""Calls that are paid one by one: put in, used, paid out on receipts, stopped, and the rest given back."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from chain import abi
from chain.client import client
from chain.receipts import digest, metering_address
from marketplace.escrow import terms
from marketplace.escrow.models import CallDeposit, Channel, LedgerEntry, Receipt, Sending
from marketplace.escrow.services import receipts
from marketplace.escrow.services.reprojecting import differences
from marketplace.gateway import charging, services
from marketplace.gateway.models import UsageRecord
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Meter, Order
from marketplace.subscriptions.services import entitlement
from tests import world
from tests.escrow.money import Market, acting, everything, fresh
from tests.escrow.test_funding import Browser

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

PRICE = 20_000  # 0.02 test dollars a call
CALLS = 100


@pytest.fixture
def selling(market: Market) -> Market:
    """A market in which Ben sells a tool by the call."""
    market.listing = world.listing(
        market.workshop,
        "Pay as you go",
        currency=market.currency,
        price=PRICE,
        period_seconds=0,
        least_deposit=PRICE * 5,
    )
    market.plan = world.plan(market.listing)
    return market


def put_in(market: Market, calls: int = CALLS) -> Order:
    """An order of calls that was paid by one signature, and is final."""
    order = market.order(calls)
    browser = Browser(market, order)
    assert browser.sign()[0] == 200
    market.send()
    return fresh(order)


@pytest.fixture
def order(selling: Market) -> Order:
    return put_in(selling)


@pytest.fixture
def key(selling: Market) -> str:
    with acting(selling.buyer):
        return services.create_key(selling.buyer, name="test")[1]


class Calls:
    """Ada's program: begins calls, and says how they ended."""

    def __init__(self, market: Market, key: str) -> None:
        self.slug, self.key = market.listing.slug, key

    def begin(self) -> services.Call:
        return services.begin_call(key_text=self.key, slug=self.slug, size=1)

    def make(self, outcome: str = "answered") -> charging.Charge | None:
        return services.finish_call(self.begin(), outcome=outcome, status=200)

    def many(self, count: int) -> None:
        for _ in range(count):
            self.make()


@pytest.fixture
def calls(selling: Market, order: Order, key: str) -> Calls:
    return Calls(selling, key)


def meter() -> Meter:
    with everything():
        return Meter.objects.get()


def channel() -> Channel:
    with everything():
        return Channel.objects.get()


def used_by_records() -> int:
    with everything():
        return sum(int(record.cost) for record in UsageRecord.objects.exclude(meter=None))


def stop(market: Market) -> None:
    """Ada's wallet asks for the rest."""
    data = abi.encode_call("MarketEscrow", "requestClose", channel().channel_id)
    market.execute(market.escrow, data, sender=world.ADA_ADDRESS)
    market.tick()


def work(market: Market) -> None:
    """The workers of the money, a few rounds."""
    for _ in range(2):
        receipts.sign_receipts()
        receipts.claim_used()
        receipts.close_over()
        market.send()


def test_one_signature_opens_the_deposit_and_calls_pass(selling: Market) -> None:
    before = selling.balance(world.ADA_ADDRESS)
    order = put_in(selling)
    assert before - selling.balance(world.ADA_ADDRESS) == PRICE * CALLS
    assert (order.state, order.subscription.state) == ("funded", "active")
    assert (int(meter().deposit), int(meter().price)) == (PRICE * CALLS, PRICE)
    with acting(selling.buyer):
        right = entitlement(selling.bakery.pk, selling.listing)
        assert right.allowed
        assert right.allowance
        assert (right.allowance.most, right.allowance.left) == (CALLS, CALLS)
    page = Browser(selling, order).page()
    assert "Calls pass from now on" in page
    assert selling.differences() == 0
    assert differences() == []


def test_the_signature_is_for_this_deposit_under_the_markets_key_and_nothing_else(selling: Market) -> None:
    order = selling.order(CALLS)
    asked = Browser(selling, order).says("authorize", address=world.ADA_ADDRESS)[1]
    agreed = terms.channel_terms(order)
    assert agreed["signer"] == metering_address() == order.signer
    assert asked["typed"]["message"]["nonce"] == client().read("MarketEscrow", "channelId", world.ADA_ADDRESS, agreed)
    assert asked["typed"]["message"]["value"] == str(PRICE * CALLS)


def test_a_permit_and_the_wallets_own_transaction_open_it_too(selling: Market) -> None:
    from tests.escrow.money import signed

    order = selling.order(CALLS)
    browser = Browser(selling, order)
    asked = browser.says("own", address=world.ADA_ADDRESS)[1]
    typed = signed(asked["typed"], world.ADA_KEY)
    call = browser.says(asked["next"], address=world.ADA_ADDRESS, signature=typed)[1]
    selling.execute(call["transaction"]["to"], bytes.fromhex(call["transaction"]["data"][2:]), sender=world.ADA_ADDRESS)
    selling.tick()
    assert fresh(order).subscription.state == "active"


def test_less_than_the_least_deposit_is_not_ordered(selling: Market) -> None:
    with pytest.raises(Refused, match=r"at least 0\.10"):
        selling.order(4)


def test_without_a_metering_key_no_calls_are_sold(selling: Market, settings: Any) -> None:
    settings.METERING_KEY = ""
    with pytest.raises(Refused, match="cannot count paid calls"):
        selling.order(CALLS)


def test_only_an_answered_call_costs_and_says_what_is_left(calls: Calls) -> None:
    assert calls.make() == charging.Charge(PRICE, PRICE * (CALLS - 1))
    for outcome in ("failed", "timed_out", "refused"):
        assert calls.make(outcome) == charging.Charge(0, PRICE * (CALLS - 1))
    assert (int(meter().spent), int(meter().owed)) == (PRICE, PRICE)
    assert used_by_records() == PRICE


def test_calls_stop_when_the_deposit_is_used_and_the_sentence_says_what_to_do(selling: Market, key: str) -> None:
    put_in(selling, 5)
    calls = Calls(selling, key)
    calls.many(5)
    with pytest.raises(services.CallRefused, match="Put in more") as refused:
        calls.begin()
    assert refused.value.status == 429


def test_a_call_that_is_refused_after_it_was_taken_for_gives_it_back(selling: Market, calls: Calls) -> None:
    from marketplace.gateway import limits
    from marketplace.gateway.models import ApiKey

    with acting(selling.buyer):
        limits.limit_key(selling.buyer, key_id=ApiKey.objects.get().pk, monthly_calls=1)
    calls.make()
    with pytest.raises(services.CallRefused, match=r"reached its limit of calls for .*: 1\."):
        calls.begin()
    assert int(meter().spent) == PRICE


def test_an_end_that_is_told_twice_is_charged_once(calls: Calls) -> None:
    begun = calls.begin()
    assert services.finish_call(begun, outcome="answered")
    assert services.finish_call(begun, outcome="answered") is None
    assert services.finish_call(begun, outcome="failed") is None
    assert (int(meter().spent), int(meter().owed)) == (PRICE, PRICE)


def test_a_call_whose_process_died_costs_nothing_and_its_late_end_neither(calls: Calls) -> None:
    begun = calls.begin()
    assert charging.give_back_lost() == 0
    with everything():
        UsageRecord.objects.update(started_at=timezone.now() - charging.LOST_AFTER - timedelta(seconds=1))
    assert charging.give_back_lost() == 1
    assert charging.give_back_lost() == 0
    assert services.finish_call(begun, outcome="answered") is None
    assert (int(meter().spent), int(meter().owed), used_by_records()) == (0, 0, 0)


THREADS, EACH = 50, 20


def at_once(act: Callable[[], None]) -> None:
    def inside() -> None:
        try:
            for _ in range(EACH):
                act()
        finally:
            connection.close()

    threads = [threading.Thread(target=inside) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_thousand_calls_at_once_do_not_overspend(selling: Market, calls: Calls) -> None:
    """1,000 calls, a deposit for 100: exactly 100 pass, a tenth of them is given back and taken again."""
    passed: list[int] = []

    def act() -> None:
        try:
            call = calls.begin()
        except services.CallRefused:
            return
        if charge := services.finish_call(call, outcome="failed" if call.usage_id % 10 == 0 else "answered"):
            passed.append(charge.cost)

    at_once(act)
    assert sum(passed) <= PRICE * CALLS
    now = meter()
    assert int(now.spent) == int(now.owed) == sum(passed) == used_by_records()


def test_looking_first_and_taking_then_overspends(selling: Market, calls: Calls) -> None:
    """The control: what `take` does in one statement, done in two, lets more calls pass than were paid for."""
    found, passed = meter(), []

    def act() -> None:
        with everything():
            now = Meter.objects.get(pk=found.pk)
            if now.left >= PRICE:
                passed.append(PRICE)
                try:
                    with transaction.atomic():
                        Meter.objects.filter(pk=found.pk).update(spent=int(now.spent) + PRICE)
                except DatabaseError:
                    pass

    at_once(act)
    assert sum(passed) > PRICE * CALLS


def test_a_receipt_is_what_the_contract_takes(selling: Market, calls: Calls) -> None:
    calls.many(3)
    assert receipts.sign_receipts() == 1
    assert receipts.sign_receipts() == 0
    where = channel()
    theirs = client().read("MarketEscrow", "receiptHash", where.channel_id, 3 * PRICE)
    ours = digest(chain=where.chain, contract=where.contract, channel_id=where.channel_id, cumulative=3 * PRICE)
    assert bytes(theirs) == ours if isinstance(theirs, bytes) else theirs == "0x" + ours.hex()


def test_calls_under_way_are_not_signed_for(calls: Calls) -> None:
    calls.begin()
    assert receipts.sign_receipts() == 0
    calls.make()
    receipts.sign_receipts()
    with everything():
        assert int(Receipt.objects.get().cumulative) == PRICE


@pytest.mark.parametrize("change", ["UPDATE escrow_receipt SET cumulative = 1", "DELETE FROM escrow_receipt"])
def test_a_receipt_is_never_changed_or_taken_away(calls: Calls, change: str) -> None:
    calls.make()
    receipts.sign_receipts()
    with pytest.raises(DatabaseError, match="never changed"), everything(), connection.cursor() as cursor:
        cursor.execute(change)


def test_no_receipt_says_less_than_one_before(calls: Calls) -> None:
    calls.many(2)
    receipts.sign_receipts()
    with pytest.raises(DatabaseError, match="as much or more"), everything():
        last = Receipt.objects.get()
        both = {"buyer_id": last.buyer_id, "provider_id": last.provider_id}
        Receipt.objects.create(deposit=last.deposit, cumulative=1, signature="0x", **both)


def test_a_claim_waits_until_enough_is_used(selling: Market, calls: Calls) -> None:
    calls.many(24)
    work(selling)
    assert int(channel().claimed) == 0
    calls.make()
    work(selling)
    assert int(channel().claimed) == 25 * PRICE
    with everything():
        assert Sending.objects.count() == 1
        CallDeposit.objects.get()
    calls.make()
    receipts.sign_receipts()
    assert receipts.claim_used() == 0


def test_a_day_is_enough_for_a_claim(selling: Market, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    calls.make()
    receipts.sign_receipts()
    assert receipts.claim_used() == 0
    monkeypatch.setattr(receipts, "CLAIM_EVERY", timedelta(0))
    assert receipts.claim_used() == 1
    assert receipts.claim_used() == 0


def test_the_whole_life_adds_up_to_the_unit(selling: Market, order: Order, calls: Calls) -> None:
    """Usage records = receipt = claimed; what is left is the buyer's; the provider and the fee have the rest."""
    calls.many(31)
    calls.make("failed")
    under_way = calls.begin()
    stop(selling)
    with pytest.raises(services.CallRefused):
        calls.begin()
    assert services.finish_call(under_way, outcome="answered")
    work(selling)
    assert used_by_records() == int(meter().owed) == int(channel().claimed) == 32 * PRICE
    assert channel().state == "closing"
    selling.wait(int(channel().close_delay_seconds) + 1)
    work(selling)
    order = fresh(order)
    assert channel().state == "closed"
    assert (order.state, int(order.returned)) == ("refunded", 68 * PRICE)
    assert selling.credit(world.ADA_ADDRESS) == 68 * PRICE
    with everything():
        sums = dict.fromkeys(("buyer", "escrow", "provider", "fees"), 0)
        for line in LedgerEntry.objects.all():
            sums[line.account] += int(line.amount)
    assert sums["escrow"] == sum(sums.values()) == 0
    assert sums["provider"] + sums["fees"] == 32 * PRICE == -sums["buyer"]
    assert selling.credit(world.BEN_ADDRESS) == sums["provider"]
    selling.withdraw(world.ADA_ADDRESS)
    selling.tick()
    assert selling.differences() == 0
    assert differences() == []


def test_it_is_not_closed_while_a_call_is_under_way(selling: Market, calls: Calls) -> None:
    begun = calls.begin()
    stop(selling)
    selling.wait(int(channel().close_delay_seconds) + 1)
    assert receipts.close_over() == 0
    services.finish_call(begun, outcome="answered")
    assert receipts.close_over() == 0  # what it came to is not claimed yet
    work(selling)
    work(selling)
    assert (channel().state, int(channel().claimed)) == ("closed", PRICE)


def test_more_is_put_in_by_the_wallet_that_paid(selling: Market, order: Order, calls: Calls) -> None:
    calls.many(CALLS)
    browser = Browser(selling, order)
    where = browser.url("renew_own") + "?periods=50"
    status, asked = browser.says(where, address=world.BEN_ADDRESS)
    assert (status, "Only the wallet" in asked["sentence"]) == (422, True)
    asked = browser.says(where, address=world.ADA_ADDRESS)[1]
    allowance = asked["transaction"]
    selling.execute(allowance["to"], bytes.fromhex(allowance["data"][2:]), sender=world.ADA_ADDRESS)
    asked = browser.says(asked["next"], address=world.ADA_ADDRESS)[1]
    tx_hash = selling.execute(
        asked["transaction"]["to"], bytes.fromhex(asked["transaction"]["data"][2:]), sender=world.ADA_ADDRESS
    )
    assert browser.says(asked["next"], address=world.ADA_ADDRESS, hash=tx_hash)[0] == 200
    selling.tick()
    assert (meter().calls, fresh(order).added_periods) == (CALLS + 50, 50)
    assert "There is more in your deposit" in browser.client.get(browser.url("renew")).content.decode()
    calls.make()
    assert selling.differences() == 0
    assert differences() == []


def test_a_deposit_that_comes_too_late_opens_nothing_and_goes_back(selling: Market) -> None:
    order = selling.order(CALLS)
    agreed = terms.channel_terms(order)
    selling.wait(2 * 3600)
    approve = abi.encode_call("TestDollar", "approve", selling.escrow, order.amount)
    selling.execute(selling.dollar, approve, sender=world.ADA_ADDRESS)
    selling.execute(selling.escrow, abi.encode_call("MarketEscrow", "openChannel", agreed), sender=world.ADA_ADDRESS)
    selling.tick()
    assert (fresh(order).state, fresh(order).subscription.state) == ("expired", "ended")
    stop(selling)
    selling.wait(int(channel().close_delay_seconds) + 1)
    work(selling)
    assert selling.credit(world.ADA_ADDRESS) == order.amount
    assert selling.differences() == 0
    assert differences() == []


def test_a_channel_under_another_signer_gives_no_rights(selling: Market) -> None:
    order = selling.order(CALLS)
    agreed = {**terms.channel_terms(order), "signer": world.ADA_ADDRESS}
    approve = abi.encode_call("TestDollar", "approve", selling.escrow, order.amount)
    selling.execute(selling.dollar, approve, sender=world.ADA_ADDRESS)
    selling.execute(selling.escrow, abi.encode_call("MarketEscrow", "openChannel", agreed), sender=world.ADA_ADDRESS)
    selling.tick()
    assert fresh(order).state == "placed"
    with everything():
        assert not CallDeposit.objects.exists()
        assert not Meter.objects.exists()


def test_the_buyers_page_shows_what_is_used_and_stops_it(selling: Market, order: Order, calls: Calls) -> None:
    calls.many(7)
    browser = Browser(selling, order)
    page = browser.client.get(browser.url("money")).content.decode()
    assert "7 of 100 calls" in page
    assert "Stop and get the rest back" in page
    status, told = browser.says(
        f"/o/{selling.bakery.slug}/orders/{order.public_id}/deposits/{channel().channel_id}/stop-calls/",
        address=world.ADA_ADDRESS,
    )
    assert status == 200
    assert "1.86" in told["say"]
    call = told["transaction"]
    tx_hash = selling.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=world.ADA_ADDRESS)
    assert browser.says(told["next"], address=world.ADA_ADDRESS, hash=tx_hash)[0] == 200
    selling.tick()
    assert "This deposit is closing" in browser.client.get(browser.url("money")).content.decode()


def test_the_provider_gives_the_rest_back_at_once_but_not_before_it_is_paid(
    selling: Market, order: Order, calls: Calls
) -> None:
    browser = Browser(selling, order)
    browser.client.force_login(selling.ben)
    browser.org = selling.workshop.slug
    close = f"/o/{browser.org}/orders/{order.public_id}/deposits/{channel().channel_id}/close-calls/"
    calls.many(26)
    status, told = browser.says(close, address=world.BEN_ADDRESS)
    assert (status, "still to be paid out" in json.dumps(told)) == (422, True)
    work(selling)
    assert browser.says(close, address=world.ADA_ADDRESS)[0] == 422
    status, told = browser.says(close, address=world.BEN_ADDRESS)
    assert status == 200
    assert "1.48" in told["say"]
    asked = told["transaction"]
    tx_hash = selling.execute(asked["to"], bytes.fromhex(asked["data"][2:]), sender=world.BEN_ADDRESS)
    assert browser.says(told["next"], address=world.BEN_ADDRESS, hash=tx_hash)[0] == 200
    selling.tick()
    assert channel().state == "closed"
    assert selling.credit(world.ADA_ADDRESS) == int(fresh(order).returned) == (CALLS - 26) * PRICE
    page = browser.client.get(browser.url("money")).content.decode()
    assert "0.52" in page
