"""Final events move deposits, ledger, credits and rights; nothing else does."""

import pytest

from chain.models import Cursor, Log
from marketplace.catalog.models import Currency
from marketplace.escrow import services, terms
from marketplace.escrow.models import Credit, Escrow, LedgerEntry, Settlement, StrayDeposit
from marketplace.escrow.services.settling import BATCH
from marketplace.subscriptions.models import MarketParams, Order, Subscription
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, everything, fresh

PRICE = 29 * world.TUSD


def test_the_id_computed_here_is_the_contracts(market: Market) -> None:
    order = market.order(periods=3)
    ours = terms.escrow_id(order, buyer=world.ADA_ADDRESS, contract=market.escrow)
    assert ours == market.pay(order)


def test_the_accepted_token_and_the_fee_are_learnt_from_the_chain(market: Market) -> None:
    currency = Currency.objects.get(address=market.dollar)
    assert (currency.symbol, currency.decimals, currency.accepted) == ("TUSD", 6, True)
    assert currency.takes_authorization
    assert currency.takes_permit
    params = MarketParams.objects.current()
    assert params is not None
    assert (params.fee_bps, params.fee_percent, params.treasury) == (250, "2.5", market.timelock)


def test_a_deposit_opens_access_only_when_it_is_final(market: Market) -> None:
    order = market.order()
    market.pay(order)
    market.seen()
    services.settle()
    assert fresh(order).state == Order.State.PLACED
    market.tick()
    order = fresh(order)
    assert (order.state, order.subscription.state) == (Order.State.FUNDED, Subscription.State.ACTIVE)
    escrow = market.deposit(order)
    assert order.subscription.starts_at == escrow.started_at
    assert (order.subscription.ends_at - escrow.started_at).total_seconds() == PERIOD
    assert market.ledger(escrow) == {"buyer": -PRICE, "escrow": PRICE}
    assert market.differences() == 0


def test_a_full_life_ends_with_nothing_in_the_escrow_and_every_unit_explained(market: Market) -> None:
    escrow = market.paid(periods=2)
    before = market.balance(world.BEN_ADDRESS)
    market.wait(PERIOD + HOLD)
    assert services.release_matured() == 1
    market.send()
    fee = PRICE * 250 // 10_000
    assert market.ledger(escrow) == {"buyer": -2 * PRICE, "escrow": PRICE, "provider": PRICE - fee, "fees": fee}
    market.wait(PERIOD)
    services.release_matured()
    market.send()
    escrow = market.deposit(escrow.order)
    assert escrow.state == Escrow.State.RELEASED
    assert escrow.order.state == Order.State.COMPLETED
    assert escrow.order.subscription.state == Subscription.State.ENDED
    assert market.credit(world.BEN_ADDRESS) == 2 * (PRICE - fee)
    market.withdraw(world.BEN_ADDRESS)
    market.tick()
    assert market.credit(world.BEN_ADDRESS) == 0
    assert market.balance(world.BEN_ADDRESS) - before == 2 * (PRICE - fee)
    assert sum(market.ledger(escrow).values()) == 0
    assert market.differences() == 0


def test_a_cancellation_pays_to_the_second_and_returns_the_rest(market: Market) -> None:
    escrow = market.paid()
    market.wait(PERIOD // 3)
    market.cancel(escrow)
    stopped_at = market.now()
    market.tick()
    used = PRICE * (stopped_at - int(escrow.started_at.timestamp())) // PERIOD
    escrow = market.deposit(escrow.order)
    assert (escrow.state, escrow.released, escrow.refunded) == (Escrow.State.REFUNDED, used, PRICE - used)
    assert market.credit(world.ADA_ADDRESS) == PRICE - used
    subscription = escrow.order.subscription
    assert (escrow.order.state, subscription.state) == (Order.State.REFUNDED, Subscription.State.ENDED)
    assert subscription.ended_reason == "Stopped by the buyer."
    assert int(subscription.ends_at.timestamp()) == stopped_at
    assert market.differences() == 0


def test_a_provider_who_stops_keeps_no_period_that_is_younger_than_the_hold(market: Market) -> None:
    escrow = market.paid(periods=3)
    market.wait(2 * PERIOD + HOLD // 2)
    market.cancel(escrow, by=world.BEN_ADDRESS)
    market.tick()
    escrow = market.deposit(escrow.order)
    assert (escrow.released, escrow.refunded) == (PRICE, 2 * PRICE)
    assert escrow.order.subscription.ended_reason == "Stopped by the provider."
    assert market.differences() == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pricePerPeriod": 1}, "another price"),
        ({"periods": 2}, "another number of periods"),
        ({"provider": world.MIA_ADDRESS}, "another provider's wallet"),
        ({"orderRef": "0x" + 64 * "7"}, "No order of ours"),
        ({"maxFeeBps": 900}, "id is not that of the order"),
    ],
)
def test_a_deposit_with_other_terms_is_kept_in_sight_and_opens_nothing(
    market: Market, changes: dict[str, object], reason: str
) -> None:
    order = market.order()
    market.pay(order, **changes)
    market.tick()
    with everything():
        stray = StrayDeposit.objects.get()
        assert not Escrow.objects.exists()
    assert reason in stray.reason
    assert fresh(order).state == Order.State.PLACED
    assert services.stopped() == []
    market.execute(market.escrow, _cancel(stray.escrow_id), sender=world.ADA_ADDRESS)
    market.tick()
    assert market.credit(world.ADA_ADDRESS) + market.credit(stray.provider_address) <= stray.total
    assert market.differences() == 0


