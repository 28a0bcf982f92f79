"""A member asks an owner about more of what runs: a yes pays for just that, and once."""

import uuid
from typing import Any

import pytest
from django.test import Client

from marketplace.lifecycle import Refused
from marketplace.subscriptions import asking
from marketplace.subscriptions.models import Order, SpendingLimit, SpendingRequest
from marketplace.subscriptions.services import place_approved_order
from tests import world
from tests.escrow.money import Market, acting, everything, fresh
from tests.escrow.test_calls import put_in, selling  # noqa: F401
from tests.escrow.test_further_calls import EACH, base  # noqa: F401
from tests.escrow.test_renewing import PRICE, Renewing

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ADA = world.ADA_ADDRESS


class Member(Renewing):
    """A bookkeeper of the bakery, whose wallet is the bakery's; above a period's price an owner is asked."""

    def __init__(self, market: Market, order: Order, *, above: int = PRICE) -> None:
        super().__init__(market, order)
        self.market, self.user = market, world.person("Bookkeeper")
        world.member(market.bakery, self.user, "billing")
        self.client.force_login(self.user)
        self.actor = world.actor(self.user, market.bakery, "billing")
        with everything():
            SpendingLimit.objects.create(org=market.bakery, currency=order.currency, approval_above=above)

    def asks(self, where: str = "", **sent: Any) -> SpendingRequest:
        """Fill in the form of the page, and have it answered."""
        answer = self.client.post(where or self.url("renew"), {"form_key": str(uuid.uuid4()), "note": "Fair", **sent})
        assert answer.status_code == 302, answer.content.decode()
        with everything():
            asked = SpendingRequest.objects.latest("pk")
        assert str(asked.public_id) in answer["Location"]
        self.place = answer["Location"]
        return asked

    def allowed(self, asked: SpendingRequest) -> None:
        """An owner says yes on the page of the request."""
        owner = Client()
        owner.force_login(self.market.ada)
        assert "Fair" in owner.get(self.place).content.decode()
        assert owner.post(self.place, {"do": "approve"}).status_code == 302

    def state(self, asked: SpendingRequest) -> str:
        with everything():
            return str(SpendingRequest.objects.get(pk=asked.pk).state)


@pytest.fixture
def member(market: Market) -> Member:
    return Member(market, market.paid().order)


def test_a_yes_renews_once_and_by_just_so_much(market: Market, member: Member) -> None:
    assert "Sign and pay" in member.page(periods=1)
    page = member.page(periods=2)
    assert "An owner is asked first" in page and "Sign and pay" not in page
    status, told = member.asked(2)
    assert (status, "need an owner" in told["sentence"]) == (422, True)
    asked = member.asks(periods=2)
    assert member.state(asked) == "waiting"
    assert member.asked(2)[0] == 422
    assert member.place in member.page(periods=2), "who has asked is led to what was asked"
    assert "Why you need it" in member.page(periods=3)
    member.allowed(asked)
    assert "?periods=2" in member.client.post(member.place, {"do": "order"})["Location"]
    assert "Sign and pay" in member.page(periods=2)
    assert member.asked(3)[0] == 422
    assert member.sign(periods=2)[0] == 200
    assert member.state(asked) == "ordered"
    market.send()
    assert market.deposit(member.order).periods == 3
    assert member.asked(2)[0] == 422, "the yes is used up"


def test_a_yes_is_for_who_asked_and_for_the_deposit_as_it_was(market: Market, member: Member) -> None:
    member.allowed(member.asks(periods=2))
    other = world.person("Clerk")
    world.member(market.bakery, other, "billing")
    theirs = Renewing(market, member.order)
    theirs.client.force_login(other)
    assert theirs.asked(2)[0] == 422
    assert Renewing(market, member.order).sign(periods=1)[0] == 200  # the owner pays for one period meanwhile
    market.send()
    assert member.asked(2)[0] == 422


def test_a_payment_that_failed_can_be_tried_again_with_the_same_yes(market: Market, member: Member) -> None:
    asked = member.asks(periods=2)
    member.allowed(asked)
    status, step = member.says(member.url("renew_own") + "?periods=2", address=ADA)
    assert status == 200, step
    member.client.post(member.url("renew_give_up"))
    assert member.sign(periods=2)[0] == 200
    market.send()
    assert (market.deposit(member.order).periods, member.state(asked)) == (3, "ordered")


