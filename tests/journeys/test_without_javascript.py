"""The market in a browser that runs no script: everything works but the wallet's signature, and the page says so."""

import json
import re
import uuid
from urllib.request import urlopen

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market, Visitor
from tests.journeys.test_bad_input import at_the_till
from tests.journeys.test_main_job import MIA, decide, eventually, found_organization, sign_in, sign_up, write_listing

RUN = uuid.uuid4().hex[:6]
TOOL = "/tools/invoice-reader/"


def again(visitor: Visitor, sentence: str) -> None:
    """Look again, as the page offers, until it says that the tool has worked."""

    def done() -> bool:
        """The tool's answer."""
        if visitor.page.get_by_text(sentence).count():
            return True
        if visitor.page.get_by_role("link", name="Look again").count():
            click(visitor, "main a:text-is('Look again')")
        return False

    eventually(visitor, done, seconds=90)


def click(visitor: Visitor, selector: str) -> None:
    """Without a script everything that one clicks leads to a page."""
    with visitor.page.expect_navigation():
        visitor.page.locator(selector).first.click()


def stands_at(visitor: Visitor, heading: str) -> None:
    visitor.page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()


def test_a_buyer_gets_as_far_as_the_signature(door: Door) -> None:
    oma = door.visitor("oma", javascript=False)
    sign_up(oma)
    org = found_organization(oma, f"Oma Backstube {RUN}", "buy")
    narrow_down(oma)
    oma.page.locator("#site-search").fill("invoice")
    click(oma, ".search button[type=submit]")
    click(oma, f".card h3 a[href='{TOOL}']")
    stands_at(oma, "Invoice reader")
    try_out(oma)
    compare(oma)
    save(oma)
    subscribe(oma, org)


def narrow_down(oma: Visitor) -> None:
    """Browse by a facet and by another order, and take the facet away again."""
    oma.go("/browse/")
    every = oma.page.locator(".card").count()
    facet = oma.page.locator(".facet").last
    if facet.get_attribute("open") is None:
        facet.locator("summary").click()
    with oma.page.expect_navigation():
        facet.locator("a").last.click()
    assert "?" in oma.page.url
    assert oma.page.locator(".chips .chip").count() == 1
    click(oma, "[id^=sort-]:not([aria-current])")
    assert oma.page.locator("[id^=sort-][aria-current]").count() == 1
    oma.picture("narrowed")
    click(oma, ".chips .chip")
    assert oma.page.locator(".card").count() == every


def try_out(oma: Visitor) -> None:
    oma.go(TOOL)
    oma.follow("Try it for free")
    oma.press("Try it")
    oma.page.locator(".error-summary li").first.wait_for()
    oma.press("Try it with the example")
    again(oma, "It cost nothing.")
    oma.picture("tried")


def compare(oma: Visitor) -> None:
    oma.go(TOOL)
    oma.follow("Compare")
    stands_at(oma, "Compare tools")
    assert oma.page.locator("thead th").count() == 1
    oma.page.locator("#add").fill("forecast")
    oma.press("Find")
    click(oma, "main .chip[href^='/compare/?tool=invoice-reader&tool=']")
    assert oma.page.locator("thead th").count() == 2
    oma.picture("compared")


def save(oma: Visitor) -> None:
    oma.go(TOOL)
    oma.follow("Save")
    stands_at(oma, "Save Invoice reader")
    oma.fill(new_list="For the books", note="Ask Karl first")
    oma.press("Save")
    stands_at(oma, "For the books")
    assert oma.page.get_by_text("Ask Karl first").count()
    oma.picture("saved")


def subscribe(oma: Visitor, org: str) -> None:
    """Up to the page that would ask the wallet, which says what is missing."""
    oma.go(TOOL)
    click(oma, "a.button-wide:not(.button-quiet)[href*='/subscribe/?plan=']")
    oma.picture("checkout-plain")
    oma.fill(periods="3")
    oma.press("Continue to payment")
    oma.page.wait_for_url("**/pay/")
    said = oma.page.locator("noscript .notice").first  # what is looked for by its text is not looked for in there
    assert said.is_visible()
    assert "Paying needs JavaScript" in said.inner_text()
    assert re.search(rf"/o/{org}/orders/[-0-9a-f]+/pay/$", oma.page.url)
    oma.picture("to-be-signed")