def _cancel(escrow_id: str) -> bytes:
    from chain import abi

    return abi.encode_call("MarketEscrow", "cancel", escrow_id)


def test_a_late_deposit_leaves_the_order_expired_and_the_money_to_the_buyer(market: Market) -> None:
    order = market.order()
    market.wait(3 * 3600)
    from marketplace.subscriptions.services import expire_orders

    assert expire_orders() == 1
    market.pay(order)
    market.tick()
    order = fresh(order)
    assert (order.state, order.subscription.state) == (Order.State.EXPIRED, Subscription.State.ENDED)
    escrow = market.deposit(order)
    assert escrow.is_late
    market.cancel(escrow)
    market.tick()
    escrow = market.deposit(order)
    assert escrow.refunded > PRICE - 1000
    assert fresh(order).state == Order.State.EXPIRED
    assert market.differences() == 0


def test_an_order_in_time_is_not_expired_before_its_last_second_is_final(market: Market) -> None:
    from marketplace.subscriptions.services import expire_orders

    order = market.order()
    market.node.rpc("evm_increaseTime", 3590)
    market.pay(order)
    market.seen()
    assert expire_orders() == 0
    market.tick()
    assert fresh(order).state == Order.State.FUNDED


def test_two_wallets_that_pay_the_same_order_open_it_once(market: Market) -> None:
    order = market.order()
    market.pay(order)
    market.pay(order, payer=world.MIA_ADDRESS)
    market.tick()
    with everything():
        assert sorted(Escrow.objects.filter(order=order).values_list("is_late", flat=True)) == [False, True]
    assert fresh(order).state == Order.State.FUNDED
    assert market.differences() == 0


def test_settling_again_changes_nothing(market: Market) -> None:
    market.paid()
    with everything():
        before = list(LedgerEntry.objects.values()), list(Credit.objects.values()), list(Settlement.objects.values())
    assert services.settle() == 0
    Cursor.objects.update(number=-1, log_index=-1)
    services.settle()
    with everything():
        after = list(LedgerEntry.objects.values()), list(Credit.objects.values()), list(Settlement.objects.values())
    assert before == after


def test_a_missing_event_stops_the_settlement_and_says_so_until_it_arrives(market: Market) -> None:
    order = market.order()
    escrow_id = market.pay(order)
    other = market.order()
    market.pay(other)
    market.node.mine(3)
    market.seen()
    missing = Log.objects.get(topics__1=escrow_id)
    Log.objects.filter(pk=missing.pk).delete()
    services.settle()
    assert "is missing" in services.stopped()[0]
    assert fresh(other).state == Order.State.PLACED
    assert services.release_matured() == 0
    missing.save(force_insert=True)
    services.settle()
    assert services.stopped() == []
    assert (fresh(order).state, fresh(other).state) == (Order.State.FUNDED, Order.State.FUNDED)


def test_more_events_than_a_batch_are_all_settled(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.escrow.services.settling.BATCH", 2)
    assert BATCH > 2
    orders = [market.order() for _ in range(5)]
    for order in orders:
        market.pay(order)
    market.tick()
    assert {fresh(order).state for order in orders} == {Order.State.FUNDED}
    assert market.differences() == 0
