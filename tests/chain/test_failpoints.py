"""Failpoints exist where the list says, and never where money is real."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chain import failpoints
from chain.failpoints import FAILPOINTS, armed, refuse_in_production
from tests.chain import test_crashes
from tests.escrow import test_calls_kills, test_kills

ROOT = Path(failpoints.__file__).parents[1]
CALL = re.compile(r'failpoint\("([a-z_.]+)"\)')


def test_every_listed_failpoint_is_placed_once_and_no_other() -> None:
    sources = [path for folder in ("chain", "marketplace", "governance") for path in (ROOT / folder).rglob("*.py")]
    placed = [name for path in sources for name in CALL.findall(path.read_text())]
    assert sorted(placed) == sorted(FAILPOINTS)


def test_every_failpoint_is_one_that_some_test_dies_at() -> None:
    """Each of these lists is gone through by tests that fail when a place is not reached."""
    witness = re.findall(r'"(witness\.[a-z_]+)"', (ROOT / "tests/chain/test_witness.py").read_text())
    on_chain = {*test_crashes.WATCHER, *test_crashes.SENDER, *test_crashes.REPLACING, "watcher.after_orphans"}
    on_the_books = {name for kind in ("release", "settle") for name in test_kills.points(kind)}
    by_the_call = {name for kind in ("receipts", "claim", "close") for name in test_calls_kills.places(kind)}
    assert {*witness, *on_chain, *on_the_books, *by_the_call} == set(FAILPOINTS)


def test_the_documentation_lists_every_failpoint_as_the_source_does() -> None:
    text = (ROOT / "docs/reliability.md").read_text()
    assert dict(re.findall(r"^\| `([a-z_.]+\.[a-z_]+)` \| (.+) \|$", text, re.M)) == FAILPOINTS


def test_a_failpoint_is_refused_where_money_is_real(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("FAILPOINT", "sender.after_sign:kill")
    refuse_in_production()  # a local chain
    settings.CHAIN_ID, settings.DEBUG = "eip155:1", False
    with pytest.raises(ImproperlyConfigured, match="refused in production"):
        refuse_in_production()


@pytest.mark.parametrize("text", ["nowhere:kill", "sender.after_sign:explode", "sender.after_sign:kill:often"])
def test_a_failpoint_that_does_not_exist_is_a_mistake_and_not_a_silence(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FAILPOINT", text)
    armed.cache_clear()
    try:
        with pytest.raises(ImproperlyConfigured):
            armed()
    finally:
        armed.cache_clear()
