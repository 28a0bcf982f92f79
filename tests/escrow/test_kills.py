"""Workers are killed at every named place of the money path; nobody is paid twice, nothing is lost, books agree."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle

import pytest

from chain.failpoints import FAILPOINTS
from chain.models import Log, OutgoingTransaction
from marketplace.escrow.models import Credit, Escrow
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, everything

STAGES = {"release": "escrow.release.", "send": "sender.", "watch": "watcher.", "settle": "escrow.settle."}
# Reached only when fees rise, or when a reorg happens: chain's own campaign kills there.
ELSEWHERE = {"sender.after_bump_sign", "sender.after_bump_commit", "watcher.after_orphans"}
DEPOSITS, PERIODS = 4, 12


class Workers:
    """A process that forks a worker for each piece of work, killed where it is told to be."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.escrow.worker"]
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings.test"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        self.kills = 0
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def run(self, kind: str, failpoint: str = "") -> int:
        """The exit code: 0 when it came through, -9 when it was killed. Anything else is a failure of ours."""
        assert self.process.stdin
        self.process.stdin.write(f"{kind} {failpoint}\n")
        self.process.stdin.flush()
        code = int(self._line())
        assert code in (0, -9), f"{kind} died of itself at {failpoint or 'no failpoint'}"
        self.kills += code == -9
        return code

    def round(self) -> None:
        for kind in STAGES:
            self.run(kind)


@pytest.fixture
def workers(market: Market) -> Iterator[Workers]:
    started = Workers()
    yield started
    assert started.process.stdin
    started.process.stdin.close()
    started.process.wait(10)


def deposits(market: Market) -> None:
    for _ in range(DEPOSITS):
        market.pay(market.order(periods=PERIODS))
    market.tick()


def settle_everything(market: Market, workers: Workers) -> None:
    """Let clean workers come by until nothing is left to do."""
    market.wait(PERIOD * PERIODS + HOLD)
    for _ in range(6):
        workers.round()
        market.node.mine(3)


def payments(market: Market) -> list[int]:
    """The gross of every release that the chain has seen."""
    logs = [log.decoded for log in Log.objects.of(market.escrow).in_order()]
    return [event.args["gross"] for event in logs if event and event.name == "Released"]


def campaign(market: Market, workers: Workers, kills: int, seconds: float) -> None:
    deposits(market)
    points = {
        kind: cycle([name for name in FAILPOINTS if name.startswith(prefix) and name not in ELSEWHERE])
        for kind, prefix in STAGES.items()
    }
    until = time.monotonic() + seconds
    while workers.kills < kills:
        assert time.monotonic() < until, f"only {workers.kills} kills in {seconds} s"
        market.node.rpc("evm_increaseTime", PERIOD // 4)
        market.node.mine(3)
        for kind in STAGES:
            workers.run(kind, f"{next(points[kind])}:kill")
    settle_everything(market, workers)
    price, net = 29 * world.TUSD, 0
    with everything():
        for escrow in Escrow.objects.all():
            assert (escrow.state, escrow.released) == (Escrow.State.RELEASED, price * PERIODS)
            net += int(escrow.released - escrow.fee_paid)
        assert Credit.objects.get(address=world.BEN_ADDRESS).credited == net
    assert sum(payments(market)) == price * PERIODS * DEPOSITS
    assert market.credit(world.BEN_ADDRESS) == net
    assert market.differences() == 0
    market.withdraw(world.BEN_ADDRESS)
    market.tick()
    assert market.differences() == 0


@pytest.mark.timeout(150)
def test_fifty_kills_pay_nobody_twice_and_lose_nothing(market: Market, workers: Workers) -> None:
    campaign(market, workers, kills=50, seconds=90)
    assert not OutgoingTransaction.objects.exclude(state="final").exists()


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_three_hundred_kills_pay_nobody_twice_and_lose_nothing(market: Market, workers: Workers) -> None:
    campaign(market, workers, kills=300, seconds=900)


def test_the_naive_way_counts_a_payment_twice(market: Market, workers: Workers) -> None:
    deposits(market)
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
