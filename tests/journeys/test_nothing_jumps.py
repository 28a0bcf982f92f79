"""What arrives by itself pushes nothing away that somebody is reading: measured as the browser does (layout shift)."""

import re

import pytest
from playwright.sync_api import Page, Route

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market, Visitor
from tests.journeys.test_bad_input import at_the_till
from tests.journeys.test_main_job import sign_in

# Each shift with what moved; the first half second after a click or a key does not count (Layout Instability, 4.3).
WATCH = """
    window.shifts = [];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) {
            if (entry.hadRecentInput) continue;
            const moved = entry.sources.map(({ node, previousRect, currentRect }) =>
                `${node?.nodeName} ${node?.id || node?.className || node?.textContent?.trim().slice(0, 40)} ` +
                `${Math.round(previousRect.y)} -> ${Math.round(currentRect.y)}`);
            window.shifts.push(`${entry.value.toFixed(4)}: ${moved.join("; ")}`);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""
SIZES = [(390, 844), (1440, 900)]


def watched(visitor: Visitor, size: tuple[int, int]) -> Visitor:
    visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
    visitor.page.add_init_script(WATCH)
    return visitor


def shifts(page: Page) -> list[str]:
    """What has moved so far; the browser reports a frame later."""
    page.wait_for_timeout(250)
    found: list[str] = page.evaluate("() => window.shifts")
    return found


def late(page: Page, address: str) -> None:
    """Let a part come when the page has long been read."""

    def wait(route: Route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    page.route(re.compile(address), wait)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_jumps_on_the_way_down_a_tools_page_to_its_reviews(
    size: tuple[int, int], door: Door, market: Market
) -> None:
    slug = _reviewed(market)
    reader = watched(door.visitor("reader"), size)
    reader.go(f"/tools/{slug}/")
    assert shifts(reader.page) == []
    reader.page.locator("#reviews .review-sum").scroll_into_view_if_needed()
    assert shifts(reader.page) == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_jumps_while_one_narrows_down(size: tuple[int, int], door: Door) -> None:
    reader = watched(door.visitor("browser"), size)
    late(reader.page, "/browse/[?]")
    reader.go("/browse/")
    reader.page.locator("#site-search").press_sequentially("inv", delay=30)
    reader.page.locator("#suggestions a, #suggestions [role=option]").first.wait_for()
    reader.page.keyboard.press("Escape")
    assert shifts(reader.page) == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_jumps_while_a_payment_becomes_final(size: tuple[int, int], door: Door) -> None:
    ada = watched(door.rich("ada-still"), size)
    at_the_till(ada)
    ada.press("Sign and pay")
    ada.sees("Paid, and final", seconds=60)
    assert shifts(ada.page) == []
    late(ada.page, "/money/$")
    ada.follow("See the subscription")
    ada.sees("Still in escrow")
    assert shifts(ada.page) == []


def test_nothing_jumps_when_the_bell_rings(door: Door) -> None:
    ada = watched(door.visitor("ada-bell"), SIZES[0])
    sign_in(ada, PEOPLE[0].email)
    ada.go("/inbox/")
    with ada.page.expect_response(re.compile("/inbox/bell/")):
        ada.page.evaluate("() => window.htmx.trigger('#bell', 'seen-again')")
    assert shifts(ada.page) == []


def test_the_watch_sees_what_jumps(door: Door) -> None:
    """The control: a line above everything, a second after the page has come."""
    reader = watched(door.visitor("control"), SIZES[1])
    reader.go("/browse/")
    reader.page.wait_for_timeout(700)
    reader.page.evaluate("() => document.querySelector('main').prepend(document.createElement('textarea'))")
    assert shifts(reader.page) != []


def _reviewed(market: Market) -> str:
    """A tool with reviews, made once."""
    script = (
        "from tests import world; from tests.reviews import trade as reviews; import uuid; n = uuid.uuid4().hex[:6];"
        "shop = world.provider(f'Still {n}'); tool = world.listing(shop, f'Still {n}');"
        "[reviews.write(world.actor(*reviews.buyer(f'{n} {i}', tool)), tool) for i in range(4)]; print(tool.slug)"
    )
    return market.manage("shell", "--no-imports", "-c", script).split()[-1]
