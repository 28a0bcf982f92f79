"""The engine with one protection taken out must be found out; in the same place the engine as it is must not be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from chain import reader, watcher
from chain.failpoints import Armed
from chain.models import Block, CopyPosition, Cursor, Log
from tests.chain.campaign import Campaign
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN
from tests.chain.proxy import FaultyNode, planned

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
Patch = pytest.MonkeyPatch


@pytest.fixture
def faulty(transactional_db: None, dollar: Dollar, settings: Any) -> Iterator[FaultyNode]:
    found = FaultyNode(dollar.node.url)
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "confirmations": 12, "rpc_url": found.url}}
    yield found
    found.close()


def same_as_chain(dollar: Dollar) -> bool:
    return list(Log.objects.in_order().values_list("block_hash", "log_index")) == dollar.node.logs(dollar.address)


# ── logs by number instead of by hash ──
def by_number(faulty: FaultyNode) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The mutant's questions: the logs of a block by its height, wherever the engine asks by its hash."""

    def rewrite(call: dict[str, Any]) -> dict[str, Any]:
        if call["method"] != "eth_getLogs" or "blockHash" not in call["params"][0]:
            return call
        block = faulty.ask("eth_getBlockByHash", call["params"][0]["blockHash"], False)
        question = {"address": call["params"][0]["address"], "fromBlock": block["number"], "toBlock": block["number"]}
        return {**call, "params": [question]}

    return rewrite


@pytest.mark.parametrize("mutant", [False, True])
def test_logs_asked_by_number_are_lost_to_a_backend_that_lags(dollar: Dollar, faulty: FaultyNode, mutant: bool) -> None:
    """The headers come from one backend, the logs from another; this one cannot give the receipts of a block."""
    faulty.lacks = {"eth_getBlockReceipts"}
    faulty.rewrite = by_number(faulty) if mutant else faulty.rewrite
    for seed in range(4):
        faulty.plan = planned(seed, rate=0.5, faults=["lagging"])
        for _ in range(8):
            dollar.mint()
            watcher.watch(seconds=0)
    faulty.healthy()
    watcher.watch()
    assert same_as_chain(dollar) != mutant


def test_control_a_node_that_never_lags_does_not_find_that_mutant(dollar: Dollar, faulty: FaultyNode) -> None:
    faulty.rewrite = by_number(faulty)
    for _ in range(8):
        dollar.mint()
        watcher.watch(seconds=0)
    assert same_as_chain(dollar)


