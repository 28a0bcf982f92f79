"""The workers that pay for calls are killed at every named place; nobody is paid twice, nothing is lost."""

from collections.abc import Iterator

import pytest

from chain.failpoints import FAILPOINTS
from chain.models import Log, OutgoingTransaction
from marketplace.escrow.models import Receipt, Sending
from tests import world
from tests.escrow.money import Market, everything
from tests.escrow.test_calls import PRICE, Calls, channel, stop
from tests.escrow.test_calls import calls as calls  # noqa: PLC0414  (fixtures)
from tests.escrow.test_calls import key as key  # noqa: PLC0414
from tests.escrow.test_calls import order as order  # noqa: PLC0414
from tests.escrow.test_calls import selling as selling  # noqa: PLC0414
from tests.workers import Workers

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def workers(selling: Market) -> Iterator[Workers]:
    started = Workers("tests.escrow.worker")
    yield started
    started.close()


def places(kind: str) -> list[str]:
    return [name for name in FAILPOINTS if name.startswith(f"escrow.{kind}.")]


@pytest.mark.timeout(300)
def test_workers_killed_anywhere_claim_once_and_close_once(selling: Market, workers: Workers, calls: Calls) -> None:
    calls.many(30)
    for place in [*places("receipts"), *places("claim")]:
        workers.run("calls", f"{place}:kill")
    workers.run("calls")
    with everything():
        assert [int(one.cumulative) for one in Receipt.objects.all()] == [30 * PRICE]
        assert Sending.objects.count() == OutgoingTransaction.objects.filter(key__startswith="claim:").count() == 1
    selling.send()
    assert int(channel().claimed) == 30 * PRICE
    calls.make()
    stop(selling)
    workers.run("calls")
    selling.send()
    selling.wait(int(channel().close_delay_seconds) + 1)
    for place in places("close"):
        workers.run("calls", f"{place}:kill")
    workers.run("calls")
    selling.send()
    assert (channel().state, int(channel().claimed)) == ("closed", 31 * PRICE)
    assert selling.credit(world.ADA_ADDRESS) == 69 * PRICE
    logs = [log.decoded for log in Log.objects.of(selling.escrow).in_order()]
    assert sum(event.args["gross"] for event in logs if event and event.name == "Claimed") == 31 * PRICE
    assert sum(1 for event in logs if event and event.name == "ChannelClosed") == 1
    assert not OutgoingTransaction.objects.exclude(state="final").exists()
    assert {place for place, times in workers.kills.items() if times} >= {
        *places("receipts"), *places("claim"), *places("close"),
    }  # fmt: skip
    assert selling.differences() == 0
