"""Failpoints exist where the list says, and never where money is real."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chain import failpoints
from chain.failpoints import FAILPOINTS, armed, refuse_in_production

CHAIN_FOLDER = Path(failpoints.__file__).parent


def test_every_listed_failpoint_is_placed_once_and_no_other() -> None:
    source = "".join(path.read_text() for path in CHAIN_FOLDER.glob("*.py"))
    placed = re.findall(r'failpoint\("([a-z_.]+)"\)', source)
    assert sorted(placed) == sorted(name for name in FAILPOINTS if name.startswith(("watcher.", "witness.", "sender.")))


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
