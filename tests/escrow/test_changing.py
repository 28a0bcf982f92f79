"""Another plan in place of one that runs: said in figures before, paid once, and the old one never forgotten."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from marketplace.audit.models import Entry
from marketplace.catalog.models import Plan
from marketplace.escrow.models import Escrow
from marketplace.escrow.services.changing import figures
from marketplace.escrow.services.leaving import if_stopped
from marketplace.escrow.services.reprojecting import differences
from marketplace.lifecycle import Refused
from marketplace.subscriptions import asking, changing, reminding, words
from marketplace.subscriptions.allowance import count_call
from marketplace.subscriptions.clock import market_time, moment
from marketplace.subscriptions.models import CallCount, Order, SpendingLimit, SpendingRequest, Subscription
from marketplace.subscriptions.reminding import note_replaced
from marketplace.subscriptions.services import (
    agreement,
    end_lapsed,
    entitlement,
    expire_orders,
    place_approved_order,
    place_order,
)
from tests import world
from tests.escrow.money import PERIOD, Market, acting, everything, fresh
from tests.escrow.test_funding import Browser

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PRICE = 29 * world.TUSD


@world.written
def also(plan: Plan, **fields: Any) -> Plan:
    """One more plan of the same tool on sale."""
    found = Plan.objects.get(pk=plan.pk)
    found.pk = None
    for name, value in fields.items():
        setattr(found, name, value)
    found._state.adding = True
    found.save(force_insert=True)
    return found


class Shop:
    """Ada's bakery with a running order of the plan Standard; Large and Small are on sale beside it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.large = also(market.plan, name="Large", price=90 * world.TUSD, included_calls=1000)
        self.small = also(market.plan, name="Small", price=9 * world.TUSD, included_calls=100)
        with everything():
            Plan.objects.filter(pk=market.plan.pk).update(included_calls=200)
        self.escrow = market.paid()
        self.order = self.escrow.order
        self.client = Client()
        self.client.force_login(market.ada)
        self.url = reverse("escrow:change", args=[market.bakery.slug, self.order.public_id])

    def page(self, **query: Any) -> str:
        answer = self.client.get(self.url, query)
        assert answer.status_code == 200
        return str(answer.content.decode())

    def send(self, plan: Plan, *, key: uuid.UUID | None = None, **fields: Any) -> Any:
        data = {"periods": 1, "form_key": str(key or uuid.uuid4()), **fields}
        return self.client.post(f"{self.url}?plan={plan.pk}", data)

    def placed(self) -> Order:
        with everything():
            found = Order.objects.select_related("subscription", "currency", "listing", "replaces")
            return found.get(replaces=self.order)

    def changed(self) -> Order:
        """Changed to Large, and paid; the old one still runs."""
        assert self.send(self.large).status_code == 302
        assert Browser(self.market, self.placed()).sign()[0] == 200
        self.market.send()
        return self.placed()

    def used(self) -> Subscription:
        """What a call goes by."""
        with acting(self.market.buyer):
            right = entitlement(self.market.bakery.pk, self.market.listing)
            assert right.allowed and right.subscription
            count_call(right.subscription)
            return right.subscription


@pytest.fixture
def shop(market: Market) -> Shop:
    return Shop(market)


def detail(shop: Shop, order: Order) -> str:
    url = reverse("subscriptions:detail", args=[shop.market.bakery.slug, order.public_id])
    return str(shop.client.get(url).content.decode())


def home(shop: Shop) -> str:
    return str(shop.client.get(reverse("organizations:home", args=[shop.market.bakery.slug])).content.decode())


