"""How long a vote takes from its block to the pages that are open: the whole market, and a browser."""

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from playwright.sync_api import sync_playwright

from benchmarks import Result
from benchmarks.lighthouse import running

PROPOSALS = 10


def run() -> Iterator[Result]:
    """Two votes on each of ten proposals, whose page is open; the median and the slowest."""
    with tempfile.TemporaryDirectory(prefix="guildhall-bench-") as folder:
        run = Path(folder) / "run"
        with running(run) as env, sync_playwright() as playwright:
            os.environ.update(env)
            django.setup()  # the votes are sent with what the tests of governance know of ABIs
            from tests.journeys.conftest import FLAGS, Market, found_browser
            from tests.journeys.vote_to_page import measured

            browser = playwright.chromium.launch(executable_path=found_browser(playwright), args=FLAGS)
            seconds = sorted(measured(Market(run, env), browser.new_page(), PROPOSALS))
            browser.close()
    print(f"  from block to page: {', '.join(f'{each:.2f}' for each in seconds)} s", file=sys.stderr)
    yield Result("vote-to-page.median", statistics.median(seconds), "s from block to open page", 2)
    yield Result("vote-to-page.slowest", seconds[-1], "s from block to open page", 2)
