"""Every page of the site, as the people who see it, on a phone and on a wide screen: it comes, says where one is, has
nothing for axe, the console or the content security policy to complain about, and nothing to scroll
sideways for. axe looks at the phone, and once at what several kinds of people see; in the long run on the wide screen
and as everybody."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.journeys.conftest import FLAGS, Door, Market, found_browser
from tests.journeys.html_checker import mistakes
from tests.journeys.pages import MOVES
from tests.journeys.test_main_job import MIA, PASSWORD

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
    "preload": False,
    "iframes": False,
}
LOOK = """async rules =>
    (await axe.run(document, rules)).violations.map(v => `${v.id} ${v.nodes.length}x ${v.nodes[0].target}`)"""
LACKS_AXE = "() => typeof axe === 'undefined'"
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
STANDS = "() => [document.title, document.querySelectorAll('main').length]"
PHONE, DESK = SIZES = ({"width": 390, "height": 844}, {"width": 1440, "height": 900})
AT_ONCE = 2
pytestmark = pytest.mark.timeout(600)  # the first test walks for all of them


@dataclass
class Seen:
    """What the walk found: faults by role and address, and the HTML of each page as the server sent it."""

    faults: dict[str, dict[str, list[str]]]
    html: dict[str, bytes]
    roles: set[str]


@dataclass
class Visit:
    """One page to open."""

    role: str
    path: str
    name: str
    is_first: bool = True  # of those who see the same page


class Walker:
    """A browser of its own with one person at a time in it, so that nobody else's open page asks for anything."""

    def __init__(self, browser: Browser, url: str, sessions: dict[str, str], axe_at: Any) -> None:
        self.browser, self.url, self.sessions, self.axe_at = browser, url, sessions, axe_at
        self.role = ""
        self.open: Page | None = None
        self.said: list[str] = []
        self.turn = 0

    def page(self, role: str) -> Page:
        """The person's window: one for all pages, so that style sheets and scripts are fetched once."""
        if self.open is None or role != self.role:
            if self.open is not None:
                self.open.context.close()
            context = new_context(self.browser)
            context.add_init_script(AXE)  # sent once, not with every page
            if session := self.sessions.get(role):
                context.add_cookies([{"name": "sessionid", "value": session, "url": self.url}])
            self.role, self.open = role, context.new_page()
            complaints(self.open, self.said)
        return self.open

    def visit(self, visit: Visit) -> tuple[list[str], bytes]:
        """What is wrong with a page, and its HTML. Pages are opened narrow and wide in turns."""
        page = self.page(visit.role)
        self.said.clear()
        self.turn += 1
        sizes = SIZES if self.turn % 2 else SIZES[::-1]
        page.set_viewport_size(sizes[0])
        try:
            answer = page.goto(self.url + visit.path)
        except PlaywrightError as problem:
            return [f"does not come: {str(problem).splitlines()[0]}"], b""
        assert answer is not None
        if wrong := misplaced(visit, answer):
            return [wrong], b""
        return faults(page, self.said, sizes, self.axe_at(visit)), answer.body()


def new_context(browser: Browser) -> BrowserContext:
    context = browser.new_context(reduced_motion="reduce", viewport=SIZES[0])
    context.set_default_timeout(30_000)
    return context


def complaints(page: Page, said: list[str]) -> None:
    """What the browser says from now on."""
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))


def misplaced(visit: Visit, answer: Response) -> str:
    """Whether something else came than the page that was asked for."""
    if answer.status != 200:
        return f"status {answer.status}"
    wanted, came = urlsplit(visit.path).path, urlsplit(answer.url).path
    moved = MOVES.get(visit.name, "")
    is_there = came.endswith(moved) if moved else came == wanted
    return "" if is_there else f"leads to {came}"


def faults(page: Page, said: list[str], sizes: Any = SIZES, axe_at: Any = SIZES) -> list[str]:
    """What is wrong with the page that is open, at both widths; axe looks at those of `axe_at`."""
    title, mains = page.evaluate(STANDS)
    found = [] if mains == 1 else [f"{mains} <main>"]
    parts = [part.strip() for part in title.split(" · ")]
    if not (len(parts) >= 3 and all(parts) and parts[-1] == "Guildhall" and parts[0] != "Guildhall"):
        found.append(f"the title “{title}” does not say the thing and the place")
    if axe_at and page.evaluate(LACKS_AXE):
        page.evaluate(AXE)
    for size in sizes:
        page.set_viewport_size(size)
        violations = page.evaluate(LOOK, RULES) if size in axe_at else []
        found += [f"{size['width']} px: {violation}" for violation in violations]
        if (sideways := page.evaluate(SIDEWAYS)) > 0:
            found.append(f"{size['width']} px: {sideways} px to scroll sideways")
    return found + said


@pytest.fixture(scope="module")
def seen(market: Market) -> Seen:
    return walk_all(market, axe_at=lambda visit: [PHONE] if visit.is_first else [])


