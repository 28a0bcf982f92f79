"""From a tool's page to an order; what an order entitles to; and how its time ends."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain.models import Block
from marketplace.audit.models import Entry
from marketplace.subscriptions import services
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import MarketParams, Order, Subscription
from marketplace.subscriptions.services import begin, end_lapsed, entitlement, expire_orders, order_ref, place_order
from marketplace.subscriptions.words import amount, length, percent
from tests import world
from tests.escrow.money import acting, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    made = world.cast()
    MarketParams.objects.create(
        chain=settings.CHAIN_ID,
        contract=world.DOLLAR_ADDRESS,
        seq=1,
        fee_bps=250,
        treasury=world.MIA_ADDRESS,
        hold_seconds=world.DAY,
        arbiter_seconds=world.DAY,
        close_delay_seconds=3600,
        block_number=1,
        tx_hash="0x" + 64 * "0",
        at=timezone.now(),
    )
    return made


def placed(cast: world.Cast, periods: int = 1) -> Order:
    buyer = world.actor(cast.ada, cast.bakery)
    with acting(buyer):
        return place_order(buyer, plan_id=cast.plan.pk, periods=periods, form_key=uuid.uuid4())


def running(cast: world.Cast, *, days: int = 30) -> Order:
    order = placed(cast)
    with everything():
        order = Order.objects.select_related("subscription").get(pk=order.pk)
        begin(order, starts_at=timezone.now() - timedelta(days=1), ends_at=timezone.now() + timedelta(days=days))
    return order


def block_at(moment: object, *, number: int = 1, final: bool = True) -> None:
    seconds = int(moment.timestamp())  # type: ignore[attr-defined]
    name = f"0x{number:064x}"
    Block.objects.create(
        chain=settings.CHAIN_ID, number=number, hash=name, parent_hash=name, timestamp=seconds, is_final=final
    )


def allowed(cast: world.Cast) -> services.Entitlement:
    with acting(world.actor(cast.ada, cast.bakery)):
        return entitlement(cast.bakery.pk, cast.listing)


def test_an_order_fixes_price_fee_wallet_and_wording(cast: world.Cast) -> None:
    order = placed(cast, periods=3)
    assert (order.amount, order.max_fee_bps) == (3 * 29 * world.TUSD, 250)
    assert order.provider_address == world.BEN_ADDRESS
    before = order.order_ref
    for change in ({"periods": 4}, {"price": 1}, {"provider_address": world.ADA_ADDRESS}, {"max_fee_bps": 300}):
        ((name, value),) = change.items()
        kept = getattr(order, name)
        setattr(order, name, value)
        assert order_ref(order, content_hash=cast.plan.content_hash) != before
        setattr(order, name, kept)
    assert order_ref(order, content_hash=cast.plan.content_hash) == before
    assert order_ref(order, content_hash="0x" + 64 * "1") != before


def test_both_sides_are_told_of_an_order(cast: world.Cast) -> None:
    order = placed(cast)
    with everything():
        entries = Entry.objects.filter(verb="order.placed", subject_id=str(order.pk))
        assert {entry.org_id for entry in entries} == {cast.bakery.pk, cast.workshop.pk}


def test_nothing_is_ordered_before_the_market_knows_its_fee(cast: world.Cast) -> None:
    MarketParams.objects.all().delete()
    with pytest.raises(services.Refused, match="not ready"):
        placed(cast)


def test_access_waits_for_the_money_and_ends_with_its_time(cast: world.Cast) -> None:
    assert allowed(cast).reason == "Your organization has no subscription to Review mood."
    placed(cast)
    assert not allowed(cast).allowed
    assert "waiting for its payment" in allowed(cast).reason
    running(cast)
    right = allowed(cast)
    assert right.allowed
    assert right.subscription is not None
    assert right.reason.startswith("Your subscription runs until")
    block_at(timezone.now() + timedelta(days=31))
    assert not allowed(cast).allowed
    assert "ended on" in allowed(cast).reason
    assert end_lapsed() == 1
    assert end_lapsed() == 0
    with everything():
        assert Subscription.objects.filter(state="ended").count() == 1


def test_the_markets_clock_is_the_chains_where_that_is_ahead(cast: world.Cast) -> None:
    ahead = timezone.now() + timedelta(days=7)
    block_at(timezone.now() - timedelta(days=7))
    assert abs(market_time() - timezone.now()) < timedelta(minutes=1)
    block_at(ahead, number=2, final=False)
    assert market_time() == ahead.replace(microsecond=0)


def test_an_unpaid_order_expires_by_final_blocks_only(cast: world.Cast) -> None:
    order = placed(cast)
    block_at(timezone.now() + timedelta(hours=2), number=2, final=False)
    assert expire_orders() == 0
    block_at(timezone.now() + timedelta(hours=2), number=1, final=True)
    assert expire_orders() == 1
    with everything():
        order = Order.objects.select_related("subscription").get(pk=order.pk)
        assert (order.state, order.subscription.state) == (Order.State.EXPIRED, Subscription.State.ENDED)
    assert allowed(cast).reason == "Your last order was not paid."


def test_a_stranger_is_led_to_sign_in_and_back(cast: world.Cast) -> None:
    url = reverse("subscriptions:start", args=[cast.listing.slug])
    answer = Client().get(url)
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next={url}"


def test_a_person_without_an_organization_makes_one_and_comes_back(cast: world.Cast) -> None:
    client = Client()
    client.force_login(world.person("Zoe"))
    url = reverse("subscriptions:start", args=[cast.listing.slug])
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("organizations:create"))
    assert "next=" in answer["Location"]


def test_one_organization_needs_no_choice_and_several_do(cast: world.Cast) -> None:
    client = Client()
    client.force_login(cast.ada)
    url = reverse("subscriptions:start", args=[cast.listing.slug])
    checkout = reverse("subscriptions:checkout", args=[cast.bakery.slug, cast.plan.pk])
    assert client.get(url)["Location"] == checkout
    cafe = world.organization("Ada Cafe", owner=cast.ada, role="viewer")
    page = client.get(url)
    assert page.status_code == 200
    assert checkout in page.content.decode()
    assert reverse("subscriptions:checkout", args=[cafe.slug, cast.plan.pk]) not in page.content.decode()


def test_who_may_not_pay_is_told_whom_to_ask(cast: world.Cast) -> None:
    viewer = world.person("Vic")
    world.member(cast.bakery, viewer, "viewer")
    client = Client()
    client.force_login(viewer)
    page = client.get(reverse("subscriptions:start", args=[cast.listing.slug]))
    assert "Ask an owner" in page.content.decode()
    assert client.get(reverse("subscriptions:checkout", args=[cast.bakery.slug, cast.plan.pk])).status_code == 403


def test_the_checkout_says_price_fee_and_refund_before_anything_is_paid(cast: world.Cast) -> None:
    client = Client()
    client.force_login(cast.ada)
    url = reverse("subscriptions:checkout", args=[cast.bakery.slug, cast.plan.pk])
    page = client.get(url).content.decode()
    for part in ("29.00", "2.5", "decided by vote", "You can stop at any time", reverse("governance:proposals")):
        assert part in page
    part = client.get(url, {"periods": 3}, headers={"HX-Request": "true"}).content.decode()
    assert "87.00" in part
    assert "<html" not in part


def test_pages_of_an_organization_show_its_own_orders_only(cast: world.Cast) -> None:
    order = running(cast)
    pages = {
        cast.ada: (cast.bakery, "subscriptions:list"),
        cast.ben: (cast.workshop, "subscriptions:sales"),
    }
    for user, (org, name) in pages.items():
        client = Client()
        client.force_login(user)
        assert "Review mood" in client.get(reverse(name, args=[org.slug])).content.decode()
        shown = client.get(reverse("subscriptions:detail", args=[org.slug, order.public_id]))
        assert shown.status_code == 200
    zoe = world.person("Zoe")
    bank = world.organization("Zoe Bank", owner=zoe)
    client = Client()
    client.force_login(zoe)
    assert client.get(reverse("subscriptions:detail", args=[bank.slug, order.public_id])).status_code == 404


def test_figures_are_exact_at_any_size() -> None:
    assert amount(29_000_000, 6) == "29.00"
    assert amount(1, 6) == "0.000001"
    assert amount(-1_234_567_890_000, 6) == "−1,234,567.89"
    assert amount(10**30 + 1, 18) == "1,000,000,000,000.000000000000000001"
    assert amount(5, 0) == "5"
    assert [percent(bps) for bps in (250, 300, 5, 0, 1000)] == ["2.5", "3", "0.05", "0", "10"]
    assert length(30 * world.DAY).replace("\N{NO-BREAK SPACE}", " ") == "30 days"
    assert length(world.DAY).replace("\N{NO-BREAK SPACE}", " ") == "1 day"