def test_before_anybody_signs_the_page_says_what_is_paid_what_comes_back_and_what_is_lost(shop: Shop) -> None:
    shop.market.wait(PERIOD // 3)
    page = shop.page()
    assert "Your plan now" in page
    assert "90.00" in page and "9.00" in page
    answer = shop.client.get(shop.url, {"plan": shop.small.pk, "periods": 2})
    shown, page = answer.context["figures"], answer.content.decode()
    assert "What you agree to" in page
    assert "decided by vote" in page
    assert "Its fingerprint" in page
    said = if_stopped(shop.escrow, shown.at)
    assert (shown.pays, shown.back, shown.used) == (18 * world.TUSD, said.refund, said.used)
    assert shown.back == PRICE - PRICE * int((shown.at - shop.escrow.started_at).total_seconds()) // PERIOD
    assert shown.gain == shown.back - shown.pays
    for amount in (shown.pays, shown.back, abs(shown.gain)):
        assert words.amount(amount, 6) in page
    assert "100 calls for each" in page and "instead of 200" in page
    assert "instead of" not in str(shop.client.get(shop.url, {"plan": shop.large.pk}).context["figures"].lost)


def test_an_upgrade_from_the_page_to_the_last_base_unit(shop: Shop) -> None:
    market = shop.market
    before = market.balance(world.ADA_ADDRESS)
    assert "Change plan" in detail(shop, shop.order)
    market.wait(PERIOD // 3)
    answer = shop.send(shop.large)
    new = shop.placed()
    assert answer["Location"] == reverse("escrow:pay", args=[market.bakery.slug, new.public_id])
    browser = Browser(market, new)
    assert "simply goes on" in browser.page()
    assert shop.used().order_id == shop.order.pk
    assert browser.sign()[0] == 200
    market.send()
    page = browser.page()
    assert "One more step" in page and "Stop the old plan" in page
    assert before - market.balance(world.ADA_ADDRESS) == 90 * world.TUSD
    assert shop.used().order_id == new.pk
    stop = reverse("escrow:cancel", args=[market.bakery.slug, shop.order.public_id, shop.escrow.escrow_id])
    status, asked = browser.says(stop, address=world.ADA_ADDRESS)
    assert status == 200
    call = asked["transaction"]
    tx_hash = market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=world.ADA_ADDRESS)
    assert browser.says(asked["next"], address=world.ADA_ADDRESS, hash=tx_hash)[0] == 200
    said = figures(
        shop.escrow, old=market.plan, plan=shop.large, periods=1, at=moment(market.now())
    )  # in the second of its block
    market.tick()
    old = market.deposit(shop.order)
    assert (int(old.refunded), old.state, old.order.subscription.state) == (said.back, "refunded", "ended")
    assert "Stop the old plan" not in browser.page()
    assert "One more step" not in browser.page()
    assert market.differences() == 0
    assert differences() == []


def test_until_the_old_plan_is_stopped_every_page_says_so_and_people_are_told_each_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert note_replaced() == 0
    new = shop.changed()
    assert "This plan still runs, and costs" in detail(shop, shop.order)
    assert "Pay for longer" not in detail(shop, shop.order)
    assert "Another plan runs" in renewal(shop)
    assert "Your old plan still runs, and costs" in detail(shop, new)
    assert "Stop your old plan of Review mood" in home(shop)
    assert (note_replaced(), note_replaced()) == (1, 0)
    monkeypatch.setattr(reminding, "DAY", timedelta(0))  # a day later
    assert note_replaced() == 1
    shop.market.cancel(shop.escrow)
    shop.market.tick()
    assert note_replaced() == 0
    assert "still runs, and costs" not in detail(shop, new)
    assert "Stop your old plan" not in home(shop)


def renewal(shop: Shop) -> str:
    answer = shop.client.get(reverse("escrow:renew", args=[shop.market.bakery.slug, shop.order.public_id]))
    return str(answer.content.decode())


def test_calls_go_by_the_new_plan_even_when_the_old_one_is_paid_for_longer(shop: Shop) -> None:
    shop.market.renew(shop.escrow, 11)
    shop.market.tick()
    new = shop.changed()
    assert shop.used().order_id == new.pk
    with everything():
        assert list(CallCount.objects.values_list("subscription__order", "calls")) == [(new.pk, 1)]


def test_the_button_pressed_twice_and_in_two_tabs_is_one_order(shop: Shop) -> None:
    key = uuid.uuid4()
    answers = [shop.send(shop.large, key=key), shop.send(shop.large, key=key), shop.send(shop.large)]
    assert len({answer["Location"] for answer in answers}) == 1
    other = shop.send(shop.small)
    assert other.status_code == 422
    assert "waits for its payment until" in other.content.decode()
    shop.placed()


def test_at_the_same_moment_too(shop: Shop) -> None:
    together, made = threading.Barrier(4), []

    def change(plan: Plan) -> None:
        try:
            with acting(shop.market.buyer):
                together.wait(10)
                placed = place_order(
                    shop.market.buyer, plan_id=plan.pk, periods=1, form_key=uuid.uuid4(), replaces=shop.order
                )
                made.append(placed.pk)
        except Refused:
            made.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=change, args=(plan,)) for plan in (shop.large, shop.small) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 4
    assert len(set(made) - {0}) == 1
    shop.placed()