# ── no parent check ──
class Fits(str):
    """A parent hash that is every block's."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


@pytest.mark.parametrize("mutant", [False, True])
def test_blocks_that_do_not_follow_each_other_leave_orphaned_logs(
    dollar: Dollar, faulty: FaultyNode, monkeypatch: Patch, mutant: bool
) -> None:
    """The reorg happens between two requests of one step: the first still sees the branch that we are on."""
    dollar.node.mine(12)
    dollar.mint(1)
    watcher.watch()
    dollar.node.mine(2)
    headers = reader.headers
    if mutant:
        monkeypatch.setattr(reader, "headers", lambda *asked: [fitting(header) for header in headers(*asked)])
    faulty.illness.remember_branch(4)
    dollar.node.reorg(3, [[dollar.minting(9), 1]])
    faulty.plan = iter(["old_branch", *["none"] * 9])
    watcher.step(CHAIN)
    faulty.healthy()
    watcher.watch()
    assert same_as_chain(dollar) != mutant


def fitting(header: Any) -> Any:
    return header and msgspec.structs.replace(header, parent_hash=Fits(header.parent_hash))


# ── no transaction around a step ──
@contextmanager
def leaky() -> Iterator[None]:
    """A transaction that keeps what was written before the failure: what single statements would have left."""
    problem = None
    with REAL():
        try:
            yield
        except BaseException as raised:
            problem = raised
    if problem:
        raise problem


REAL = transaction.atomic


@pytest.mark.parametrize("mutant", [False, True])
def test_a_step_without_a_transaction_stands_still_after_dying_in_a_reorg(
    dollar: Dollar, faulty: FaultyNode, monkeypatch: Patch, mutant: bool
) -> None:
    dollar.node.mine(12)
    dollar.mint(1)
    watcher.watch()
    dollar.node.reorg(1, [[dollar.minting(9), 0]])
    with monkeypatch.context() as patch:
        if mutant:
            patch.setattr(transaction, "atomic", leaky)
        die_at(patch, "watcher.after_orphans")
        with pytest.raises(Exception, match="after_orphans"):
            watcher.step(CHAIN)
    assert Log.objects.exists() != mutant
    for _ in range(3):
        watcher.watch()
    assert same_as_chain(dollar) != mutant


def die_at(patch: Patch, name: str) -> None:
    import chain.failpoints as module

    module._hits.clear()
    patch.setattr(module, "armed", lambda: Armed(name, "raise", 1))


# ── no check of the position ──
@pytest.mark.parametrize("mutant", [False, True])
def test_a_step_that_does_not_look_at_the_position_passes_a_newcomer_by(
    dollar: Dollar, faulty: FaultyNode, monkeypatch: Patch, mutant: bool
) -> None:
    """A contract is registered while the step has its logs in memory, and the position set back for it."""
    watcher.watch()
    before = CopyPosition.objects.get()
    dollar.mint(5)
    real = watcher.insert_logs

    def meanwhile(*args: Any) -> None:
        real(*args)
        CopyPosition.objects.update(copied_number=before.copied_number - 3, copied_hash="")

    monkeypatch.setattr(watcher, "insert_logs", meanwhile)
    if mutant:
        monkeypatch.setattr(watcher, "_move", unconditional)
        watcher.step(CHAIN)
        assert CopyPosition.objects.get().copied_number > before.copied_number
    else:
        with pytest.raises(watcher.Overtaken):
            watcher.step(CHAIN)
        assert not Block.objects.filter(number__gt=before.copied_number).exists()


def unconditional(position: CopyPosition, number: int, block_hash: str, **changes: Any) -> None:
    CopyPosition.objects.filter(pk=position.pk).update(copied_number=number, copied_hash=block_hash, **changes)


@pytest.mark.parametrize("mutant", [False, True])
def test_two_projections_at_once_count_twice_when_the_cursor_does_not_compare(
    dollar: Dollar, monkeypatch: Patch, mutant: bool
) -> None:
    """Both read before either writes, as when the lock is lost; the cursor's own condition is the last word."""
    dollar.mint(5)
    watcher.watch()
    log = Log.objects.get()
    with REAL():
        first, second = Cursor.objects.locked("sum"), Cursor.objects.locked("sum")
    counted = []
    if mutant:
        monkeypatch.setattr(Cursor, "advance", lambda self, log: Cursor.objects.filter(name=self.name).update())
    for cursor in (first, second):
        try:
            with REAL():
                cursor.advance(log)
                counted.append(log.decoded.args["value"])  # type: ignore[union-attr]
        except ValueError:
            pass
    assert (sum(counted) == 10) == mutant


# ── the hash of a block is not compared ──
def test_a_watcher_that_compares_no_hashes_is_found_by_the_short_campaign(
    dollar: Dollar, faulty: FaultyNode, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(reader, "differs", lambda stored, header: False)
    monkeypatch.setattr(watcher, "watch", quiet(watcher.watch))
    headers = reader.headers
    monkeypatch.setattr(reader, "headers", lambda *asked: [fitting(header) for header in headers(*asked)])
    found = Campaign(dollar.node, dollar.address, faulty, 1).run(40, rate=0.0)
    assert found.lost or found.phantom


def quiet(watch: Callable[..., Any]) -> Callable[..., Any]:
    """The mutant may trip over the database's own constraints: it has not copied, which is what counts."""

    def watching(*args: Any, **how: Any) -> Any:
        try:
            return watch(*args, **how)
        except Exception:
            connection.close()
            return None

    return watching
