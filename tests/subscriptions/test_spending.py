"""What may be spent: an owner is asked above an amount, a month's budget ends, and nobody slips past either."""

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.organizations.models import Organization
from marketplace.subscriptions import asking, services, spending
from marketplace.subscriptions.models import MarketParams, Order, SpendingLimit, SpendingRequest
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.world import TUSD

PRICE = 29 * TUSD


@pytest.fixture(autouse=True)
def one_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays the same month for as long as a test spends in one."""
    set_clock(monkeypatch, timezone.now())


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    for module in (services, spending):
        monkeypatch.setattr(module, "market_time", lambda: moment)


@pytest.fixture
def cast(db: None) -> world.Cast:
    return with_params()


@world.written
def with_params() -> world.Cast:
    made = world.cast()
    MarketParams.objects.create(
        chain="eip155:31337", contract=world.DOLLAR_ADDRESS, seq=1, fee_bps=250, treasury=world.MIA_ADDRESS,
        hold_seconds=0, arbiter_seconds=86_400, close_delay_seconds=3_600, block_number=1, tx_hash="0x1",
        at=timezone.now(),
    )  # fmt: skip
    return made


@world.written
def limit(org: Organization, *, user: Any = None, monthly: int | None = None, above: int | None = None) -> None:
    SpendingLimit.objects.update_or_create(
        org=org, user=user, currency=world.currency(), defaults={"monthly": monthly, "approval_above": above}
    )


@world.written
def helper(cast: world.Cast, role: str = "billing") -> Any:
    """One more person of the bakery."""
    person = world.person("Bo")
    world.member(cast.bakery, person, role)
    return person


def acting(cast: world.Cast, user: Any, role: str, work: Callable[..., Any], **given: Any) -> Any:
    actor = world.actor(user, cast.bakery, role)
    with transaction.atomic(), scope(org_id=cast.bakery.pk, user_id=user.pk):
        return work(actor, **given)


def ordered(cast: world.Cast, user: Any, role: str = "billing", periods: int = 1) -> Order:
    given = {"plan_id": cast.plan.pk, "periods": periods, "form_key": uuid.uuid4()}
    return acting(cast, user, role, services.place_order, **given)


def test_an_order_up_to_the_amount_needs_nobody_and_a_larger_one_waits_for_an_owner(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, above=PRICE)
    assert ordered(cast, bo).amount == PRICE
    with pytest.raises(spending.NeedsApproval, match=r"above 29.00.TUSD need an owner's approval"):
        ordered(cast, bo, periods=2)
    assert ordered(cast, cast.ada, "owner", periods=2).amount == 2 * PRICE


def test_the_stricter_of_two_limits_binds_and_another_persons_does_not(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, above=10 * PRICE)
    limit(cast.bakery, user=cast.ada, above=1)
    assert ordered(cast, bo, periods=3).amount == 3 * PRICE
    limit(cast.bakery, user=bo, above=PRICE)
    with pytest.raises(spending.NeedsApproval):
        ordered(cast, bo, periods=3)


def test_a_months_budget_ends_with_figures_and_an_expired_order_gives_it_back(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, monthly=3 * PRICE)
    first = ordered(cast, bo, periods=2)
    with pytest.raises(spending.BeyondBudget, match=r"87.00.TUSD, of which 29.00.TUSD are left; this costs 58.00"):
        ordered(cast, cast.ada, "owner", periods=2)
    with transaction.atomic(), as_system("the test"):
        Order.objects.get(pk=first.pk).move(Order.State.EXPIRED)
    assert ordered(cast, bo, periods=3).amount == 3 * PRICE


def test_what_came_back_is_not_spent_and_last_month_does_not_count(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, user=bo, monthly=2 * PRICE)
    cancelled, old = ordered(cast, bo), ordered(cast, bo)
    with transaction.atomic(), as_system("the test"):
        Order.objects.filter(pk=cancelled.pk).update(returned=PRICE)
        Order.objects.filter(pk=old.pk).update(placed_at=timezone.now() - timedelta(days=32))
    assert ordered(cast, bo, periods=2).amount == 2 * PRICE
    with pytest.raises(spending.BeyondBudget, match="Your budget"):
        ordered(cast, bo)


@pytest.mark.parametrize(
    ("first", "month"),
    [
        (datetime(2027, 1, 1, tzinfo=UTC), "December"),
        (datetime(2027, 2, 1, tzinfo=UTC), "January"),
        (datetime(2028, 3, 1, tzinfo=UTC), "February"),
    ],
)
def test_a_budget_lasts_to_the_months_last_second_and_is_whole_again_with_the_next(
    cast: world.Cast, monkeypatch: pytest.MonkeyPatch, first: datetime, month: str
) -> None:
    limit(cast.bakery, monthly=PRICE)
    set_clock(monkeypatch, first - timedelta(days=28))  # the same month, which may begin on this day
    ordered(cast, cast.ada, "owner")
    set_clock(monkeypatch, first - timedelta(seconds=1))
    with pytest.raises(spending.BeyondBudget, match=f"budget for {month} is 29.00.TUSD, of which 0.00"):
        ordered(cast, cast.ada, "owner")
    set_clock(monkeypatch, first)
    ordered(cast, cast.ada, "owner")
    with pytest.raises(spending.BeyondBudget):
        ordered(cast, cast.ada, "owner")


def test_half_four_fifths_and_the_end_of_a_budget_are_each_told_once(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, monthly=10 * PRICE)
    for _ in range(10):
        ordered(cast, bo)
    with transaction.atomic(), as_system("the test"):
        told = Entry.objects.filter(verb="budget.warned").order_by("pk").values_list("facts", flat=True)
        assert [facts["percent"] for facts in told] == [50, 80, 100]


def test_an_approved_request_is_ordered_once_by_who_asked_and_nobody_else(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, above=1)
    wish = asking.Wish(cast.plan, 2)
    asked = acting(cast, bo, "billing", asking.ask, wish=wish, form_key=uuid.uuid4(), note="Fair")
    place = {"public_id": asked.public_id}
    with pytest.raises(Refused, match="waiting for an owner"):
        acting(cast, bo, "billing", services.place_approved_order, **place)
    with pytest.raises(Refused, match="Only an owner"):
        acting(cast, bo, "billing", asking.decide, **place, approve=True, reason="")
    acting(cast, cast.ada, "owner", asking.decide, **place, approve=True, reason="")
    with pytest.raises(Refused, match="Only who asked"):
        acting(cast, cast.ada, "owner", services.place_approved_order, **place)
    first = acting(cast, bo, "billing", services.place_approved_order, **place)
    again = acting(cast, bo, "billing", services.place_approved_order, **place)
    assert (first.pk, first.amount) == (again.pk, 2 * PRICE)
    with pytest.raises(Refused):
        acting(cast, cast.ada, "owner", asking.decide, **place, approve=False, reason="Too late")


def test_a_price_that_changed_after_the_approval_is_asked_about_again(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, above=1)
    asked = acting(cast, bo, "billing", asking.ask, wish=asking.Wish(cast.plan, 1), form_key=uuid.uuid4(), note="")
    acting(cast, cast.ada, "owner", asking.decide, public_id=asked.public_id, approve=True, reason="")
    with transaction.atomic(), as_system("the test"):
        type(cast.plan).objects.filter(pk=cast.plan.pk).update(price=PRICE + 1)
    with pytest.raises(Refused, match="price has changed"):
        acting(cast, bo, "billing", services.place_approved_order, public_id=asked.public_id)


def test_a_request_is_declined_only_with_a_reason(cast: world.Cast) -> None:
    bo = helper(cast)
    asked = acting(cast, bo, "billing", asking.ask, wish=asking.Wish(cast.plan, 1), form_key=uuid.uuid4(), note="")
    with pytest.raises(Refused, match="Say why"):
        acting(cast, cast.ada, "owner", asking.decide, public_id=asked.public_id, approve=False, reason=" ")


def test_only_an_owner_sets_limits_and_only_for_members(cast: world.Cast) -> None:
    bo = helper(cast, "admin")
    given = {"currency": cast.currency, "monthly": PRICE, "approval_above": None}
    with pytest.raises(Refused, match="Only an owner"):
        acting(cast, bo, "admin", spending.set_limit, user_id=None, **given)
    with pytest.raises(Refused, match="not a member"):
        acting(cast, cast.ada, "owner", spending.set_limit, user_id=cast.ben.pk, **given)
    acting(cast, cast.ada, "owner", spending.set_limit, user_id=bo.pk, **given)
    acting(cast, cast.ada, "owner", spending.set_limit, user_id=bo.pk, **{**given, "monthly": None})
    with transaction.atomic(), as_system("the test"):
        assert not SpendingLimit.objects.exists()


def at_once(cast: world.Cast, user: Any, count: int) -> list[str]:
    """What `count` orders come to that are placed in the same moment."""
    ready, found = threading.Barrier(count), []

    def order() -> None:
        ready.wait()
        try:
            ordered(cast, user)
            found.append("ordered")
        except spending.BeyondBudget:
            found.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=order) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_twelve_orders_at_once_do_not_spend_more_than_the_budget() -> None:
    cast = with_params()
    limit(cast.bakery, monthly=3 * PRICE)
    assert sorted(at_once(cast, cast.ada, 12)) == ["ordered"] * 3 + ["refused"] * 9


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_orders_at_once_overspend(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = with_params()
    limit(cast.bakery, monthly=3 * PRICE)
    looked, check = threading.Barrier(6), spending.check

    def unlocked(*args: Any, **given: Any) -> Any:
        found = check(*args, **{**given, "lock": False})
        looked.wait(10)
        return found

    monkeypatch.setattr(spending, "check", unlocked)
    assert at_once(cast, cast.ada, 6).count("ordered") > 3


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_on_the_pages_a_request_goes_from_the_checkout_to_an_owner_and_on_to_payment(cast: world.Cast) -> None:
    bo = helper(cast)
    limit(cast.bakery, above=PRICE)
    theirs, owners = signed_in(bo), signed_in(cast.ada)
    checkout = f"/o/ada-bakery/subscribe/{cast.plan.pk}/"
    assert "Continue to payment" in theirs.get(checkout).content.decode()
    page = theirs.get(checkout, {"periods": 2}).content.decode()
    assert "Ask for approval" in page and "need an owner" in page
    sent = {"periods": 2, "form_key": str(uuid.uuid4())}
    assert theirs.post(checkout, sent).status_code == 422  # a page from before the rule: nothing is asked unseen
    asked = theirs.post(checkout, {**sent, "note": "For the fair"})
    assert asked.status_code == 302
    where = asked["Location"]
    assert "For the fair" in owners.get(where).content.decode()
    declined = owners.post(where, {"do": "decline"})
    assert declined.status_code == 422 and "Say why" in declined.content.decode()
    assert owners.post(where, {"do": "approve"}).status_code == 302
    assert "Continue to payment" in theirs.get(where).content.decode()
    assert "/pay/" in theirs.post(where, {"do": "order"})["Location"]
    assert "Ordered" in owners.get("/o/ada-bakery/spending/").content.decode()


def test_a_limit_set_on_the_page_is_shown_with_what_is_spent(cast: world.Cast) -> None:
    owners = signed_in(cast.ada)
    page = "/o/ada-bakery/spending/"
    sent = {"who": "everybody", "currency": cast.currency.pk, "monthly": "58,00", "approval_above": ""}
    assert owners.post(page, {**sent, "monthly": "1,000"}).status_code == 422
    assert owners.post(page, sent).status_code == 302
    ordered(cast, cast.ada, "owner")
    shown = owners.get(page).content.decode()
    assert "29.00" in shown and "58.00" in shown and "50 %" in shown
    with transaction.atomic(), as_system("the test"):
        assert SpendingRequest.objects.count() == 0