def test_when_the_payment_does_not_come_the_old_plan_goes_on_and_can_be_changed_again(shop: Shop) -> None:
    shop.send(shop.large)
    shop.market.wait(2 * 3600)
    assert expire_orders() == 1
    assert shop.used().order_id == shop.order.pk
    with everything():
        assert Subscription.objects.get(order=shop.order).state == "active"
    assert shop.send(shop.small).status_code == 302


def test_what_is_agreed_names_the_order_that_is_replaced(shop: Shop) -> None:
    shop.send(shop.large)
    placed = shop.placed()
    with everything():
        assert str(shop.order.public_id) in agreement(placed, content_hash=shop.large.content_hash)


@pytest.mark.parametrize("what", ["another tool's", "another currency's", "the same", "withdrawn", "nonsense"])
def test_only_another_plan_of_the_same_tool_and_currency_is_offered(shop: Shop, what: str) -> None:
    plan = shop.large
    if what == "another tool's":
        plan = world.plan(world.listing(shop.market.workshop, "Route planner", currency=shop.market.currency))
    elif what == "another currency's":
        other = world.currency("EURX", address=world.MIA_ADDRESS)
        with everything():
            Plan.objects.filter(pk=plan.pk).update(currency=other)
    elif what == "the same":
        plan = shop.market.plan
    elif what == "withdrawn":
        with everything():
            Plan.objects.filter(pk=plan.pk).update(state=Plan.State.WITHDRAWN)
    wanted = "x" if what == "nonsense" else str(plan.pk)
    assert shop.client.get(shop.url, {"plan": wanted}).status_code == 404
    assert shop.client.post(f"{shop.url}?plan={wanted}", {"periods": 1, "form_key": uuid.uuid4()}).status_code == 404
    with everything():
        assert not Order.objects.filter(replaces__isnull=False).exists()
    if what != "nonsense":
        with pytest.raises(Refused), acting(shop.market.buyer):
            buyer, key = shop.market.buyer, uuid.uuid4()
            place_order(buyer, plan_id=plan.pk, periods=1, form_key=key, replaces=shop.order)


@pytest.mark.parametrize("what", ["stopped", "disputed", "over", "changed"])
def test_what_does_not_run_cannot_be_changed_and_the_page_says_why(shop: Shop, what: str) -> None:
    market = shop.market
    if what == "stopped":
        market.cancel(shop.escrow)
    elif what == "disputed":
        market.wait(PERIOD // 2)
        market.dispute(shop.escrow)
    elif what == "over":
        market.wait(PERIOD)
    else:
        shop.changed()
    market.tick()
    assert "This plan cannot be changed" in shop.page()
    with everything():
        before = Order.objects.count()
    shop.send(shop.small)
    with everything():
        assert Order.objects.count() == before
    with pytest.raises(Refused), acting(market.buyer):
        place_order(market.buyer, plan_id=shop.small.pk, periods=1, form_key=uuid.uuid4(), replaces=fresh(shop.order))


def test_a_change_counts_against_budgets_like_any_order(shop: Shop) -> None:
    with everything():
        SpendingLimit.objects.create(org=shop.market.bakery, currency=shop.market.currency, monthly=PRICE + 1)
    assert "This goes beyond a budget" in shop.page(plan=shop.large.pk)
    answer = shop.send(shop.large)
    assert (answer.status_code, "are left" in answer.content.decode()) == (422, True)


def test_an_owner_who_approves_a_change_approves_it_in_place_of_the_old_order(shop: Shop) -> None:
    market = shop.market
    ben = world.person("Bookkeeper")
    world.member(market.bakery, ben, "billing")
    with everything():
        SpendingLimit.objects.create(org=market.bakery, currency=market.currency, approval_above=PRICE)
    shop.client.force_login(ben)
    assert "An owner is asked first" in shop.page(plan=shop.large.pk)
    answer = shop.send(shop.large, note="We grow")
    with everything():
        asked = SpendingRequest.objects.get()
    assert str(asked.public_id) in answer["Location"]
    with acting(market.buyer):
        asking.decide(market.buyer, public_id=asked.public_id, approve=True, reason="")
    keeper = world.actor(ben, market.bakery, "billing")
    with acting(keeper):
        placed = place_approved_order(keeper, public_id=asked.public_id)
    assert placed.replaces_id == shop.order.pk


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({}, {"included_calls": 100}, ["instead of as many as you like"]),
        ({"included_calls": 100}, {}, []),
        ({"included_calls": 100}, {"included_calls": 700, "period_seconds": 7 * 30 * world.DAY}, []),
        ({"included_calls": 100}, {"included_calls": 699, "period_seconds": 7 * 30 * world.DAY}, ["instead of 100"]),
        ({"included_calls": 9, "overage_price": 1}, {"included_calls": 9}, ["No further calls"]),
        (
            {"included_calls": 9, "overage_price": 1},
            {"included_calls": 9, "overage_price": 2},
            ["A further call costs"],
        ),
        ({"grace_days": 7}, {"grace_days": 3}, ["for 3 days, instead of 7"]),
        ({"grace_days": 7}, {}, ["no calls pass; now they do for 7 days"]),
        ({"grace_days": 3}, {"grace_days": 7}, []),
    ],
)
def test_what_a_plan_does_not_give_any_more_is_said(
    market: Market, old: dict[str, Any], new: dict[str, Any], said: list[str]
) -> None:
    plans = [
        Plan(currency=market.currency, **{"period_seconds": PERIOD, "price": 1, **fields}) for fields in (old, new)
    ]
    lost = changing.lost(*plans)
    assert len(lost) == len(said)
    assert all(part in sentence for part, sentence in zip(said, lost, strict=True))


