"""Nobody signs what the market cannot hand in today; who pays otherwise is not held up by it."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from chain import alarms, budget, sender
from chain.models import GasDay, OutgoingTransaction
from chain.outbox import capacity
from marketplace.escrow import services
from marketplace.escrow.models import Payment
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Order
from tests import world
from tests.escrow.money import Market, acting, everything, signed

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ADA = world.ADA_ADDRESS


@pytest.fixture
def bounded(market: Market, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the day's budget of the tests' chain, in wei; it stays the same day for as long as a test lasts."""
    day = budget.today()
    monkeypatch.setattr(budget, "today", lambda: day)

    def bound(wei: int) -> None:
        chain = settings.CHAIN_ID
        settings.CHAINS = {**settings.CHAINS, chain: {**settings.CHAINS[chain], "daily_gas_budget": wei}}

    return bound


def use_up(wei: int) -> None:
    budget.reserve(settings.CHAIN_ID, wei, day=budget.today(), urgent=False)


def ask(market: Market, order: Order) -> dict[str, Any]:
    with acting(market.buyer):
        return services.ask_authorization(market.buyer, order=order, address=ADA)


def test_a_wallet_is_not_asked_to_sign_when_the_days_budget_is_used_up(market: Market, bounded: Any) -> None:
    order = market.order()
    bounded(4_000)
    assert ask(market, order)["primaryType"] == "ReceiveWithAuthorization", "the control: there is room"
    use_up(3_000)
    with pytest.raises(Refused, match="Pay with your own transaction"):
        ask(market, order)
    with everything():
        assert not Payment.objects.exists()


def test_a_signature_that_comes_too_late_for_today_is_not_left_to_wait(market: Market, bounded: Any) -> None:
    order = market.order()
    bounded(4_000)
    signature = signed(ask(market, order), world.ADA_KEY)
    use_up(3_000)
    with pytest.raises(Refused, match="has used up"), acting(market.buyer):
        services.hand_in(market.buyer, order=order, address=ADA, signature=signature)
    assert not OutgoingTransaction.objects.filter(key__startswith="fund").exists()
    GasDay.objects.all().delete()
    with acting(market.buyer):
        services.hand_in(market.buyer, order=order, address=ADA, signature=signature)
    bounded(0)
    market.send()
    assert market.deposit(order).state == "held"


def test_what_was_handed_in_before_is_followed_and_not_refused(market: Market, bounded: Any) -> None:
    order = market.order()
    bounded(4_000)
    signature = signed(ask(market, order), world.ADA_KEY)
    with acting(market.buyer):
        first = services.hand_in(market.buyer, order=order, address=ADA, signature=signature)
        use_up(3_000)
        assert services.hand_in(market.buyer, order=order, address=ADA, signature=signature).pk == first.pk


def test_one_more_needs_the_room_that_one_costs_beside_those_that_wait(market: Market, bounded: Any) -> None:
    order = market.order()
    with acting(market.buyer):
        services.hand_in(
            market.buyer, order=order, address=ADA, signature=signed(ask_within(market, order), world.ADA_KEY)
        )
    market.send()
    usual = budget.usual(settings.CHAIN_ID)
    assert usual > 0
    GasDay.objects.all().delete()
    bounded(usual * 4)  # three quarters of it are for signatures
    assert not capacity().is_exhausted
    use_up(usual * 2)
    assert not capacity().is_exhausted
    use_up(1)
    assert capacity().is_exhausted, "what is left does not pay for one"


def ask_within(market: Market, order: Order) -> dict[str, Any]:
    return services.ask_authorization(market.buyer, order=order, address=ADA)


def test_the_page_says_so_before_anybody_signs_and_offers_the_other_way(market: Market, bounded: Any) -> None:
    order = market.order()
    client = Client()
    client.force_login(market.ada)
    address = reverse("escrow:pay", args=[market.bakery.slug, order.public_id])
    page = client.get(address).content.decode()
    assert "data-wallet-pay" in page and '<details class="disclose">' in page
    bounded(4_000)
    use_up(3_000)
    page = client.get(address).content.decode()
    assert "data-wallet-pay" not in page
    assert "has used up what it spends on that today" in page
    assert "data-wallet-transaction" in page and '<details class="disclose" open>' in page
    own = reverse("escrow:own", args=[market.bakery.slug, order.public_id])
    assert client.post(own, {"address": ADA}, content_type="application/json").status_code == 200
    signing = client.post(
        reverse("escrow:authorize", args=[market.bakery.slug, order.public_id]), {"address": ADA},
        content_type="application/json",
    )  # fmt: skip
    assert signing.status_code == 422
    assert "00:00 UTC" in signing.json()["sentence"]


def test_operators_are_told_although_nothing_waits(market: Market, bounded: Any) -> None:
    sender.send()
    assert [alarm.kind for alarm in alarms.sounding()] == []
    bounded(4_000)
    use_up(3_000)
    sender.send()
    (alarm,) = alarms.sounding()
    assert (alarm.kind, "takes no signatures until 00:00 UTC" in alarm.sentence) == ("gas_budget", True)
    GasDay.objects.all().delete()
    sender.send()
    assert alarms.sounding() == []


def test_the_console_shows_what_was_spent_by_day_and_for_what(market: Market, bounded: Any) -> None:
    order = market.order()
    with acting(market.buyer):
        services.hand_in(
            market.buyer, order=order, address=ADA, signature=signed(ask_within(market, order), world.ADA_KEY)
        )
    market.send()
    person, mia = world.person("Mia", is_moderator=True), Client()
    mia.force_login(person)
    world.sign_in(mia, person)
    page = mia.get(reverse("moderation:relayer")).content.decode()
    assert "Payments that buyers signed" in page
    assert "<svg" in page and "Fees by day" in page
    bounded(4_000)
    GasDay.objects.all().delete()
    use_up(3_000)
    assert "budget is used up" in mia.get(reverse("moderation:relayer")).content.decode()
    stranger = Client()
    stranger.force_login(market.ada)
    assert stranger.get(reverse("moderation:relayer")).status_code == 404
