"""A larger plan in place of the one that runs: figures before, one signature, one transaction, nothing left over."""

import json
from urllib.request import urlopen

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market
from tests.journeys.test_main_job import call, eventually, make_key, sign_in

ADA = PEOPLE[0]
TOOL, SERVICE = "review-insights", "review-sentiment"


def test_a_larger_plan_takes_the_place_of_the_one_that_runs(door: Door, market: Market) -> None:
    ada = door.visitor("ada", key=ADA.key)
    assert ada.wallet
    sign_in(ada, ADA.email)
    ada.go(f"/tools/{TOOL}/")
    ada.sees("50 calls within 7 days still pass, free")
    ada.page.locator(".plan:has(h3:text-is('Small')) a.button").click()
    ada.press("Continue to payment")
    ada.page.wait_for_url("**/pay/")
    org, _, small = ada.page.url.partition("/o/")[2].removesuffix("/pay/").partition("/orders/")
    ada.press("Sign and pay")
    ada.sees("Paid, and final", seconds=60)

    ada.follow("See the subscription")
    ada.follow("Change plan")
    ada.sees("Your plan now")
    ada.picture("plans-side-by-side")
    ada.page.locator(".plan:has(h2:text-is('Standard')) a.button").click()
    ada.sees("So the change costs you")
    ada.picture("change-before-signing")
    ada.press("Continue to payment")
    ada.page.wait_for_url("**/pay/")
    standard = ada.page.url.partition("/orders/")[2].removesuffix("/pay/")
    ada.sees("simply goes on")
    ada.picture("change-pay")
    ada.press("Sign and pay")
    ada.sees("One more step: stop Small", seconds=60)
    ada.picture("change-one-more-step")
    assert "eth_sendTransaction" not in ada.wallet.asked, "one signature pays for the new plan"

    ada.go(f"/o/{org}/")
    ada.sees("Stop your old plan of Review insights")
    key = make_key(ada, org)
    example = json.load(urlopen(f"{market.env['DEMO_TOOLS_URL']}/{SERVICE}/", timeout=10))["example"]
    assert call(market, TOOL, key, example)[0] == 200

    def goes_on() -> list[bool]:
        """Whether the pages of the two plans say that the old one goes on."""
        found = []
        for order in (small, standard):
            ada.go(f"/o/{org}/subscriptions/{order}/")
            ada.sees("What happened")
            found.append(bool(ada.page.get_by_text("still runs, and costs").count()))
        return found

    def stopped() -> bool:
        """The old plan is over, and what was left of it is the buyer's again."""
        # the wallet may hold what another order gave back, which says nothing of this one
        over = not any(goes_on())
        ada.go(f"/o/{org}/subscriptions/{small}/")
        ada.sees("What happened")
        return over and bool(ada.page.get_by_text("Ready to withdraw").count())

    assert goes_on() == [True, True]
    ada.go(f"/o/{org}/orders/{standard}/pay/")
    ada.press("Stop the old plan")
    ada.page.wait_for_url(f"**/subscriptions/{small}/")
    eventually(ada, stopped)
    ada.picture("change-stopped")
    assert call(market, TOOL, key, example)[0] == 200
    assert market.differences() == []
