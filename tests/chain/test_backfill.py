"""A chain's past is copied with a progress bar, however often that is interrupted, and whoever else is at work."""

import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError

from chain import reader, rpc, stretch, wanted, watcher
from chain.client import client
from chain.management.commands import backfill_chain
from chain.models import Block, CopyPosition, Log
from chain.reader import NodeMoved
from chain.rpc import AnswerTooLong, LogEntry
from chain.wanted import Wanted
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


def places() -> list[tuple[str, int]]:
    return list(Log.objects.in_order().values_list("block_hash", "log_index"))


@pytest.fixture
def past(dollar: Dollar) -> Dollar:
    """Thirty mints, far below the window."""
    for amount in range(30):
        dollar.mint(amount)
    dollar.node.mine(70)
    return dollar


def backfill(**options: Any) -> str:
    out = StringIO()
    call_command("backfill_chain", stdout=out, **options)
    return out.getvalue()


def test_the_past_is_copied_and_the_bar_says_so(past: Dollar) -> None:
    said = backfill()
    assert places() == past.node.logs(past.address)
    assert "100%" in said
    assert "30 new logs" in said
    assert said.rstrip().endswith("level")


def test_reading_again_from_a_block_brings_back_what_was_missing_and_doubles_nothing(past: Dollar) -> None:
    backfill()
    Log.objects.filter(number__gt=past.contract.deployed_block + 10).delete()
    backfill(start=past.contract.deployed_block + 5)
    assert places() == past.node.logs(past.address)


def test_a_start_beyond_the_copy_leaves_nothing_out(past: Dollar) -> None:
    CopyPosition.objects.update(copied_number=past.contract.deployed_block)
    backfill(start=past.node.head())
    assert places() == past.node.logs(past.address)


def test_a_frozen_chain_says_what_to_do(past: Dollar) -> None:
    CopyPosition.objects.update(frozen_at="2026-01-01T00:00Z", frozen_reason="A test.")
    with pytest.raises(CommandError, match="chain_status"):
        backfill()


