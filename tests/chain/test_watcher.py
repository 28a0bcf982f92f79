"""A log is shown once it is in a block, counts once it is final, and goes when its block goes."""

import random
from typing import Any

import pytest
from django.db import connection

from chain import reader, sender, stretch, watcher
from chain.client import client
from chain.models import Block, Contract, CopyPosition, Cursor, Log, OutgoingTransaction, State
from chain.outbox import submit
from chain.registry import register
from chain.watcher import Outcome
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, HELPER, LocalChain, fresh_address

pytestmark = pytest.mark.django_db


def amounts() -> list[int]:
    return [log.decoded.args["value"] for log in Log.objects.in_order()]


def copied(dollar: Dollar) -> list[tuple[str, int]]:
    return list(Log.objects.of(dollar.contract).in_order().values_list("block_hash", "log_index"))


def test_a_log_is_seen_first_and_final_after_two_more_blocks(dollar: Dollar) -> None:
    dollar.mint(700)
    assert watcher.watch() == Outcome.LEVEL
    log = Log.objects.of(dollar.contract).seen().get()
    assert log.decoded == (
        "Transfer",
        {"from": "0x" + "0" * 40, "to": HELPER, "value": 700},
    )
    assert not Log.objects.final().exists()
    dollar.node.mine(2)
    watcher.watch()
    assert Log.objects.final().get().pk == log.pk


def test_copying_again_from_the_start_changes_nothing(dollar: Dollar) -> None:
    for amount in (1, 2, 3):
        dollar.mint(amount)
    dollar.node.mine(5)
    watcher.watch()
    before = list(Log.objects.values_list("pk", "block_hash"))
    CopyPosition.objects.update(copied_number=dollar.contract.deployed_block - 1, copied_hash="")
    watcher.watch()
    assert list(Log.objects.values_list("pk", "block_hash")) == before
    assert amounts() == [1, 2, 3]


def test_a_reorg_takes_orphaned_logs_back_and_brings_the_new_ones(dollar: Dollar) -> None:
    dollar.mint(1)
    dollar.node.mine(3)
    dollar.mint(2)
    watcher.watch()
    assert amounts() == [1, 2]
    dollar.node.reorg(1, [[dollar.minting(9), 0]])
    watcher.watch()
    assert amounts() == [1, 9]
    assert copied(dollar) == dollar.node.logs(dollar.address)


def test_a_reorg_takes_orphaned_logs_back_even_when_the_chain_grew_meanwhile(dollar: Dollar) -> None:
    dollar.mint(1)
    watcher.watch()
    dollar.node.reorg(2)
    dollar.node.mine(20)
    watcher.watch()
    assert copied(dollar) == dollar.node.logs(dollar.address) == []


def test_control_a_watcher_that_does_not_compare_hashes_keeps_orphaned_logs(
    dollar: Dollar, monkeypatch: pytest.MonkeyPatch
) -> None:
    dollar.mint(1)
    watcher.watch()
    monkeypatch.setattr(reader, "differs", lambda stored, header: False)
    real = reader.fetch_window
    monkeypatch.setattr(
        reader, "fetch_window", lambda node, contracts, parent, *place: real(node, contracts, "", *place)
    )
    dollar.node.reorg(1)
    dollar.node.mine(1)
    watcher.watch()
    assert dollar.node.logs(dollar.address) == []
    assert amounts() == [1]


@pytest.mark.parametrize("seed", range(6))
def test_reorgs_between_any_two_steps_leave_exactly_what_the_chain_has(dollar: Dollar, seed: int) -> None:
    chance = random.Random(seed)
    finals: set[int] = set()
    for number in range(40):
        what = chance.choice(["mint", "mint", "mine", "step", "step", "reorg"])
        if what == "mint":
            dollar.mint(number)
        elif what == "mine":
            dollar.node.mine(chance.randint(1, 4))
        elif what == "step":
            watcher.step(CHAIN)
        elif dollar.node.head() - dollar.contract.deployed_block > 3:
            depth = chance.randint(1, 2)
            dollar.node.reorg(depth, [[dollar.minting(1000 + number), chance.randrange(depth)]])
        now = set(Log.objects.final().values_list("pk", flat=True))
        assert finals <= now, "a final log went away"
        finals = now
    watcher.watch()
    assert copied(dollar) == dollar.node.logs(dollar.address)
    assert not CopyPosition.objects.get().frozen_at


def test_a_reorg_deeper_than_finality_freezes_and_takes_nothing_back(dollar: Dollar) -> None:
    dollar.mint(1)
    dollar.node.mine(4)
    watcher.watch()
    final = Log.objects.final().get()
    dollar.node.reorg(5)
    dollar.node.mine(1)
    assert watcher.watch() == Outcome.FROZEN
    position = CopyPosition.objects.get()
    assert "was final" in position.frozen_reason
    assert Log.objects.final().get() == final
    dollar.node.mine(9)
    assert watcher.watch() == Outcome.FROZEN
    assert CopyPosition.objects.get().final_number == position.final_number


def test_a_frozen_chain_sends_nothing(dollar: Dollar) -> None:
    watcher.watch()
    CopyPosition.objects.update(frozen_at="2026-01-01T00:00Z", frozen_reason="A test.")
    submit(key="pay", to=fresh_address(1), data=b"", value=5)
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.QUEUED
    CopyPosition.objects.update(frozen_at=None, frozen_reason="")
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.SENT


def test_blocks_without_logs_are_forgotten_below_the_window(dollar: Dollar) -> None:
    dollar.mint(1)
    dollar.node.mine(20)
    watcher.watch()
    for _ in range(30):
        dollar.node.mine(5)
        watcher.watch()
    assert Block.objects.count() < 75
    assert amounts() == [1]