def walk_all(market: Market, axe_at: Callable[[Visit], Any]) -> Seen:
    """The whole walk, in two browsers at once."""
    said = market.manage("shell", "--no-imports", "-c", "from tests.journeys.objects import say; say()")
    plan = json.loads(next(line for line in said.splitlines() if line.startswith("WALK ")).removeprefix("WALK "))
    assert plan["wrong"] == []
    visits: list[Visit] = []
    for role, path, name in sorted(plan["visits"]):
        visits.append(Visit(role, path, name, name not in {visit.name for visit in visits}))
    seen = Seen(defaultdict(dict), {}, {visit.role for visit in visits})
    queue: SimpleQueue[Visit] = SimpleQueue()
    for visit in visits:
        queue.put(visit)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for walked in [pool.submit(walk, queue, market.url, plan["sessions"], axe_at) for _ in range(AT_ONCE)]:
            for visit, wrong, html in walked.result():
                seen.html[f"{visit.role} {visit.path}"] = html
                if wrong:
                    seen.faults[visit.role][visit.path] = wrong
    return seen


def walk(
    queue: SimpleQueue[Visit], url: str, sessions: dict[str, str], axe_at: Any
) -> list[tuple[Visit, list[str], bytes]]:
    """Open pages until none is left."""
    done = []
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = stack.enter_context(playwright.chromium.launch(executable_path=found_browser(playwright), args=FLAGS))
        walker = Walker(browser, url, sessions, axe_at)
        while True:
            try:
                visit = queue.get_nowait()
            except Empty:
                return done
            done.append((visit, *walker.visit(visit)))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = new_context(browser)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("role", ["stranger", "buyer", "provider", "moderator", "voter"])
def test_every_page_is_sound(role: str, seen: Seen) -> None:
    assert role in seen.roles
    assert seen.faults[role] == {}, json.dumps(seen.faults[role], indent=1, ensure_ascii=False)


def test_every_page_that_few_people_ever_see_is_sound(seen: Seen) -> None:
    """Half signed in, new, with a wallet that nobody knows, for two organizations, without a password."""
    usual = {"stranger", "buyer", "provider"}
    few = {role: found for role, found in seen.faults.items() if found and role not in usual}
    assert len(seen.roles) >= 10
    assert few == {}, json.dumps(few, indent=1, ensure_ascii=False)


@pytest.mark.long
def test_every_page_is_sound_on_either_screen_for_everybody(market: Market) -> None:
    found = walk_all(market, axe_at=lambda _visit: SIZES).faults
    assert not any(found.values()), json.dumps(found, indent=1, ensure_ascii=False)


def test_every_page_is_valid_html(seen: Seen) -> None:
    assert len(seen.html) > 150
    found = mistakes(seen.html)
    assert found == {}, json.dumps(found, indent=1, ensure_ascii=False)


def test_the_checker_sees_what_is_not_valid(seen: Seen) -> None:
    """The control: a page that is fine, and the same with a button in a link and an id that is there twice."""
    name, html = next((name, html) for name, html in seen.html.items() if name == "stranger /browse/")
    broken = html.replace(b"</main>", b'<a href="/"><button type="button" id="main">Go</button></a></main>')
    said = " ".join(mistakes({name: html, "broken": broken})["broken"])
    assert "must not appear as a descendant of the" in said
    assert "Duplicate ID" in said


def test_the_steps_of_signing_in_are_sound(door: Door) -> None:
    """A form that was sent back: the second factor, wrong."""
    mia = door.visitor("walk-mia")
    said: list[str] = []
    complaints(mia.page, said)
    mia.go("/accounts/login/")
    mia.fill(login=MIA.email, password=PASSWORD)
    mia.press("Sign in")
    mia.sees("One more step")
    mia.fill(code="000000")
    mia.press("Sign in")
    mia.sees("not right")
    assert [text for text in faults(mia.page, said) if "status of 4" not in text] == []


def test_the_walk_sees_what_is_wrong(page: Page, market: Market) -> None:
    """The control: a page with a picture without words, grey on grey, too wide, and a script of its own."""
    said: list[str] = []
    complaints(page, said)
    page.goto(market.url + "/browse/")
    page.evaluate(
        """() => {
            document.querySelector("main").insertAdjacentHTML("beforeend",
                '<img src="/static/icons/mark.svg"><p id="grey">Words</p><input><hr id="wide"><main></main>');
            document.title = "Guildhall";
            const sheet = new CSSStyleSheet();
            sheet.insertRule("#grey { color: #999; background: #aaa }");
            sheet.insertRule("#wide { inline-size: 3000px }");
            document.adoptedStyleSheets = [sheet];
            const late = document.createElement("script"); late.text = "1"; document.body.append(late);
        }"""
    )
    wrong = "\n".join(faults(page, said))
    for word in ("image-alt", "color-contrast", "label", "scroll sideways", "Content Security Policy", "2 <main>"):
        assert word in wrong, f"{word} is not in {wrong}"
    assert "does not say the thing" in wrong


def test_the_walk_sees_a_page_that_is_not_there() -> None:
    """The controls of what is asked of an answer."""

    class Came:
        def __init__(self, status: int, path: str) -> None:
            self.status, self.url = status, "http://127.0.0.1:8000" + path

    wanted = Visit("buyer", "/inbox/?page=2", "notifications:inbox")
    assert misplaced(wanted, Came(200, "/inbox/?page=2")) == ""  # type: ignore[arg-type]
    assert misplaced(wanted, Came(404, "/inbox/")) == "status 404"  # type: ignore[arg-type]
    assert "leads to" in misplaced(wanted, Came(200, "/accounts/login/"))  # type: ignore[arg-type]