def test_it_waits_while_another_watcher_has_the_chain(past: Dollar, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = watcher.watch, []

    def busy_twice(*args: Any, **options: Any) -> watcher.Outcome:
        calls.append(1)
        return watcher.Outcome.BUSY if 1 < len(calls) < 4 else real(*args, **options)

    CopyPosition.objects.update(span=5)
    monkeypatch.setattr(backfill_chain, "PAUSE", 0.01)
    monkeypatch.setattr(watcher, "watch", busy_twice)
    backfill()
    assert places() == past.node.logs(past.address)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_killed_again_and_again_it_goes_on_where_it_was_beside_a_running_watcher(past: Dollar) -> None:
    CopyPosition.objects.update(span=1)
    environment = {**os.environ, "CHAIN_RPC_URL": django_settings.CHAINS[CHAIN]["rpc_url"], "FAILPOINT": ""}
    command = [sys.executable, "manage.py", "backfill_chain"]
    for failpoint in ("watcher.after_logs:kill:2", "watcher.after_commit:kill:2"):
        done = subprocess.run(command, cwd=ROOT, env={**environment, "FAILPOINT": failpoint}, check=False)
        assert done.returncode == -signal.SIGKILL
        CopyPosition.objects.update(span=1)
        assert Log.objects.count() < 30
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < until:
            watcher.watch(seconds=0.01)
            time.sleep(0.02)
        assert process.wait(1) == 0
    assert places() == past.node.logs(past.address)


def test_while_one_stretch_is_written_the_next_is_fetched(past: Dollar, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was fetched ahead is looked at as strictly as any other."""
    CopyPosition.objects.update(span=4)
    monkeypatch.setattr(stretch, "AIM", 1)
    looks: list[int] = []
    real = reader.look
    monkeypatch.setattr(reader, "look", lambda *args: looks.append(1) or real(*args))
    watcher.watch()
    assert places() == past.node.logs(past.address)
    assert len(looks) <= 3


def test_a_stretch_fetched_ahead_is_dropped_when_the_position_went_elsewhere(past: Dollar) -> None:
    CopyPosition.objects.update(span=4)
    with stretch.Ahead() as ahead:
        assert watcher.step(CHAIN, ahead) is watcher.Outcome.COPIED
        CopyPosition.objects.update(copied_number=past.contract.deployed_block - 1, copied_hash="")
        assert watcher.step(CHAIN, ahead) is watcher.Outcome.COPIED
    watcher.watch()
    assert places() == past.node.logs(past.address)


def test_a_range_that_does_not_follow_what_is_copied_is_not_believed(past: Dollar) -> None:
    start = past.contract.deployed_block + 5
    assert reader.fetch_range(client(), [Wanted(past.address)], start, start + 5).logs
    with pytest.raises(NodeMoved, match="does not follow"):
        reader.fetch_range(client(), [Wanted(past.address)], start, start + 5, parent="0x" + "ab" * 32)


def test_a_node_that_refuses_wide_ranges_is_asked_for_narrower_ones(
    past: Dollar, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = reader.fetch_range, []

    def limited(node: Any, addresses: Any, start: int, end: int, **options: Any) -> Any:
        asked.append(end - start + 1)
        if end - start >= 7:
            raise rpc.NodeRefused("block range is too wide", -32602)
        return real(node, addresses, start, end, **options)

    monkeypatch.setattr(reader, "fetch_range", limited)
    watcher.watch()
    assert places() == past.node.logs(past.address)
    assert sum(1 for span in asked if span > 7) < len(asked) / 1.5


def test_an_answer_that_would_fill_the_memory_is_not_read_to_its_end(
    past: Dollar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LONGEST_RANGE", 8_000)
    with pytest.raises(AnswerTooLong):
        reader.fetch_range(client(), [Wanted(past.address)], 0, past.node.head())
    watcher.watch()
    assert places() == past.node.logs(past.address)


def test_a_long_list_of_contracts_is_asked_about_in_several_questions_of_one_request(
    past: Dollar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wanted, "ADDRESSES", 2)
    many = [Wanted(f"0x{number:040x}") for number in range(1, 5)] + [Wanted(past.address)]
    start, end = past.contract.deployed_block, past.node.head()
    sent: list[int] = []
    node = client().node
    real = node.batch
    monkeypatch.setattr(node, "batch", lambda calls, **most: sent.append(len(calls)) or real(calls, **most))
    found = reader.fetch_range(client(), many, start, end)
    assert [(log.block_hash, log.index) for log in found.logs] == past.node.logs(past.address)
    assert sent[0] == 3 + 3


@pytest.mark.parametrize(
    "change",
    [
        {"data": "0x00\t"},
        {"data": "0x0g"},
        {"data": "0x0"},
        {"topics": ["0x" + "0" * 62 + "\\n"]},
        {"topics": ["0x1"]},
        {"transaction_hash": "0x" + "0" * 62 + "},"},
        {"data": "0x0 0 "},
    ],
)
def test_a_node_cannot_write_into_the_table_what_is_no_log(past: Dollar, change: dict[str, Any]) -> None:
    """COPY takes text as it comes: a tab or a line break in it would be another column or row."""
    log = LogEntry(past.address, ["0x" + "0" * 64], "0x00", "0x1", "0x" + "0" * 64, "0x" + "0" * 64, "0x0")
    assert reader.sane([log], [Wanted(past.address)], 1, 1) == [log]
    bent = LogEntry(**({name: getattr(log, name) for name in log.__struct_fields__} | change))
    with pytest.raises(NodeMoved, match="not hexadecimal"):
        reader.sane([bent], [Wanted(past.address)], 1, 1)


def test_logs_of_a_block_that_was_known_without_them_are_added(past: Dollar) -> None:
    """The other way into the table: not by COPY alone, which would break on a log that is there already."""
    watcher.watch()
    Log.objects.filter(number=past.contract.deployed_block + 3).delete()
    before = Block.objects.count()
    CopyPosition.objects.update(copied_number=past.contract.deployed_block - 1, copied_hash="")
    watcher.watch()
    assert places() == past.node.logs(past.address)
    assert Block.objects.count() == before
