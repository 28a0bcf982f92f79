"""Everything that the contract can do is in the books: renewals, money given back, disputes, channels, switches."""

from typing import Any

import pytest
from django.test import Client
from eth_account import Account

from chain import abi
from marketplace.escrow import handlers, services
from marketplace.escrow.models import Arbiter, Channel, Escrow, Settlement
from marketplace.escrow.services import histories
from marketplace.escrow.services.reprojecting import differences as reprojected
from marketplace.lifecycle import Refused
from marketplace.subscriptions import spending
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Order, Pause, SpendingLimit, Subscription
from marketplace.subscriptions.services import end_lapsed, entitlement
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, acting, everything

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ADA, BEN, MIA = world.ADA_ADDRESS, world.BEN_ADDRESS, world.MIA_ADDRESS
PRICE = 29 * world.TUSD
HASH = "0x" + "e7" * 32


def agree(market: Market) -> None:
    """Books, contract and logs say the same."""
    assert market.differences() == 0
    assert reprojected() == []
    with everything():
        assert not Settlement.objects.exclude(stopped="").exists()


def may_use(market: Market) -> bool:
    with acting(market.buyer):
        return entitlement(market.buyer.org_id, market.listing).allowed


def test_a_renewal_runs_longer_and_counts_as_spent(market: Market) -> None:
    escrow = market.paid()
    ends_at = escrow.order.subscription.ends_at
    market.renew(escrow, 2)
    market.tick()
    escrow = market.deposit(escrow.order)
    assert (escrow.total, escrow.periods, escrow.order.added_periods) == (3 * PRICE, 3, 2)
    assert (escrow.order.subscription.ends_at - ends_at).total_seconds() == 2 * PERIOD
    with everything():
        SpendingLimit.objects.create(org=market.bakery, currency=market.currency, monthly=10 * PRICE)
        assert [budget.spent for budget in spending.budgets(market.bakery.pk)] == [3 * PRICE]
    market.wait(3 * PERIOD + HOLD)
    services.release_matured()
    market.send()
    assert market.deposit(escrow.order).state == Escrow.State.RELEASED
    assert market.credit(BEN) == 3 * PRICE - 3 * PRICE * 250 // 10_000
    agree(market)


def test_a_renewal_paid_before_the_end_and_read_after_it_opens_the_door_again(market: Market) -> None:
    escrow = market.paid()
    market.node.rpc("evm_increaseTime", PERIOD - 60)
    market.node.mine(1)
    market.renew(escrow, 1)
    subscription = escrow.order.subscription
    with everything():
        subscription.move(Subscription.State.ENDED, ended_reason="The time that was paid for is over.")
    market.wait(120)
    assert may_use(market)
    end_lapsed()
    assert may_use(market)
    agree(market)