def test_a_no_and_a_request_that_was_taken_back_pay_nothing(market: Market, member: Member) -> None:
    asked = member.asks(periods=2)
    with acting(market.buyer):
        asking.decide(market.buyer, public_id=asked.public_id, approve=False, reason="Too much")
    assert "Too much" in member.client.get(member.place).content.decode()
    assert member.asked(2)[0] == 422
    again = member.asks(periods=2)
    member.allowed(again)
    assert member.client.post(member.place, {"do": "withdraw"}).status_code == 302
    assert member.asked(2)[0] == 422


def test_the_months_budget_binds_beside_the_yes(market: Market, member: Member) -> None:
    member.allowed(member.asks(periods=2))
    with everything():
        SpendingLimit.objects.update(monthly=2 * PRICE)
    assert "This goes beyond what you may spend" in member.page(periods=2)
    assert member.asked(2)[0] == 422


def test_a_yes_to_more_places_no_order(market: Market, member: Member) -> None:
    asked = member.asks(periods=2)
    member.allowed(asked)
    with acting(member.actor), pytest.raises(Refused, match="more of an order that runs"):
        place_approved_order(member.actor, public_id=asked.public_id)


def test_the_same_form_asks_once_and_a_form_without_its_key_asks_nothing(market: Market, member: Member) -> None:
    key = str(uuid.uuid4())
    assert member.asks(periods=2, form_key=key).pk == member.asks(periods=2, form_key=key).pk
    assert member.client.post(member.url("renew"), {"periods": 2, "note": "Fair"}).status_code == 422
    with everything():
        assert SpendingRequest.objects.count() == 1


def test_what_was_typed_stays_when_the_sum_changes(member: Member) -> None:
    assert "For the fair" in member.page(periods=3, note="For the fair")


@pytest.mark.usefixtures("selling")
def test_more_calls_are_asked_for_as_an_amount(market: Market) -> None:
    member = Member(market, put_in(market), above=2 * world.TUSD)
    page = member.page(amount="3")
    assert "An owner is asked first" in page and "Put it in" not in page
    asked = member.asks(amount="3")
    assert (asked.amount, asked.is_of_calls) == (3 * world.TUSD, True)
    member.allowed(asked)
    assert "calls" in member.client.get(member.place).content.decode()
    assert "?amount=3" in member.client.post(member.place, {"do": "order"})["Location"]
    assert "Put it in" in member.page(amount="3")
    assert "An owner is asked first" in member.page(amount="4")


def test_further_calls_that_an_owner_approves_are_beyond_that_subscription(market: Market, base: Order) -> None:  # noqa: F811
    member = Member(market, base, above=EACH)
    where = f"/o/{market.bakery.slug}/subscriptions/{base.public_id}/further/"
    assert "Ask for approval" in member.client.get(where, {"amount": "0.2"}).content.decode()
    asked = member.asks(where, amount="0.2")
    assert (asked.periods, asked.amount) == (4, 4 * EACH)
    member.allowed(asked)
    assert "/pay/" in member.client.post(member.place, {"do": "order"})["Location"]
    with everything():
        placed = SpendingRequest.objects.get().order
        assert placed and (placed.beyond, placed.price, placed.periods) == (base.subscription, EACH, 4)


@pytest.mark.parametrize("name", ["adds_to", "beyond"])
def test_the_database_refuses_a_request_about_somebody_elses_order(market: Market, member: Member, name: str) -> None:
    from django.db import IntegrityError, connections, transaction

    stranger = world.organization("Stranger")
    about: Any = member.order if name == "adds_to" else fresh(member.order).subscription
    with pytest.raises(IntegrityError, match=f"{name}_id_with"), everything(), transaction.atomic("owner"):
        SpendingRequest.objects.using("owner").create(
            org=stranger, plan=member.order.plan, currency=member.order.currency, periods=1, amount=PRICE,
            form_key=uuid.uuid4(), before=1 if name == "adds_to" else None, **{name: about},
        )  # fmt: skip
        connections["owner"].check_constraints()