def test_it_is_the_same_to_the_second_as_the_page_for_stopping(shop: Shop) -> None:
    shop.market.wait(12345)
    now = market_time()
    with everything():
        escrow = Escrow.objects.select_related("currency").get(pk=shop.escrow.pk)
    assert (
        figures(escrow, old=shop.market.plan, plan=shop.large, periods=3, at=now).back == if_stopped(escrow, now).refund
    )


def at_end(shop: Shop, plan: Plan | None) -> Any:
    return shop.client.post(shop.url, {"at_end": plan.pk if plan else ""}, follow=True)


def subscription(shop: Shop) -> Subscription:
    with everything():
        return Subscription.objects.select_related("next_plan").get(order=shop.order)


def test_a_smaller_plan_at_the_end_is_remembered_orders_nothing_and_can_be_taken_back(shop: Shop) -> None:
    page = at_end(shop, shop.small).content.decode()
    assert "You want Small when the paid time is over" in page
    assert subscription(shop).next_plan == shop.small
    with everything():
        assert Order.objects.count() == 1
    assert "Another plan when the paid time is over" in detail(shop, shop.order)
    assert "You wanted Small" in renewal(shop)
    assert shop.used().order_id == shop.order.pk
    page = at_end(shop, None).content.decode()
    assert "You want Small" not in page
    assert subscription(shop).next_plan is None
    assert "Another plan when the paid time is over" not in detail(shop, shop.order)


def test_the_reminder_speaks_of_the_plan_that_was_wanted(shop: Shop) -> None:
    at_end(shop, shop.small)
    shop.market.wait(PERIOD - 2 * world.DAY)
    assert (reminding.note_ending(), reminding.note_ending()) == (1, 0)
    with everything():
        verbs = set(Entry.objects.filter(verb__startswith="subscription.").values_list("verb", flat=True))
    assert "subscription.change_due" in verbs
    assert "subscription.ending" not in verbs


def test_when_the_time_is_over_ordering_again_leads_to_the_plan_that_was_wanted(shop: Shop) -> None:
    at_end(shop, shop.small)
    shop.market.wait(PERIOD)
    end_lapsed()
    assert f"?plan={shop.small.pk}" in detail(shop, shop.order)
    with everything():
        Plan.objects.filter(pk=shop.small.pk).update(state=Plan.State.WITHDRAWN)
    assert f"?plan={shop.market.plan.pk}" in detail(shop, shop.order)


def test_only_a_plan_that_could_be_changed_to_can_be_wanted(shop: Shop) -> None:
    elsewhere = world.plan(world.listing(shop.market.workshop, "Route planner", currency=shop.market.currency))
    assert "cannot be changed to that plan" in at_end(shop, elsewhere).content.decode()
    assert subscription(shop).next_plan is None
    with pytest.raises(IntegrityError), everything():
        Subscription.objects.filter(order=shop.order).update(next_plan=elsewhere)


def test_who_may_not_pay_wants_nothing(shop: Shop) -> None:
    guest = world.person("Guest")
    world.member(shop.market.bakery, guest, "developer")
    shop.client.force_login(guest)
    assert shop.client.post(shop.url, {"at_end": shop.small.pk}).status_code == 403
    assert subscription(shop).next_plan is None
