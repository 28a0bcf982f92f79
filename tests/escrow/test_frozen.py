"""When the chain's history is disputed, the market pays nobody."""

from typing import Any

import pytest
from django.core.management import call_command

from chain import alarms, freezing, sender, watcher
from chain.client import client
from chain.models import OutgoingTransaction
from marketplace.escrow import services
from marketplace.escrow.models import Escrow
from tests import world
from tests.chain.local_chain import CHAIN
from tests.chain.other_chain import other_chain
from tests.escrow.money import HOLD, PERIOD, Market, everything

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PRICE = 29 * world.TUSD


@pytest.mark.parametrize("is_rewritten", [True, False])
def test_a_rewritten_history_pays_nobody(market: Market, is_rewritten: bool) -> None:
    """A period is due. Control: the same market whose history stands pays it."""
    market.paid(periods=2)
    market.wait(PERIOD + HOLD)
    before = OutgoingTransaction.objects.count()
    if is_rewritten:
        market.node.reorg(9)
        market.node.mine(1)
    watcher.watch()
    assert [alarm.kind for alarm in alarms.sounding(CHAIN)] == (["frozen"] if is_rewritten else [])
    assert services.release_matured() == (0 if is_rewritten else 1)
    for _ in range(2):
        sender.send()
        market.node.mine(3)
        watcher.watch()
        services.settle()
    with everything():
        released = Escrow.objects.get().released
    assert (OutgoingTransaction.objects.count() - before, released) == ((0, 0) if is_rewritten else (1, PRICE))


@pytest.mark.parametrize("with_witness", [True, False])
def test_a_deposit_on_one_providers_word_buys_nothing(market: Market, settings: Any, with_witness: bool) -> None:
    """Our provider's branch has a deposit that never happened. Control: without a witness it counts."""
    with other_chain(fork=market.node.url) as honest:
        options = {"witness_url": honest.url} if with_witness else {}
        settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], **options}}
        market.pay(market.order())
        market.node.mine(3)
        honest.mine(9)
        for _ in range(3):
            watcher.watch()
            services.settle()
    with everything():
        assert Escrow.objects.exists() is not with_witness
    kinds = [alarm.kind for alarm in alarms.sounding(CHAIN)]
    assert kinds == (["frozen"] if with_witness else [])


def test_after_a_deposit_is_gone_no_money_moves_until_somebody_has_dealt_with_it(market: Market) -> None:
    escrow = market.paid()
    market.wait(PERIOD + HOLD)
    market.node.reorg(market.node.head() - escrow.funded_block + 1)
    market.node.mine(5)
    assert watcher.watch() == watcher.Outcome.FROZEN
    call_command("thaw_chain", accept="node", reason="the explorer agrees", yes=True, verbosity=0)
    market.seen()
    assert not freezing.replaced(CHAIN, client(CHAIN))
    with everything():
        assert Escrow.objects.get() == escrow, "what was settled is never rewound"
    assert any("MarketEscrow Funded" in alarm.sentence for alarm in alarms.sounding(CHAIN))
    assert (services.settle(), services.release_matured()) == (0, 0)
