"""Several chains at once: a dead one holds up none, and nothing of one is taken for another's."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from chain import alarms, sender, status, tasks, watcher
from chain.models import Block, CopyPosition, Log, OutgoingTransaction, State
from chain.outbox import submit
from chain.registry import register
from chain.turns import turn
from settings.env import chains
from tests.chain.local_chain import CHAIN, RELAYER, LocalChain, fresh_address
from tests.chain.other_chain import other_chain
from tests.chain.proxy import FaultyNode

OTHER = "eip155:1337"


@pytest.fixture
def other(node: LocalChain, settings: Any) -> Iterator[LocalChain]:
    """A second chain beside the first."""
    with other_chain(chain_id=1337) as second:
        settings.CHAINS = {**settings.CHAINS, OTHER: {"rpc_url": second.url, "confirmations": 2}}
        yield second


@pytest.mark.django_db
def test_two_chains_are_copied_side_by_side_and_not_mixed(node: LocalChain, other: LocalChain) -> None:
    for chain, source, amount in ((CHAIN, node, 5), (OTHER, other, 6)):
        address, block = source.deploy("TestDollar")
        register(chain=chain, name="TestDollar", address=address, deployed_block=block)
        source.mint(address, amount)
        source.mine(2)
    for chain in (CHAIN, OTHER):
        assert watcher.watch(chain) == watcher.Outcome.LEVEL, CopyPosition.objects.filter(chain=chain).values()
    found = {log.chain: log.decoded.args["value"] for log in Log.objects.final()}
    assert found == {CHAIN: 5, OTHER: 6}


@pytest.mark.django_db
def test_a_payment_goes_to_its_own_chain(node: LocalChain, other: LocalChain) -> None:
    submit(key="there", to=fresh_address(1), data=b"", value=7, chain=OTHER)
    for chain in (CHAIN, OTHER):
        watcher.watch(chain)
        sender.send(chain)
    other.mine(1)
    assert (node.balance(fresh_address(1)), other.balance(fresh_address(1))) == (0, 7)
    assert other.rpc("eth_getTransactionCount", RELAYER, "latest") == "0x1"


@pytest.mark.django_db
def test_a_frozen_chain_leaves_the_others_alone(node: LocalChain, other: LocalChain) -> None:
    from chain.freezing import freeze

    for chain in (CHAIN, OTHER):
        watcher.watch(chain)
    freeze(OTHER, "A test.")
    node.mine(1)
    assert (watcher.watch(CHAIN), watcher.watch(OTHER)) == (watcher.Outcome.LEVEL, watcher.Outcome.FROZEN)
    assert (status.lag(CHAIN).frozen, status.lag(OTHER).frozen) == ("", "A test.")
    assert [alarm.chain for alarm in [*alarms.sounding(CHAIN), *alarms.sounding(OTHER)]] == [OTHER]


def dispatched(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Celery's workers, as threads of this process: a task of ours begins at once, as long as somebody is free."""
    threads: list[threading.Thread] = []

    def start(task: Any) -> Any:
        def apply_async(args: tuple[str], expires: float) -> None:
            def run() -> None:
                try:
                    task.run(*args)
                finally:
                    connection.close()

            threads.append(threading.Thread(target=run))
            threads[-1].start()

        return apply_async

    for task in (tasks.watch_chain, tasks.send_chain):
        monkeypatch.setattr(task, "apply_async", start(task))
    return threads


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_chain_whose_node_hangs_holds_up_one_worker_and_no_other_chain(
    node: LocalChain, other: LocalChain, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead one comes first in the list; the living one is level while the other still waits for its node."""
    hanging, free = FaultyNode(other.url), threading.Event()
    monkeypatch.setattr(hanging, "answer", lambda body: (free.wait(30), (500, b""))[1])
    living = settings.CHAINS[CHAIN]
    settings.CHAINS = {OTHER: {**settings.CHAINS[OTHER], "rpc_url": hanging.url}, CHAIN: living}
    threads = dispatched(monkeypatch)
    node.mine(1)
    try:
        for _ in range(3):
            tasks.watch()
            time.sleep(0.3)
        stuck = [thread for thread in threads if thread.is_alive()]
        assert len(stuck) == 1, "the dead chain may keep one worker, not one more with every tick"
        assert CopyPosition.objects.get(chain=CHAIN).copied_number == node.head()
    finally:
        free.set()
        for thread in threads:
            thread.join()
        hanging.close()
    assert not Block.objects.filter(chain=OTHER).exists()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_chain_whose_node_is_gone_pays_later_and_the_other_pays_now(
    node: LocalChain, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with other_chain(chain_id=1337) as gone:
        url = gone.url
    settings.CHAINS = {OTHER: {"rpc_url": url, "confirmations": 2}, **settings.CHAINS}
    threads = dispatched(monkeypatch)
    submit(key="here", to=fresh_address(1), data=b"", value=7)
    submit(key="there", to=fresh_address(1), data=b"", value=7, chain=OTHER)
    tasks.watch()
    tasks.send()
    for thread in threads:
        thread.join()
    states = dict(OutgoingTransaction.objects.values_list("key", "state"))
    assert states == {"here": State.SENT, "there": State.QUEUED}


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_only_one_worker_has_a_turn_and_death_ends_it() -> None:
    seen: list[bool] = []

    def other_worker() -> None:
        with turn("a test") as ours:
            seen.append(ours)
        connection.close()

    def run() -> None:
        thread = threading.Thread(target=other_worker)
        thread.start()
        thread.join()

    with turn("a test") as ours:
        assert ours
        run()
        connection.close()  # the session dies without a word
        run()
    assert seen == [False, True]


def test_further_chains_come_from_a_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chains("CHAINS_FILE") == {}
    path = tmp_path / "chains.json"
    monkeypatch.setenv("CHAINS_FILE", str(path))
    further = {"eip155:10": {"rpc_url": "http://a.example,http://b.example", "confirmations": 20}}
    path.write_text(json.dumps(further))
    assert chains("CHAINS_FILE") == further
    for wrong in ("[]", '{"eip155:10": {"confirmations": 2}}', '{"eip155:10": 7}'):
        path.write_text(wrong)
        with pytest.raises(ImproperlyConfigured):
            chains("CHAINS_FILE")
