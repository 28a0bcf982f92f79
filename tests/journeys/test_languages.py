"""On a phone no page scrolls sideways: not with long German words, not in Indonesian, not from right to left."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Visitor
from tests.journeys.test_main_job import sign_in

PHONE = {"width": 390, "height": 844}
TOOL = "/tools/invoice-reader/"
OF_STRANGERS = ("/", "/browse/", TOOL, f"{TOOL}try/", f"{TOOL}reviews/", "/governance/", "/accounts/login/")
OF_A_WORKSPACE = (
    *("", "listings/", "listings/new/", "sales/", "payouts/", "reviews/", "keys/", "usage/", "use/", "saved/"),
    *(
        "subscriptions/",
        "spending/",
        "members/",
        "members/roles/",
        "settings/",
        "verification/",
        "data/",
        "data/erase/",
        "disputes/",
        "statements/",
    ),
)
OF_A_PERSON = ("/accounts/", "/accounts/wallets/", "/accounts/data/", "/inbox/", "/inbox/choose/")
OF_MODERATORS = ("/console/", "/console/chain/", "/console/reviews/", "/console/disputes/")
# The languages that the market speaks besides English, the one with the longest words last; that one is then turned.
READERS = ("id", "de")
TURNED = "() => Object.assign(document.documentElement, {lang: 'ar', dir: 'rtl'})"


def too_wide(page: Page) -> str:
    """What sticks out of the window, or nothing."""
    found: str = page.evaluate("""() => {
        const root = document.documentElement
        if (root.scrollWidth <= root.clientWidth) return ""
        const out = [...document.body.querySelectorAll("*")].filter(element => {
            const box = element.getBoundingClientRect()
            return box.width && (box.left < -1 || box.right > root.clientWidth + 1)
        })
        const tags = out.slice(-3).map(element => element.outerHTML.slice(0, 90))
        return `${root.scrollWidth - root.clientWidth} px: ${tags.join(" | ")}`
    }""")
    return found


def looked_at(visitor: Visitor, path: str) -> list[str]:
    """What is wrong with a page for readers of each language, and for those who read from the right."""
    page, found = visitor.page, []
    for language in READERS:
        visitor.go(f"{path}?lang={language}")
        if page.locator("html").get_attribute("lang") != language:
            found.append(f"{path} speaks another language than {language}")
        found += [f"{path} in {language}: {wide}" for wide in [too_wide(page)] if wide]
    page.evaluate(TURNED)
    return found + [f"{path} from the right: {wide}" for wide in [too_wide(page)] if wide]


def all_of(visitor: Visitor, paths: tuple[str, ...]) -> list[str]:
    visitor.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return [wrong for path in paths for wrong in looked_at(visitor, path)]


def test_a_stranger_reads_every_page_without_scrolling_sideways(door: Door) -> None:
    assert all_of(door.visitor("stranger"), OF_STRANGERS) == []


@pytest.mark.parametrize(("person", "more"), [(PEOPLE[1], OF_A_PERSON), (PEOPLE[2], OF_MODERATORS)], ids=["ben", "mia"])
def test_whoever_works_here_reads_every_page_without_scrolling_sideways(
    door: Door, person: Any, more: tuple[str, ...]
) -> None:
    visitor = door.visitor(person.name)
    sign_in(visitor, person.email)
    home = re.sub(r"https?://[^/]+", "", visitor.page.url)
    assert all_of(visitor, (*(home + each for each in OF_A_WORKSPACE if person is PEOPLE[1]), *more)) == []


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_what_sticks_out_is_seen_on_either_side(door: Door, direction: str) -> None:
    visitor = door.visitor("control")
    visitor.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    visitor.page.set_content(f'<html dir="{direction}"><p>{"a" * 30}</p></html>')
    assert not too_wide(visitor.page)
    visitor.page.set_content(f'<html dir="{direction}"><p>{"a" * 300}</p></html>')
    assert too_wide(visitor.page)


def test_a_page_whose_address_names_a_language_asks_for_its_parts_in_it(door: Door) -> None:
    reader = door.visitor("reader")
    reader.go("/browse/?lang=de")
    with reader.page.expect_response(re.compile("/browse/suggestions/")) as came:
        reader.page.locator("#site-search").press_sequentially("inv", delay=30)
    assert came.value.headers["content-language"] == "de"
