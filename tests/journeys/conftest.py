"""The whole market, as bin/up starts it, in a directory of its own; and a browser to walk it with."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

from settings.local import services
from settings.local.rundir import RunDir
from tests.journeys.wallet import Wallet

ROOT = Path(__file__).parents[2]
PICTURES = Path(__file__).parent / "screenshots"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NO_BROWSER = "The journeys need a browser: install Chromium or Chrome (on Debian: apt-get install chromium)."
SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CHAIN_RPC_URL", "DJANGO_SETTINGS_MODULE")
START = (
    "import sys; from pathlib import Path; from settings.local.market import up; sys.exit(up([], Path(sys.argv[1])))"
)


@dataclass
class Market:
    """A running market: its run directory, and the environment of its processes."""

    folder: Path
    env: dict[str, str]

    @property
    def url(self) -> str:
        return self.env["BASE_URL"]

    @property
    def gateway(self) -> str:
        return self.env["LIVE_URL"]

    @property
    def tools_key(self) -> str:
        """What the demo provider's service wants to see."""
        return str(json.loads((self.folder / "secrets.json").read_text())["tools"])

    @cached_property
    def dollar(self) -> str:
        """The address of the test dollar."""
        script = "from chain.models import Contract; print(Contract.objects.named('TestDollar').address)"
        return self.manage("shell", "--no-imports", "-c", script).split()[-1]

    def differences(self) -> list[str]:
        """Where the books are not as the contract is."""
        said = self.manage("reconcile", ends=(0, 1)).splitlines()
        fine = ("to the unit", "escrow.reconciled")
        return [line for line in said if line.strip() and not any(words in line for words in fine)]

    def manage(self, *words: str, ends: tuple[int, ...] = (0,)) -> str:
        """Run a management command as an operator would; `ends`: the exit codes that are expected."""
        command = [sys.executable, "manage.py", *words]
        run = subprocess.run(
            command, cwd=ROOT, env=os.environ | self.env, capture_output=True, text=True, check=False, timeout=120
        )
        assert run.returncode in ends, run.stdout + run.stderr
        return run.stdout


@pytest.fixture(scope="session")
def market() -> Iterator[Market]:
    """Start the market and stop it afterwards; JOURNEY_RUN names the run directory of one that is up already."""
    if given := os.environ.get("JOURNEY_RUN"):
        folder = Path(given)
        yield Market(folder, json.loads((folder / "up.json").read_text())["env"])
        return
    clean = {name: value for name, value in os.environ.items() if name not in SERVERS}
    clean["STATIC_KEPT_SECONDS"] = "3600"  # as in production: a browser asks once for a style sheet, not for every page
    with tempfile.TemporaryDirectory(prefix="guildhall-journey-", ignore_cleanup_errors=True) as name:
        # Two markets that start at once would find the same ports free.
        first = 8_600 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        ports = {
            part: first + place for place, part in enumerate(("anvil", "web", "live", "tools", "postgres", "valkey"))
        }
        (Path(name) / "ports.json").write_text(json.dumps(ports))
        services.from_template(RunDir(Path(name)))  # tests/local/test_market.py starts from nothing
        process = subprocess.Popen([sys.executable, "-c", START, name], cwd=ROOT, env=clean)
        try:
            yield Market(Path(name), _started(process, Path(name) / "up.json"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _started(process: subprocess.Popen[bytes], state: Path) -> dict[str, str]:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"The market did not start (exit {process.returncode}); its words are above.")
        if state.exists():
            return dict(json.loads(state.read_text())["env"])
        time.sleep(0.2)
    pytest.fail("The market did not start within four minutes.")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """An installed Chromium or Chrome; a run without one fails with a sentence that says how to get it."""
    with sync_playwright() as playwright:
        with playwright.chromium.launch(executable_path=found_browser(playwright), args=FLAGS) as launched:
            yield launched


def found_browser(playwright: Playwright) -> str | None:
    """Where the installed browser is; none for playwright's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None and not Path(playwright.chromium.executable_path).exists():
        pytest.fail(NO_BROWSER)
    return found


@dataclass
class Visitor:
    """A person at a browser, and everything that the browser complained about."""

    name: str
    page: Page
    market: Market
    complaints: list[str]
    wallet: Wallet | None = None
    steps: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.market.url + path)

    def picture(self, step: str) -> None:
        """Keep what the person sees now, for whoever asks for pictures with JOURNEY_PICTURES=1."""
        if not os.environ.get("JOURNEY_PICTURES"):
            return
        PICTURES.mkdir(exist_ok=True)
        number = len(list(PICTURES.glob("*.png"))) + 1
        self.page.screenshot(path=PICTURES / f"{number:02}-{self.name}-{step}.png", full_page=True)

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).first.click()

    def follow(self, label: str) -> None:
        self.page.get_by_role("link", name=label, exact=True).first.click()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            control = self.page.locator(f"main [name={name}]:not([type=hidden])").first
            tag = control.evaluate("element => element.tagName")
            control.select_option(value) if tag == "SELECT" else control.fill(value)

    def sees(self, text: str, *, seconds: float = 30) -> None:
        """Wait until a sentence stands on the page."""
        try:
            self.page.get_by_text(text).locator("visible=true").first.wait_for(timeout=seconds * 1000)
        except TooLate:
            self.picture("instead")
            pytest.fail(f"{self.name} does not see {text!r}, but:\n{self.page.locator('main').inner_text()}")


class Door:
    """Lets people in, each with a browser of their own."""

    def __init__(self, browser: Browser, market: Market) -> None:
        self.browser, self.market = browser, market
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def rich(self, name: str) -> Visitor:
        """Somebody with a new wallet that holds test dollars, and ether for fees."""
        visitor = self.visitor(name, key="0x" + secrets.token_hex(32))
        assert visitor.wallet
        visitor.wallet.receive(self.market.dollar, 1_000_000_000)
        return visitor

    def visitor(self, name: str, *, key: str = "", javascript: bool = True) -> Visitor:
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 900}, java_script_enabled=javascript, reduced_motion="reduce"
        )
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        wallet = Wallet(key, self.market.env["CHAIN_RPC_URL"]) if key else None
        if wallet:
            wallet.attach(context)
        page = context.new_page()
        page.on("console", lambda message: self._console(name, message))
        page.on("pageerror", lambda error: self.complaints.append(f"{name}: {error}"))
        return Visitor(name, page, self.market, self.complaints, wallet)

    def _console(self, name: str, message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 422" not in message.text:
            self.complaints.append(f"{name}: {message.text} at {message.location.get('url', '')}")


@pytest.fixture
def door(browser: Browser, market: Market) -> Iterator[Door]:
    """Nobody's browser may complain: no console error, no violation of the content security policy."""
    opened = Door(browser, market)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.complaints == []
