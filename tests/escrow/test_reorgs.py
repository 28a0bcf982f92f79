"""A reorg between any two steps of a payment's life changes nothing in the end: books, contract and logs agree."""

from collections.abc import Callable, Iterator

import pytest

from chain import sender, watcher
from chain.models import CopyPosition, OutgoingTransaction
from marketplace.escrow import services
from marketplace.escrow.models import Credit, Escrow
from marketplace.escrow.services.reprojecting import differences
from tests import world
from tests.chain.reorgs import FATES, reorg
from tests.escrow.money import HOLD, PERIOD, Market, everything

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PRICE, PERIODS = 29 * world.TUSD, 2
Step = Callable[[], object]


def look() -> None:
    """Until level: right after a reorg the first round takes back, the next one copies."""
    for _ in range(3):
        watcher.watch()


def life(market: Market) -> Iterator[Step]:
    """A deposit of two periods, each step of each worker by itself, until both are paid out and withdrawn."""
    order = market.order(periods=PERIODS)
    confirm = [lambda: market.node.mine(1), look, lambda: market.node.mine(2), look, services.settle]
    yield lambda: market.pay(order)
    yield from confirm
    for _ in range(PERIODS):
        yield lambda: market.node.rpc("evm_increaseTime", PERIOD + HOLD)
        yield from confirm
        yield services.release_matured
        yield sender.send
        yield from confirm
        yield sender.send
    yield lambda: market.withdraw(world.BEN_ADDRESS)
    yield from confirm


def settled(market: Market) -> list[tuple[str, int, int]]:
    """Each deposit as our books have it, once all work is done."""
    for _ in range(4):
        market.send()
        services.release_matured()
    with everything():
        return [(each.state, int(each.released), int(each.refunded)) for each in Escrow.objects.order_by("pk")]


@pytest.mark.timeout(300)
def test_a_reorg_between_any_two_steps_of_a_payment_changes_nothing_in_the_end(market: Market) -> None:
    payments_under_reorgs(market, FATES)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fate", FATES)
def test_each_kind_of_reorg_between_any_two_steps_of_a_payment_changes_nothing(market: Market, fate: str) -> None:
    payments_under_reorgs(market, [fate])


def payments_under_reorgs(market: Market, fates: list[str]) -> None:
    """One payment for each place, with a reorg there; the fates of its transactions take turns."""
    market.node.mine(6)
    places = len(list(life(market))) + 1
    undone = 0
    for place in range(1, places):
        for number, step in enumerate(life(market), 1):
            step()
            if number == place:
                undone += reorg(market.node, 2, fates[place % len(fates)])
    assert undone > 7, "the reorgs hit no transaction"
    paid = (Escrow.State.RELEASED, PRICE * PERIODS, 0)
    assert settled(market)[-1:] == [paid]
    assert set(settled(market)) == {paid}
    assert len(settled(market)) == places - 1
    assert market.differences() == 0
    assert differences() == []
    assert not CopyPosition.objects.filter(frozen_at__isnull=False).exists()
    assert not OutgoingTransaction.objects.exclude(state__in=["final", "failed"]).exists()
    with everything():
        credit = Credit.objects.get(address=world.BEN_ADDRESS)
        assert credit.credited == sum(int(each.paid_net) for each in Escrow.objects.all())


def test_control_books_that_settle_what_is_only_seen_keep_what_a_reorg_took_away(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chain.models.copied import LogQuerySet

    order = market.order()
    market.node.mine(3)
    look()
    services.settle()
    monkeypatch.setattr(LogQuerySet, "final", lambda self: self)
    market.pay(order)
    look()
    services.settle()
    market.node.reorg(2)
    market.node.mine(4)
    look()
    with everything():
        assert Escrow.objects.filter(order=order).exists()
    assert market.differences() > 0
