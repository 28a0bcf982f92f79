"""Valkey holds nothing that may not be lost: wiped five times under load, the outbox is empty half a minute later."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from chain.models import OutgoingTransaction, State
from chain.outbox import submit
from settings.local import valkey
from tests.chain.local_chain import CHAIN, LocalChain, fresh_address

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, databases=["default", "owner"])]
ROOT = Path(__file__).parents[2]
WIPES, EACH, LIMIT = 5, 200, 30.0


@pytest.fixture
def node() -> Iterator[LocalChain]:
    chain = LocalChain(settings.CHAINS[CHAIN]["rpc_url"])
    snapshot = chain.rpc("evm_snapshot")
    yield chain
    chain.rpc("evm_revert", snapshot)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Celery's worker and its clock, as bin/up starts them."""
    tick = tmp_path / "tick"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings.dev", "BEAT_TICK": str(tick)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "settings.local.worker"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        wait(tick.exists, 60, lambda: (tmp_path / "log").read_text())
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait(over: Callable[[], bool], seconds: float, words: Callable[[], Any], between: Callable[[], Any] = int) -> None:
    """Until something holds; fails after `seconds`."""
    began = time.monotonic()
    while not over():
        assert time.monotonic() - began < seconds, words()
        between()
        time.sleep(0.1)


def wipe() -> None:
    assert valkey.ask(settings.REDIS_URL, "FLUSHALL") == "+OK"


def test_valkey_wiped_five_times_under_load_loses_no_payment(node: LocalChain, worker: subprocess.Popen[bytes]) -> None:
    unfinished = OutgoingTransaction.objects.exclude(state=State.FINAL)
    for turn in range(WIPES):
        for number in range(turn * EACH, (turn + 1) * EACH):
            submit(key=f"pay {number}", to=fresh_address(number), data=b"", value=7)
        wait(lambda: OutgoingTransaction.objects.exclude(state=State.QUEUED).exists(), 30, unfinished.count)
        assert unfinished.exists()  # it is wiped while there is work
        wipe()
        time.sleep(0.7)
    wait(
        lambda: not unfinished.exists(),
        LIMIT,
        lambda: list(unfinished.values_list("key", "state", "last_error")),
        between=node.mine,
    )
    assert worker.poll() is None
    assert [node.balance(fresh_address(number)) for number in range(WIPES * EACH)] == [7] * (WIPES * EACH)


def test_control_payments_that_live_in_the_broker_alone_are_lost(node: LocalChain, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "tests.local.naive_payer",
        "worker",
        "--pool=solo",
        "-l",
        "warning",
    ]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings.dev"}
    from tests.local.naive_payer import pay

    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        for number in range(30):
            pay.delay(number)
        wait(lambda: node.balance(fresh_address(0)) == 7, 60, lambda: (tmp_path / "log").read_text())
        wipe()
        time.sleep(8)  # thirty take it six seconds
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    paid = sum(node.balance(fresh_address(number)) == 7 for number in range(30))
    assert 0 < paid < 30
