"""The main job, from sign-up to withdrawal, by the people who do it, in a real browser on real servers."""

import json
import re
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from settings.local.people import PASSWORD, PEOPLE, PERIOD, code
from tests.journeys.conftest import Door, Market, Visitor
from tests.organizations.bombs import picture

MIA = PEOPLE[2]
RUN = uuid.uuid4().hex[:6]
BUYER, SELLER, TOOL = f"Clara Bakery {RUN}", f"Dora Workshop {RUN}", f"Guest book {RUN}"


def sign_up(visitor: Visitor) -> None:
    visitor.go("/accounts/signup/")
    visitor.fill(email=f"{visitor.name}-{RUN}@example.com", password1="a long pass phrase 42")
    visitor.picture("sign-up")
    visitor.page.locator("main button[type=submit]").click()
    visitor.sees("Look into your mail")
    visitor.page.goto(link_in_mail(visitor.market, f"{visitor.name}-{RUN}@example.com"))
    visitor.picture("confirm-address")
    visitor.press("Yes, it is mine")
    visitor.page.wait_for_url("**/o/**")


def link_in_mail(market: Market, to: str) -> str:
    """The first link of the newest mail to an address."""
    mails = sorted(Path(market.env["EMAIL_FILE_PATH"]).iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    mail = next(text for text in (path.read_text() for path in mails) if f"To: {to}" in text)
    found = re.search(r"^(https?://\S+)$", mail, re.MULTILINE)
    assert found, mail
    return found[1]


def sign_in(visitor: Visitor, email: str) -> None:
    visitor.go("/accounts/login/")
    visitor.fill(login=email, password=PASSWORD)
    visitor.press("Sign in")
    person = next(person for person in PEOPLE if person.email == email)
    if person.authenticator:
        type_code(visitor, person.authenticator)
    visitor.page.wait_for_url("**/o/**")


def type_code(visitor: Visitor, authenticator: str) -> None:
    """What the app shows; each code counts once, so whoever signs in again soon types the next one."""
    visitor.sees("One more step")
    for ahead in (0, PERIOD, -PERIOD):
        visitor.fill(code=code(authenticator, time.time() + ahead))
        visitor.press("Sign in")
        visitor.page.wait_for_load_state()
        if "/factors/" not in visitor.page.url:
            return
    pytest.fail("No code of the authenticator app was taken.")


def found_organization(visitor: Visitor, name: str, intention: str) -> str:
    """The four steps, the last two skipped."""
    visitor.go("/o/new/")
    visitor.fill(name=name, country="DE")
    visitor.picture("who")
    visitor.press("Continue")
    visitor.page.locator(f"[name=intention][value={intention}]").check()
    visitor.picture("want")
    visitor.press("Continue")
    visitor.sees("Who works with you?")
    visitor.picture("people")
    visitor.press("Skip this")
    visitor.sees("Do you have a wallet?")
    visitor.picture("wallet-step")
    visitor.page.locator("main form[id=step-form] button[type=submit]").click()
    visitor.page.wait_for_url(lambda url: "/start/" not in url)
    return visitor.page.url.partition("/o/")[2].partition("/")[0]


def decide(moderator: Visitor, what: str) -> None:
    """Wait for the case in the queue, read it and approve."""
    for _ in range(30):
        moderator.go("/console/")
        link = moderator.page.get_by_role("link").filter(has_text=what).first
        if link.count():
            link.click()
            break
        time.sleep(1)
    else:
        pytest.fail(f"{what} never came into the queue")
    moderator.picture("case")
    if moderator.page.locator("[name=checked][value=register]").count():
        moderator.page.locator("[name=checked][value=register]").check()
    moderator.page.locator("[name=text]").fill("Register and website agree; the tool does what it says.")
    moderator.page.locator("button[name=outcome][value=approve]").click()
    moderator.page.wait_for_load_state()


def asked_for(market: Market, slug: str, key: str, body: Any) -> Request:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return Request(f"{market.gateway}/gw/{slug}/", json.dumps(body).encode(), headers)


def call(market: Market, slug: str, key: str, body: Any) -> tuple[int, dict[str, Any]]:
    """One call through the gateway, as a program makes it."""
    try:
        with urlopen(asked_for(market, slug, key, body), timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as problem:
        return problem.code, json.load(problem)


@pytest.fixture
def listed(door: Door, market: Market) -> tuple[Visitor, Visitor, str]:
    """A provider signs up, is verified and lists a tool; a moderator approves it."""
    dora, mia = door.rich("dora"), door.visitor("mia")
    sign_up(dora)
    org = found_organization(dora, SELLER, "sell")
    dora.go("/accounts/wallets/")
    dora.press("Link my wallet")
    dora.sees("linked on")
    dora.picture("wallet")
    dora.go(f"/o/{org}/settings/")
    dora.page.locator("[name=address]").first.check()
    dora.press("Use this wallet")
    dora.go(f"/o/{org}/verification/")
    dora.fill(registration_number="Hamburg HRB 4711", website="https://dora.example/")
    dora.press("Ask for verification")
    dora.sees("Waiting for a moderator")
    dora.picture("asked-for-verification")
    sign_in(mia, MIA.email)
    decide(mia, SELLER)
    manifest = json.load(urlopen(market.env["DEMO_TOOLS_URL"] + "/review-sentiment/", timeout=10))
    dora.go(f"/o/{org}/listings/new/")
    slug = write_listing(dora, market, manifest)
    dora.go(f"/o/{org}/listings/{slug}/service-key/")
    dora.fill(service_key=market.tools_key)
    dora.press("Store the key")
    dora.go(f"/o/{org}/listings/{slug}/test/")
    dora.press("Call it with the example")
    dora.sees("What came back")
    dora.picture("service-tested")
    dora.go(f"/o/{org}/listings/{slug}/")
    dora.page.locator("form[action$='/submit/'] button[type=submit]").first.click()
    dora.page.wait_for_load_state()
    decide(mia, TOOL)
    return dora, mia, slug


def write_listing(dora: Visitor, market: Market, manifest: dict[str, Any], *, name: str = TOOL) -> str:
    """The steps of the wizard, from the name to the preview; returns the listing's slug."""
    dora.fill(name=name)
    dora.press("Begin")
    dora.page.wait_for_url("**/edit/")
    slug = dora.page.url.rstrip("/").split("/")[-2]
    dora.fill(
        summary="What your guests wrote, and how they felt about it",
        description="Paste what guests wrote. **Get** the mood and the topics.",
    )
    dora.page.locator("[name=category]").select_option(index=1)
    dora.picture("listing-what")
    dora.press("Save and go on")
    dora.page.wait_for_url("**/calls/")
    dora.picture("listing-fields")
    dora.page.locator("button[value='input:json']").click()
    dora.fill(
        input_schema=json.dumps(manifest["input_schema"]),
        example=json.dumps(manifest["example"]),
        endpoint=market.env["DEMO_TOOLS_URL"] + "/review-sentiment/",
    )
    dora.picture("listing-calls")
    dora.press("Save and go on")
    dora.page.wait_for_url("**/plans/")
    dora.page.locator("[name=plans-0-name]").fill("Standard")
    dora.page.locator("[name=plans-0-price]").fill("30.00")
    dora.page.locator("[name=plans-0-period_seconds]").select_option("86400")
    dora.picture("listing-plans")
    dora.press("Save and go on")
    dora.page.wait_for_url("**/pictures/")
    shot = {"name": "a.png", "mimeType": "image/png", "buffer": picture("PNG", (900, 600))}
    dora.page.set_input_files("[name=file]", files=[shot])  # type: ignore[list-item]
    dora.fill(new_alt="A table of moods, with the topics beside it")
    dora.press("Add the picture")
    dora.sees("The picture is added.")
    dora.picture("listing-pictures")
    dora.press("Save and go on")
    dora.page.wait_for_url("**/data/")
    dora.press("Save and go on")
    dora.page.wait_for_url(f"**/{slug}/")
    dora.picture("preview")
    return slug


def subscribe(clara: Visitor, org: str, slug: str) -> str:
    """Order three periods and pay with one signature, after saying no once."""
    clara.go(f"/browse/?q={TOOL.split(maxsplit=1)[0]}")
    clara.picture("search")
    clara.go(f"/tools/{slug}/")
    clara.picture("listing-page")
    clara.follow("Subscribe")
    clara.fill(periods="3")
    clara.sees("You pay once, into the escrow")
    clara.picture("checkout")
    clara.press("Continue to payment")
    clara.page.wait_for_url("**/pay/")
    order = clara.page.url.partition("/orders/")[2].partition("/")[0]
    assert clara.wallet
    clara.wallet.refuse_next = True
    clara.press("Sign and pay")
    clara.sees("You closed the wallet without agreeing")
    clara.picture("refused-signature")
    clara.press("Sign and pay")
    clara.sees("Paid, and final", seconds=60)
    clara.picture("paid")
    assert "eth_sendTransaction" not in clara.wallet.asked, "one signature, no transaction of the buyer's own"
    return order


def use_in_browser(clara: Visitor, org: str, slug: str) -> None:
    clara.follow("Use it")
    clara.picture("tool-form")
    clara.press("Run with the example")
    clara.sees("Counted as one call", seconds=90)
    clara.picture("tool-result")


def make_key(clara: Visitor, org: str) -> str:
    clara.go(f"/o/{org}/keys/")
    clara.fill(name="Till")
    clara.press("Make a key")
    clara.sees("Copy it now")
    text = clara.page.locator(".address [title^=gh_]").first.get_attribute("title")
    assert text
    clara.picture("key")
    return text


def eventually(visitor: Visitor, check: Any, *, seconds: float = 60) -> Any:
    """Ask until there is an answer; the visitor's browser, and the wallet in it, go on meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := check():
            return found
        visitor.page.wait_for_timeout(1000)
    pytest.fail(f"Nothing within {seconds:.0f} s: {check.__doc__ or check}")


def test_from_sign_up_to_withdrawal(door: Door, market: Market, listed: tuple[Visitor, Visitor, str]) -> None:
    dora, _, slug = listed
    example = json.load(urlopen(market.env["DEMO_TOOLS_URL"] + "/review-sentiment/", timeout=10))["example"]
    clara = door.rich("clara")
    sign_up(clara)
    org = found_organization(clara, BUYER, "buy")
    key = make_key(clara, org)
    status, said = call(market, slug, key, example)
    assert (status, said["error"]["code"]) == (402, "no_subscription")

    order = subscribe(clara, org, slug)
    use_in_browser(clara, org, slug)
    status, said = call(market, slug, key, example)
    assert status == 200, said
    assert said["summary"]
    assert call(market, slug, key + "x", example)[0] == 401
    clara.go(f"/o/{org}/usage/")
    clara.picture("usage")
    assert clara.page.locator("caption:has-text('The last 50 calls') ~ tbody tr").count() == 2

    market.manage("advance_time", "2d")
    seller = dora.page.url.partition("/o/")[2].partition("/")[0]

    def paid_out() -> bool:
        """The worker releases the first period, and the provider sees it."""
        dora.go(f"/o/{seller}/payouts/")
        return bool(dora.page.get_by_role("button", name="Withdraw").count())

    eventually(dora, paid_out)
    dora.picture("earned")
    dora.press("Withdraw")

    def withdrawn() -> bool:
        """What was withdrawn stands in the provider's books."""
        dora.go(f"/o/{seller}/payouts/")
        return not dora.page.get_by_role("button", name="Withdraw").count()

    dora.page.wait_for_timeout(2000)
    eventually(dora, withdrawn)
    dora.picture("withdrawn")

    clara.go(f"/o/{org}/subscriptions/{order}/")
    clara.page.get_by_text("Stop and get money back").click()
    clara.sees("If you stop now, about")
    clara.picture("before-stopping")
    clara.press("Stop now")
    eventually(clara, lambda: call(market, slug, key, example)[0] == 402)
    clara.go(f"/o/{org}/subscriptions/{order}/")
    clara.sees("Ready to withdraw")
    clara.picture("stopped")
    clara.press("Withdraw to my wallet")
    clara.page.wait_for_timeout(2000)

    def fetched() -> bool:
        """The buyer's refund was withdrawn."""
        clara.go(f"/o/{org}/subscriptions/{order}/")
        clara.sees("What happened")
        return not clara.page.get_by_text("Ready to withdraw").count()

    eventually(clara, fetched)
    clara.picture("refund-withdrawn")
    assert market.differences() == []
