"""From the front page to an organization that may buy, counted; and a colleague who joins it."""

import re
import time
import uuid

from playwright.sync_api import Page

from tests.journeys.conftest import Door, Market, Visitor
from tests.journeys.test_main_job import link_in_mail

RUN = uuid.uuid4().hex[:6]
MOST_FIELDS = 12
MOST_SECONDS = 90
# Reading, thinking and typing, as keystroke-level models count them.
SECONDS_TO_FILL, SECONDS_TO_PASS_OVER, SECONDS_A_PAGE, SECONDS_A_MAIL = 6.0, 2.0, 4.0, 10.0
FILLED = 5  # address, password, name, country, what you want; the others are optional


def fields(page: Page) -> int:
    """How many things there are to fill in; a group of choices counts as one."""
    names = page.locator("main form :is(input:not([type=hidden]), select, textarea)").evaluate_all(
        "controls => controls.map(control => control.name)"
    )
    return len(set(names))


def has_focus(visitor: Visitor, selector: str) -> bool:
    visitor.page.wait_for_timeout(300)
    return bool(visitor.page.evaluate("selector => document.activeElement.matches(selector)", selector))


def start(visitor: Visitor, email: str, name: str) -> tuple[int, int]:
    """Everything up to a working organization; answers how many fields and pages it took."""
    visitor.go("/")
    visitor.page.get_by_role("link", name="Create an account").first.click()
    visitor.page.wait_for_url("**/accounts/signup/**")
    count = fields(visitor.page)
    visitor.fill(email=email, password1="a long pass phrase 42")
    visitor.page.locator("main button[type=submit]").click()
    confirm(visitor, email)
    count += fields(visitor.page)
    visitor.fill(name=name, country="DE")
    visitor.press("Continue")
    visitor.page.wait_for_url("**/start/want/")
    count += fields(visitor.page)
    visitor.page.locator("[name=intention][value=buy]").check()
    visitor.press("Continue")
    visitor.page.wait_for_url("**/start/people/")
    return count, 5


def confirm(visitor: Visitor, email: str) -> None:
    """Follow the link in the mail."""
    visitor.sees("Look into your mail")
    visitor.page.goto(link_in_mail(visitor.market, email))
    visitor.press("Yes, it is mine")
    visitor.page.wait_for_url("**/o/new/")


def test_a_buyer_is_ready_after_twelve_fields_at_most(door: Door) -> None:
    nele = door.visitor("nele")
    started = time.monotonic()
    count, pages = start(nele, f"nele-{RUN}@example.com", f"Nele Backstube {RUN}")
    machine = time.monotonic() - started
    typing = FILLED * SECONDS_TO_FILL + (count - FILLED) * SECONDS_TO_PASS_OVER
    person = machine + typing + pages * SECONDS_A_PAGE + SECONDS_A_MAIL
    print(f"{count} fields on {pages} pages; pages took {machine:.1f} s; a person about {person:.0f} s")  # noqa: T201
    assert count <= MOST_FIELDS
    assert person <= MOST_SECONDS
    org = nele.page.url.partition("/o/")[2].partition("/")[0]
    nele.follow("Do the rest later")
    nele.sees("Step 3 of 4 comes next")
    nele.go(f"/o/{org}/keys/")
    nele.sees("Make a key")


def test_it_works_the_same_without_javascript(door: Door) -> None:
    nele = door.visitor("nele-plain", javascript=False)
    count, _ = start(nele, f"nele-plain-{RUN}@example.com", f"Plain Backstube {RUN}")
    assert count <= MOST_FIELDS
    nele.press("More rows")
    assert nele.page.locator("legend", has_text="Person").count() == 6
    nele.press("Skip this")
    nele.press("Finish without a wallet")
    nele.sees("What to do next")


def test_what_is_wrong_gets_the_focus_and_what_was_typed_stays(door: Door) -> None:
    nele = door.visitor("nele-wrong")
    nele.go("/accounts/signup/")
    nele.fill(email=f"nele-wrong-{RUN}@example.com", password1="a long pass phrase 42")
    nele.page.locator("main button[type=submit]").click()
    confirm(nele, f"nele-wrong-{RUN}@example.com")
    nele.fill(name=f"Wrong Backstube {RUN}", country="DE", vat_number="DE136695977")
    nele.press("Continue")
    nele.sees("A digit is wrong")
    assert has_focus(nele, ".error-summary")
    assert nele.page.locator("[name=vat_number]").input_value() == "DE136695977"
    nele.picture("wrong-number")
    nele.fill(vat_number="DE 136 695 976")
    nele.press("Continue")
    nele.sees("What do you want to do?")
    assert has_focus(nele, "h1"), "after a step the reader stands at its heading"
    nele.page.go_back()
    nele.sees("Name of your organization")


def test_a_colleague_joins_by_the_link_in_the_e_mail(door: Door, market: Market) -> None:
    nele = door.visitor("nele-boss")
    start(nele, f"nele-boss-{RUN}@example.com", f"Boss Backstube {RUN}")
    org = nele.page.url.partition("/o/")[2].partition("/")[0]
    email = f"otto-{RUN}@example.com"
    nele.page.locator("[name=form-0-email]").fill(email)
    nele.press("Invite and continue")
    nele.page.wait_for_url("**/start/wallet/")
    nele.go(f"/o/{org}/members/")
    for _ in range(20):
        if nele.page.get_by_text(re.compile("works until")).count():
            break
        nele.page.wait_for_timeout(1000)
        nele.page.reload()
    nele.sees("works until")
    otto = door.visitor("otto")
    otto.page.goto(link_in_mail(market, email))
    otto.picture("invited")
    otto.page.locator("main").get_by_role("link", name="Create an account").click()
    assert otto.page.locator("[name=email]").input_value() == email
    otto.fill(password1="a long pass phrase 43")
    otto.page.locator("main button[type=submit]").click()
    otto.press("Join as Developer")
    otto.sees("You belong to Boss Backstube")
    nele.page.reload()
    nele.page.get_by_role("link", name=re.compile("^Change")).click()
    nele.follow(f"Remove from Boss Backstube {RUN}")
    nele.picture("remove")
    nele.press("Remove")
    nele.sees("is no longer a member")
    answer = otto.page.goto(otto.page.url)
    assert answer
    assert answer.status == 404
    otto.page.wait_for_timeout(200)
    door.complaints[:] = [text for text in door.complaints if "404" not in text]