def test_what_a_provider_gives_back_is_the_buyers_and_later_periods_pay_the_rest(market: Market) -> None:
    escrow = market.paid(periods=2)
    market.give_back(escrow, PRICE // 2)
    market.tick()
    escrow = market.deposit(escrow.order)
    assert (escrow.state, escrow.refunded, escrow.order.returned) == (Escrow.State.HELD, PRICE // 2, PRICE // 2)
    assert market.credit(ADA) == PRICE // 2
    market.wait(PERIOD + HOLD)
    services.release_matured()
    market.send()
    assert market.deposit(escrow.order).released == PRICE // 2
    market.wait(PERIOD)
    services.release_matured()
    market.send()
    escrow = market.deposit(escrow.order)
    assert (escrow.state, escrow.released, escrow.refunded) == (Escrow.State.RELEASED, 3 * PRICE // 2, PRICE // 2)
    assert (escrow.order.state, escrow.order.returned) == (Order.State.COMPLETED, PRICE // 2)
    agree(market)


def test_a_provider_who_gives_all_back_ends_the_order(market: Market) -> None:
    escrow = market.paid()
    market.give_back(escrow, PRICE)
    market.tick()
    escrow = market.deposit(escrow.order)
    assert (escrow.state, escrow.order.state) == (Escrow.State.REFUNDED, Order.State.REFUNDED)
    assert escrow.order.subscription.ended_reason == "The provider gave back all that was left."
    assert not may_use(market)
    agree(market)


def test_a_dispute_stops_the_clock_and_a_ruling_splits_what_was_contested(market: Market) -> None:
    escrow = market.paid(periods=2)
    market.wait(PERIOD // 2)
    market.dispute(escrow)
    market.tick()
    escrow = market.deposit(escrow.order)
    assert (escrow.state, escrow.next_due_at, escrow.evidence_hash) == (Escrow.State.DISPUTED, None, HASH)
    assert not may_use(market)
    contested = escrow.earned(market_time())
    market.wait(PERIOD)
    assert escrow.earned(market_time()) == contested, "nothing is earned after the dispute began"
    assert services.release_matured() == 0
    agree(market)


def test_a_ruling_in_time_is_carried_out_to_the_unit(market: Market) -> None:
    market.allow_arbiter(MIA)
    escrow = market.paid(periods=2)
    market.wait(PERIOD // 2)
    market.dispute(escrow)
    market.wait(world.DAY)
    market.resolve(escrow, 6_000)
    market.tick()
    escrow = market.deposit(escrow.order)
    contested = escrow.earned(market_time())
    gross = contested * 6_000 // 10_000
    assert (escrow.state, escrow.arbiter, escrow.provider_bps) == (Escrow.State.RESOLVED, MIA, 6_000)
    assert (escrow.released, escrow.refunded) == (gross, 2 * PRICE - gross)
    assert market.credit(BEN) == gross - gross * 250 // 10_000
    assert (escrow.order.state, escrow.order.returned) == (Order.State.REFUNDED, 2 * PRICE - gross)
    assert escrow.order.subscription.ended_reason == "An arbiter decided the dispute."
    with everything():
        whats = [str(event["what"]) for event in histories.history(escrow.order, [escrow])]
    whats.remove("Ordered")  # by our clock, the others by the chain's
    assert whats == ["Paid into escrow", "Disputed by the buyer", "The dispute was decided", "Access ended"]
    agree(market)


def test_silence_of_the_arbiter_ends_as_if_the_buyer_had_stopped_when_it_began(market: Market) -> None:
    escrow = market.paid()
    market.wait(PERIOD // 4)
    market.dispute(escrow)
    market.tick()
    escrow = market.deposit(escrow.order)
    due = services.if_stopped(escrow, market_time())
    market.wait(4 * world.DAY)
    market.execute(market.escrow, abi.encode_call("MarketEscrow", "resolveTimeout", escrow.escrow_id), sender=MIA)
    market.tick()
    escrow = market.deposit(escrow.order)
    assert (escrow.state, escrow.arbiter) == (Escrow.State.RESOLVED, "")
    assert (escrow.released, escrow.refunded) == (due.used, due.refund)
    assert escrow.order.subscription.ended_reason == "Nobody ruled on the dispute in time."
    agree(market)


@pytest.mark.parametrize("by", [ADA, BEN], ids=["buyer", "provider"])
def test_either_side_may_give_in_during_a_dispute(market: Market, by: str) -> None:
    escrow = market.paid()
    market.wait(PERIOD // 4)
    market.dispute(escrow)
    market.tick()
    expected = services.if_stopped(market.deposit(escrow.order), market_time(), by_buyer=by == ADA)
    market.cancel(escrow, by=by)
    market.tick()
    escrow = market.deposit(escrow.order)
    assert (escrow.state, escrow.released, escrow.refunded) == ("refunded", expected.used, expected.refund)
    agree(market)


def test_a_channel_that_nobody_here_opened_does_not_disturb_the_books(market: Market) -> None:
    key = Account.create()
    made = market.open_channel(payer=ADA, provider=BEN, signer=key.address, deposit=5_000)
    market.tick()
    market.claim(made, 2_000, key)
    market.execute(market.escrow, abi.encode_call("MarketEscrow", "requestClose", made), sender=ADA)
    market.tick()
    agree(market)
    market.wait(2 * 3_600)
    market.execute(market.escrow, abi.encode_call("MarketEscrow", "closeChannel", made), sender=MIA)
    market.tick()
    with everything():
        channel = Channel.objects.get()
    assert (channel.state, channel.claimed, channel.refunded) == (Channel.State.CLOSED, 2_000, 3_000)
    assert (market.credit(BEN), market.credit(ADA)) == (2_000 - 50, 3_000)
    market.withdraw(ADA)
    market.tick()
    agree(market)


def test_a_stranger_who_renews_disputes_and_takes_back_stops_nobodys_settlement(market: Market) -> None:
    order = market.order()
    stray = market.pay(order, orderRef="0x" + 64 * "7")
    market.renew_id(stray, PRICE)
    market.execute(market.escrow, abi.encode_call("MarketEscrow", "refund", stray, 5), sender=BEN)
    market.wait(PERIOD // 3)
    market.execute(market.escrow, abi.encode_call("MarketEscrow", "dispute", stray, HASH), sender=ADA)
    market.wait(4 * world.DAY)
    market.execute(market.escrow, abi.encode_call("MarketEscrow", "resolveTimeout", stray), sender=MIA)
    for who in (ADA, BEN):
        market.withdraw(who)
    market.tick()
    agree(market)
    assert market.paid().state == Escrow.State.HELD


def takes_nothing(market: Market) -> None:
    """Nothing can be ordered, and every page says why."""
    assert "takes no new payments" in Client().get("/").content.decode()
    with pytest.raises(Refused, match="takes no new payments"):
        market.order()


def test_arbiters_and_pauses_are_learnt_from_the_chain(market: Market) -> None:
    market.allow_arbiter(MIA)
    market.as_timelock(abi.encode_call("MarketEscrow", "pause"))
    market.tick()
    with everything():
        assert Arbiter.objects.get(address=MIA).allowed
        assert Pause.objects.get().paused
    agree(market)
    takes_nothing(market)
    market.allow_arbiter(MIA, allowed=False)
    market.as_timelock(abi.encode_call("MarketEscrow", "unpause"))
    market.tick()
    with everything():
        assert not Arbiter.objects.get(address=MIA).allowed
        assert [row.paused for row in Pause.objects.order_by("seq")] == [True, False]
    agree(market)
    assert "takes no new payments" not in Client().get("/").content.decode()
    assert market.paid().state == Escrow.State.HELD


def test_every_event_of_the_contract_has_a_handler(market: Market) -> None:
    """An event passed by in silence is money that the books do not have."""
    from chain.abi.artefacts import entries
    from chain.models import Contract
    from marketplace.escrow.services.applying import Batch

    batch: Any = Batch(Contract.objects.named("MarketEscrow"), {})
    ours = {"seq"}
    for entry in entries("MarketEscrow", "event"):
        if ours <= {item["name"] for item in entry["inputs"]}:
            assert hasattr(batch, f"_{entry['name']}") or hasattr(batch._channels, entry["name"]), entry["name"]


def test_an_event_without_a_handler_stops_the_settlement(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.escrow.services.applying import Batch

    escrow = market.paid()
    monkeypatch.delattr(Batch, "_Renewed")
    market.renew(escrow, 1)
    market.tick()
    assert "No handler knows what Renewed changes." in services.stopped()[0]
    monkeypatch.undo()
    market.tick()
    assert services.stopped() == []
    assert market.deposit(escrow.order).periods == 2


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("renewed", {"amount": 5, "total": 104}),
        ("given_back", {"amount": 101, "left": 0, "buyer": ADA}),
        ("disputed", {"contested": 60, "unearned": 39}),
    ],
)
def test_an_event_that_does_not_follow_is_impossible(event: str, args: dict[str, Any]) -> None:
    with pytest.raises(handlers.Impossible):
        getattr(handlers, event)(handlers.Money("held", 100), args)
    with pytest.raises(handlers.Impossible):
        handlers.resolved(handlers.Money("held", 100), {"gross": 0, "fee": 0, "net": 0, "refund": 100}, treasury=MIA)