def test_a_contract_registered_late_is_read_from_its_deployment(dollar: Dollar) -> None:
    address, block = dollar.node.deploy("TestDollar")
    dollar.node.mint(address, 50)
    dollar.mint(1)
    dollar.node.mine(5)
    dollar.node.mint(address, 51)
    dollar.node.mine(5)
    watcher.watch()
    assert amounts() == [1]
    late = register(chain=CHAIN, name="Other", address=address, deployed_block=block)
    watcher.watch()
    values = [log.decoded.args["value"] for log in Log.objects.of(late).final().in_order()]
    assert values == [50, 51]
    assert Contract.objects.named("Other") == late


def registering_meanwhile(node: LocalChain, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[int]]:
    """A contract whose logs are older than the next step's fetch, registered between that fetch and its storing."""
    address, block = node.deploy("TestDollar")
    node.mint(address, 5)
    node.mine(5)
    real, registered = stretch.fetch, []

    def fetch(*args: Any) -> stretch.Stretch:
        fetched = real(*args)
        if not registered:
            registered.append(register(chain=CHAIN, name="Other", address=address, deployed_block=block).pk)
        return fetched

    monkeypatch.setattr(stretch, "fetch", fetch)
    return address, registered


def test_a_contract_registered_between_fetching_and_storing_is_not_passed_by(
    dollar: Dollar, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher.watch()
    address, registered = registering_meanwhile(dollar.node, monkeypatch)
    with pytest.raises(watcher.Overtaken):
        watcher.step(CHAIN)
    assert registered
    watcher.watch()
    assert Log.objects.of(address).count() == 1


def test_control_storing_without_comparing_the_contracts_passes_a_newcomer_by(
    dollar: Dollar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newcomer is ahead of the position, so its registration does not move it: the position proves nothing."""
    watcher.watch()
    address, _ = registering_meanwhile(dollar.node, monkeypatch)
    monkeypatch.setattr(
        watcher, "_hold", lambda place: CopyPosition.objects.select_for_update().get(copied_number=place.number)
    )
    watcher.watch()
    assert not Log.objects.of(address).exists()


def test_a_cursor_reads_each_log_once_and_never_goes_back(dollar: Dollar) -> None:
    for amount in (1, 2, 3):
        dollar.mint(amount)
    watcher.watch()
    cursor = Cursor.objects.locked("test")
    seen = list(Log.objects.of(dollar.contract).after(cursor).in_order())
    cursor.advance(seen[1])
    assert [log.pk for log in Log.objects.after(Cursor.objects.locked("test")).in_order()] == [seen[2].pk]
    with pytest.raises(ValueError, match="cannot go back"):
        cursor.advance(seen[0])


def test_the_database_itself_deletes_the_logs_of_a_deleted_block(dollar: Dollar) -> None:
    dollar.mint(1)
    watcher.watch()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM chain_block")
    assert not Log.objects.exists()


def test_a_position_moved_by_somebody_else_stops_the_step(dollar: Dollar, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher.watch()
    dollar.mint(1)
    real = watcher.insert_logs

    def meanwhile(*args: Any) -> None:
        real(*args)
        CopyPosition.objects.update(copied_hash="0x" + "ab" * 32)

    monkeypatch.setattr(watcher, "insert_logs", meanwhile)
    with pytest.raises(watcher.Overtaken):
        watcher.step(CHAIN)
    assert not Log.objects.exists()


def test_a_stretch_that_another_watcher_stored_meanwhile_is_dropped(
    dollar: Dollar, monkeypatch: pytest.MonkeyPatch
) -> None:
    dollar.mint(1)
    real, overtaking = stretch.fetch, []

    def fetch(*args: Any) -> stretch.Stretch:
        fetched = real(*args)
        if not overtaking:
            overtaking.append(True)
            dollar.mint(2)
            assert watcher.watch() == Outcome.LEVEL  # the other one, faster
        return fetched

    monkeypatch.setattr(stretch, "fetch", fetch)
    with pytest.raises(watcher.Overtaken):
        watcher.step(CHAIN)
    assert CopyPosition.objects.get().copied_number == dollar.node.head()
    assert amounts() == [1, 2]


def test_no_request_is_made_while_the_position_is_locked(dollar: Dollar, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow node must hold up neither a registration nor anything else that waits for the position."""
    depth = len(connection.savepoint_ids)
    inside: list[bool] = []
    real = client().node.batch
    monkeypatch.setattr(
        client().node,
        "batch",
        lambda calls, **most: inside.append(len(connection.savepoint_ids) > depth) or real(calls, **most),
    )
    dollar.mint(1)
    watcher.watch()
    dollar.node.reorg(1)
    assert watcher.step(CHAIN) == Outcome.REORGED
    assert inside
    assert not any(inside)


def test_an_orphan_below_a_final_block_freezes_and_takes_nothing_back(dollar: Dollar) -> None:
    """Blocks that are read again for a newcomer may lie below final ones: those must not go with them."""
    dollar.mint(1)
    dollar.mint(2)
    dollar.node.mine(5)
    watcher.watch()
    low, high = Block.objects.filter(has_logs=True).order_by("number")
    Block.objects.filter(pk=low.pk).update(is_final=False, hash="0x" + "ab" * 32)
    CopyPosition.objects.update(copied_number=low.number, copied_hash="0x" + "ab" * 32)
    assert watcher.watch() == Outcome.FROZEN
    assert Block.objects.filter(pk=high.pk, is_final=True).exists()


def test_a_node_of_another_chain_is_not_read(node: LocalChain, db: None, settings: Any) -> None:
    settings.CHAINS = {"eip155:1": settings.CHAINS[CHAIN]}
    assert watcher.watch("eip155:1") == Outcome.WAITING
    assert not Block.objects.exists()
