"""Who forgot to pay on is not cut off at the second: some calls still pass, for some days, and never more than that."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.catalog.models import Plan
from marketplace.catalog.plans import check
from marketplace.catalog.schemas import NotUsable
from marketplace.notifications import reading
from marketplace.notifications.models import Notification
from marketplace.notifications.words import shown
from marketplace.subscriptions import services
from marketplace.subscriptions.allowance import UsedUp, count_call
from marketplace.subscriptions.models import CallCount, Order, Subscription
from marketplace.subscriptions.reminding import note_ending, note_grace
from marketplace.subscriptions.services import Entitlement, entitlement
from marketplace.tenancy.scope import as_system
from tests import world
from tests.escrow.money import acting, everything
from tests.subscriptions.test_subscriptions import block_at, cast, running

__all__ = ["cast"]  # a fixture
pytestmark = pytest.mark.django_db
DAYS, CALLS = 7, 3


@pytest.fixture
def forgotten(cast: world.Cast) -> Subscription:
    """A subscription of thirty days with a grace, whose paid time ended an hour ago."""
    with everything():
        Plan.objects.filter(pk=cast.plan.pk).update(grace_days=DAYS, grace_calls=CALLS)
    cast.plan.refresh_from_db()
    return over(running(cast, days=30), timedelta(hours=1))


def over(order: Order, ago: timedelta) -> Subscription:
    """The order's subscription, its paid time moved so that it ended a while ago."""
    with everything():
        found = Subscription.objects.select_related("order").get(order=order)
        assert found.ends_at and found.starts_at
        by = found.ends_at - timezone.now() + ago
        found.starts_at, found.ends_at = found.starts_at - by, found.ends_at - by
        found.grace_ends_at = found.grace_ends_at and found.grace_ends_at - by
        found.save()
    return found


def right(cast: world.Cast) -> Entitlement:
    with acting(world.actor(cast.ada, cast.bakery)):
        return entitlement(cast.bakery.pk, cast.listing)


def use(subscription: Subscription) -> None:
    with everything():
        count_call(Subscription.objects.get(pk=subscription.pk))


def test_calls_pass_after_the_paid_time_and_the_answer_says_until_when(
    cast: world.Cast, forgotten: Subscription
) -> None:
    found = right(cast)
    assert found.allowed
    assert found.grace_ends_at == forgotten.grace_ends_at
    assert "Calls still pass until" in found.reason
    assert found.allowance
    assert (found.allowance.most, found.allowance.left) == (CALLS, CALLS)


def test_when_the_days_are_over_no_call_passes_and_the_clock_ends_it(cast: world.Cast, forgotten: Subscription) -> None:
    assert services.end_lapsed() == 0
    assert forgotten.grace_ends_at
    block_at(forgotten.grace_ends_at + timedelta(seconds=1))
    found = right(cast)
    assert (found.allowed, found.grace_ends_at) == (False, None)
    assert services.end_lapsed() == 1
    with everything():
        assert Subscription.objects.get(pk=forgotten.pk).state == "ended"


def test_when_the_calls_are_made_no_further_one_passes(cast: world.Cast, forgotten: Subscription) -> None:
    for _ in range(CALLS):
        assert right(cast).allowed
        use(forgotten)
    found = right(cast)
    assert not found.allowed
    assert "all 3 calls of its grace are made" in found.reason
    with pytest.raises(UsedUp, match="grace"):
        use(forgotten)


def test_calls_of_the_grace_are_counted_apart_from_those_that_were_paid(
    cast: world.Cast, forgotten: Subscription
) -> None:
    assert forgotten.starts_at and forgotten.ends_at
    last = (forgotten.ends_at - forgotten.starts_at) // timedelta(days=30) - 1
    both = {"buyer_id": forgotten.buyer_id, "provider_id": forgotten.provider_id}
    with everything():
        CallCount.objects.create(**both, subscription=forgotten, period=last, calls=999)
    found = right(cast)
    assert found.allowance
    assert found.allowance.left == CALLS


def test_a_plan_without_it_stops_at_the_second(cast: world.Cast) -> None:
    over(running(cast), timedelta(seconds=1))
    assert not right(cast).allowed


@pytest.mark.parametrize("how", ["disputed", "stopped"])
def test_what_was_disputed_or_stopped_has_none(cast: world.Cast, forgotten: Subscription, how: str) -> None:
    with everything():
        order = Order.objects.select_related("subscription").get(pk=forgotten.order_id)
        if how == "disputed":
            services.pause(order)
        else:
            services.finish(order, to="refunded", at=timezone.now(), reason="Stopped by the buyer.")
    assert not right(cast).allowed


