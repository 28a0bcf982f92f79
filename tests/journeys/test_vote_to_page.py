"""Whoever has a proposal open sees each vote come in, without reloading."""

import statistics
from collections.abc import Callable

import pytest
from playwright.sync_api import TimeoutError as TooLate

from tests.journeys.conftest import Door, Market
from tests.journeys.vote_to_page import measured

AT_MOST = 10.0  # seconds; the target of two is for a quiet machine: bin/bench vote-to-page


def test_a_vote_stands_on_open_pages_seconds_after_its_block(
    door: Door, market: Market, record_property: Callable[[str, object], None]
) -> None:
    reader = door.visitor("reader")
    seconds = measured(market, reader.page, 2)
    record_property("vote_to_page_seconds", [round(each, 2) for each in seconds])
    assert len(seconds) == 4
    assert statistics.median(seconds) < AT_MOST


def test_control_without_live_pages_it_takes_longer(door: Door, market: Market) -> None:
    """What is measured is the page's own following: with neither socket nor polling nothing changes by itself."""
    reader = door.visitor("cut off")
    reader.page.route("**/standing/**", lambda route: route.abort())
    reader.page.route_web_socket("**/ws/**", lambda socket: None)
    with pytest.raises(TooLate):
        measured(market, reader.page, 1, patience=10)
    reader.complaints.clear()  # what was cut off is an error in its console