def test_a_tool_is_used_by_its_page(door: Door, market: Market) -> None:
    rich = door.rich("ada-pays")
    at_the_till(rich)
    org = rich.page.url.partition("/o/")[2].partition("/")[0]
    rich.press("Sign and pay")
    rich.sees("Paid, and final", seconds=60)
    ada = door.visitor("ada-plain", javascript=False)
    sign_in(ada, PEOPLE[0].email)
    ada.go(f"/o/{org}/use/invoice-reader/")
    ada.press("Run with the example")
    again(ada, "Counted as one call")
    ada.picture("used")


def test_a_tool_is_offered_and_decided(door: Door, market: Market) -> None:
    """By somebody who is verified and has a payout wallet: both were asked for before, and a wallet needs a script."""
    ben, mia = door.visitor("ben-plain", javascript=False), door.visitor("mia-decides", javascript=False)
    name = f"Plain book {RUN}"
    sign_in(ben, PEOPLE[1].email)
    org = ben.page.url.partition("/o/")[2].partition("/")[0]
    manifest = json.load(urlopen(market.env["DEMO_TOOLS_URL"] + "/review-sentiment/", timeout=10))
    ben.go(f"/o/{org}/listings/new/")
    slug = write_listing(ben, market, manifest, name=name)
    click(ben, "form[action$='/submit/'] button[type=submit]")
    ben.sees("With a moderator")
    ben.picture("submitted")
    sign_in(mia, MIA.email)
    decide(mia, name)
    ben.go(f"/tools/{slug}/")
    stands_at(ben, name)


def test_a_review_is_written_and_changed(door: Door, market: Market) -> None:
    ada = door.visitor("ada-reviews", javascript=False)
    sign_in(ada, PEOPLE[0].email)
    org = ada.page.url.partition("/o/")[2].partition("/")[0]
    slug = _bought(market, org)
    for title in ("It does what it says", "It still does"):
        ada.go(f"/o/{org}/reviews/{slug}/")
        ada.page.locator("[name=stars][value='4']").check()
        ada.fill(title=title, text="We use it daily.")
        click(ada, "main form button[type=submit]")
        ada.go(f"/tools/{slug}/")
        assert ada.page.locator("#reviews h3").all_inner_texts() == [title]
    ada.picture("reviewed")


def _bought(market: Market, org: str) -> str:
    """A tool for which this organization has paid, long enough ago."""
    script = (
        "from marketplace.organizations.models import Organization; from tests import world;"
        "from tests.reviews import trade;"
        "import uuid; n = uuid.uuid4().hex[:6]; tool = world.listing(world.provider(f'Plain {n}'), f'Plain {n}');"
        f"trade.bought(Organization.objects.get(slug='{org}'), tool); print(tool.slug)"
    )
    return market.manage("shell", "--no-imports", "-c", script).split()[-1]


def test_a_report_is_written_and_decided(door: Door) -> None:
    somebody, mia = door.visitor("somebody", javascript=False), door.visitor("mia-plain", javascript=False)
    somebody.go(TOOL)
    somebody.follow("Report")
    somebody.page.locator("[name=category]").first.check()
    somebody.fill(text=f"It reads nothing of my invoices ({RUN}).")
    somebody.press("Report it")
    somebody.sees("A moderator will look at it")
    sign_in(mia, MIA.email)
    mia.go("/console/")
    click(mia, ".queue-item:has-text('Invoice reader')")
    mia.sees(f"({RUN})")
    mia.fill(text="The provider has shown that it does.")
    mia.press("Dismiss the reports")
    mia.sees("The provider has shown that it does.")
    mia.picture("dismissed")