def test_money_that_has_simply_elapsed_leaves_the_grace(cast: world.Cast, forgotten: Subscription) -> None:
    with everything():
        order = Order.objects.select_related("subscription").get(pk=forgotten.order_id)
        services.finish(order, to="completed", at=timezone.now(), reason="over", has_elapsed=True)
    assert right(cast).allowed


def test_who_orders_again_is_not_on_grace_any_more(cast: world.Cast, forgotten: Subscription) -> None:
    fresh = running(cast)
    found = right(cast)
    assert found.subscription
    assert (found.allowed, found.subscription.order_id, found.grace_ends_at) == (True, fresh.pk, None)
    assert note_grace() == 0
    assert services.end_lapsed() == 1
    with everything():
        old = Subscription.objects.get(pk=forgotten.pk)
    assert (old.state, old.ends_at, old.grace_ends_at) == ("ended", forgotten.ends_at, None)


def test_while_the_new_payment_is_on_its_way_calls_pass(cast: world.Cast, forgotten: Subscription) -> None:
    buyer = world.actor(cast.ada, cast.bakery)
    with acting(buyer):
        services.place_order(buyer, plan_id=cast.plan.pk, periods=1, form_key=uuid.uuid4())
    assert right(cast).allowed


def test_paid_time_whose_calls_are_used_up_is_not_lengthened_by_an_older_grace(
    cast: world.Cast, forgotten: Subscription
) -> None:
    with everything():
        Plan.objects.filter(pk=cast.plan.pk).update(included_calls=1)
    running(cast)
    with everything():
        fresh = Subscription.objects.exclude(pk=forgotten.pk).get()
    use(fresh)
    assert not right(cast).allowed


def test_the_buyer_is_told_once_until_when(cast: world.Cast, forgotten: Subscription) -> None:
    assert (note_grace(), note_grace()) == (1, 0)
    reading.read_entries()
    with everything():
        assert list(Entry.objects.filter(verb="subscription.in_grace").values_list("org_id", flat=True)) == [
            cast.bakery.pk
        ]
        said = [one.sentence for one in shown(Notification.objects.filter(rule__startswith="subscription.in_grace"))]
    assert len(said) == 1
    assert "Some calls still pass until" in said[0]


def test_after_a_renewal_its_end_is_told_too(cast: world.Cast) -> None:
    order = running(cast, days=2)
    with everything():
        Subscription.objects.filter(order=order).update(starts_at=timezone.now() - timedelta(days=28))
    assert (note_ending(), note_ending()) == (1, 0)
    with everything():
        order = Order.objects.select_related("subscription").get(pk=order.pk)
        services.extend(order, added=1, ends_at=timezone.now() + timedelta(days=3))
    assert note_ending() == 1


def test_the_page_says_it_to_both_sides_and_leads_to_a_new_order(cast: world.Cast, forgotten: Subscription) -> None:
    assert forgotten.order
    page = seen(cast.ada, cast.bakery, forgotten.order)
    assert "The paid time is over" in page
    assert f"?plan={cast.plan.pk}" in page
    assert "Pay for longer" not in page
    other = seen(cast.ben, cast.workshop, forgotten.order)
    assert "are not paid for them" in other
    client = Client()
    client.force_login(cast.ada)
    checkout = client.get(reverse("subscriptions:checkout", args=[cast.bakery.slug, cast.plan.pk])).content.decode()
    assert "The days since your paid time ended cost you nothing" in checkout
    assert "If you forget to pay on" in checkout


def seen(user: Any, org: Any, order: Order) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("subscriptions:detail", args=[org.slug, order.public_id]))
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"grace_days": 7}, "both how many calls"),
        ({"grace_calls": 7}, "both how many calls"),
        ({"grace_days": 15, "grace_calls": 7}, "at most 1000 calls and 14 days"),
        ({"grace_days": 7, "grace_calls": 1001}, "at most 1000 calls"),
        ({"grace_days": 7, "grace_calls": 7, "period_seconds": world.DAY}, "longer than a period"),
        ({"grace_days": 7, "grace_calls": 7, "period_seconds": 0}, "a price for each period"),
        ({"grace_days": 7, "grace_calls": 7, "price": 0, "included_calls": 5}, "a price for each period"),
    ],
)
def test_a_grace_without_a_bound_is_refused_with_the_reason(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotUsable, match=sentence):
        check([world.terms(**fields)])


@pytest.mark.parametrize(
    "fields",
    [{"grace_days": 7}, {"grace_calls": 7}, {"grace_days": 7, "grace_calls": 7, "period_seconds": 0}],
)
def test_the_database_takes_no_such_plan_either(cast: world.Cast, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), as_system("the test writes past the rules"):
        Plan.objects.filter(pk=cast.plan.pk).update(**fields)
