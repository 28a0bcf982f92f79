"""Workers are killed at every named place of the money path; nobody is paid twice, nothing is lost, books agree."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chain import abi
from chain.failpoints import FAILPOINTS
from chain.models import Log, OutgoingTransaction
from marketplace.escrow.models import Credit, Escrow
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, everything
from tests.workers import Workers, somewhere

STAGES = {"release": "escrow.release.", "send": "sender.", "watch": "watcher.", "settle": "escrow.settle."}
# Reached only when fees rise, or when a reorg happens: chain's own campaign kills there.
ELSEWHERE = {"sender.after_bump_sign", "sender.after_bump_commit", "watcher.after_orphans"}
DEPOSITS, PERIODS = 4, 12


@pytest.fixture
def workers(market: Market) -> Iterator[Workers]:
    started = Workers("tests.escrow.worker")
    yield started
    started.close()


def points(kind: str) -> list[str]:
    """The named places of a stage that are reached without a reorg and without rising fees."""
    return [name for name in FAILPOINTS if name.startswith(STAGES[kind]) and name not in ELSEWHERE]


def deposits(market: Market, count: int) -> None:
    """So many more of Ada's orders, paid in."""
    enough = abi.encode_call("TestDollar", "mint", world.ADA_ADDRESS, count * PERIODS * 29 * world.TUSD)
    market.execute(market.dollar, enough, sender=world.ADA_ADDRESS)
    for _ in range(count):
        market.pay(market.order(periods=PERIODS))


def settle_everything(market: Market, workers: Workers) -> None:
    """Let clean workers come by until nothing is left to do."""
    market.wait(PERIOD * PERIODS + HOLD)
    for _ in range(8):
        for kind in STAGES:
            workers.run(kind)
        market.node.mine(3)


def payments(market: Market) -> list[int]:
    """The gross of every release that the chain has seen."""
    logs = [log.decoded for log in Log.objects.of(market.escrow).in_order()]
    return [event.args["gross"] for event in logs if event and event.name == "Released"]


@dataclass(frozen=True)
class Plan:
    """How long a campaign is: deposits come in over its first half, and run out in its second one and later."""

    deposits: int
    kills: int
    rounds: int
    at_once: int = 1

    def deposited(self, done: int) -> int:
        """How many there are after so many rounds."""
        return min(self.deposits, self.deposits * 2 * done // self.rounds)


def kill_workers(market: Market, workers: Workers, plan: Plan, seed: int) -> None:
    """In each round every stage's workers are started; three in four die, at a named place or at any moment."""
    chance = random.Random(seed)
    done = 0
    while workers.killed_so_far < plan.kills or done < plan.rounds:
        deposits(market, plan.deposited(done + 1) - plan.deposited(done))
        done += 1
        market.node.rpc("evm_increaseTime", 3 * PERIOD * PERIODS // (2 * plan.rounds))
        market.node.mine(3)
        jobs = [(kind, where(chance, kind, workers)) for kind in STAGES for _ in range(plan.at_once)]
        if plan.at_once > 1:
            workers.at_once(jobs)
            continue
        for kind, place in jobs:
            workers.run(kind, place)


def where(chance: random.Random, kind: str, workers: Workers) -> str:
    """One in four workers is spared, half of the others go for the place where the fewest have died."""
    if chance.random() < 0.25:
        return ""
    if chance.random() < 0.5:
        return f"{min(points(kind), key=workers.kills.__getitem__)}:kill"
    return somewhere(chance, points(kind))


def campaign(market: Market, workers: Workers, plan: Plan, seed: int = 1) -> dict[str, object]:
    """Kill, let clean workers finish, and compare all books; the figures."""
    began = time.monotonic()
    kill_workers(market, workers, plan, seed)
    kills = workers.killed_so_far
    settle_everything(market, workers)
    price, net = 29 * world.TUSD, 0
    with everything():
        for escrow in Escrow.objects.all():
            assert (escrow.state, escrow.released) == (Escrow.State.RELEASED, price * PERIODS)
            net += int(escrow.released - escrow.fee_paid)
        assert Credit.objects.get(address=world.BEN_ADDRESS).credited == net
    made = payments(market)
    assert sum(made) == price * PERIODS * plan.deposits
    assert market.credit(world.BEN_ADDRESS) == net
    assert market.differences() == 0
    market.withdraw(world.BEN_ADDRESS)
    market.tick()
    assert market.differences() == 0
    assert not OutgoingTransaction.objects.exclude(state="final").exists()
    took = round(time.monotonic() - began)
    return {"kills": kills, "payouts": len(made), "seconds": took, "seed": seed, "where": dict(workers.kills)}


@pytest.mark.timeout(150)
@pytest.mark.parametrize("at_once", [1, 3])
def test_workers_killed_anywhere_pay_nobody_twice_and_lose_nothing(
    market: Market, workers: Workers, at_once: int
) -> None:
    campaign(market, workers, Plan(deposits=4, kills=30, rounds=24 // at_once, at_once=at_once))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("at_once", [1, 3])
def test_campaign_of_five_hundred_payouts_pays_nobody_twice_and_loses_nothing(
    market: Market, workers: Workers, at_once: int, record_property: Any
) -> None:
    figures = campaign(market, workers, Plan(deposits=96, kills=300, rounds=192 // at_once, at_once=at_once))
    record_property("figures", figures)
    print({"workers of each stage": at_once, **figures})  # noqa: T201
    assert int(str(figures["payouts"])) >= 500
    assert {name for name, times in workers.kills.items() if times} >= {
        name for kind in STAGES for name in points(kind)
    }


def test_the_naive_way_counts_a_payment_twice(market: Market, workers: Workers) -> None:
    deposits(market, DEPOSITS)
    market.tick()
    market.wait(PERIOD + HOLD)
    with everything():
        Credit.objects.get_or_create(
            chain=market.currency.chain, contract=market.escrow, address=world.BEN_ADDRESS, currency=market.currency
        )
    workers.run("release")
    for _ in range(3):
        workers.run("send")
        market.node.mine(3)
    workers.run("watch")
    while workers.run("naive", "escrow.settle.after_event:kill:2") == -9:
        pass
    counted = market.credit(world.BEN_ADDRESS)
    fee = 29 * world.TUSD * 250 // 10_000
    assert counted > DEPOSITS * (29 * world.TUSD - fee)
