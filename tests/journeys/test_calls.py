"""A tool that is paid by the call: money is put in, calls take from it, the rest comes back, the provider is paid."""

import json
from urllib.request import urlopen

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market
from tests.journeys.test_main_job import asked_for, call, eventually, make_key, sign_in

ADA, BEN = PEOPLE[:2]
TOOL, SERVICE = "duplicate-customer-finder", "duplicate-customers"


def test_calls_are_paid_one_by_one_and_the_rest_comes_back(door: Door, market: Market) -> None:
    ada = door.visitor("ada", key=ADA.key)
    sign_in(ada, ADA.email)
    ada.go(f"/tools/{TOOL}/")
    ada.sees("Paid one by one; what is not answered costs nothing")
    ada.picture("sold-by-the-call")
    ada.go(f"/tools/{TOOL}/subscribe/")
    ada.fill(amount="2.00")
    ada.sees("40")  # calls, before anything else is touched
    ada.picture("put-in-for-calls")
    ada.press("Continue to payment")
    ada.page.wait_for_url("**/pay/")
    org, _, order = ada.page.url.partition("/o/")[2].removesuffix("/pay/").partition("/orders/")
    ada.picture("pay-for-calls")
    ada.press("Sign and pay")
    ada.sees("Paid, and final", seconds=60)
    assert ada.wallet
    assert "eth_sendTransaction" not in ada.wallet.asked, "one signature, no transaction of the buyer's own"

    example = json.load(urlopen(f"{market.env['DEMO_TOOLS_URL']}/{SERVICE}/", timeout=10))["example"]
    key = make_key(ada, org)
    for left in ("1950000", "1900000", "1850000"):
        with urlopen(asked_for(market, TOOL, key, example), timeout=60) as answer:
            assert (answer.headers["X-Call-Cost"], answer.headers["X-Deposit-Left"]) == ("50000", left)
    money = f"/o/{org}/orders/{order}/money/"
    ada.go(money)
    ada.sees("3 of 40 calls")
    ada.picture("calls-used")

    ada.page.get_by_text("Stop and get the rest back").click()
    ada.sees("If you stop now, about")
    ada.press("Stop now")
    eventually(ada, lambda: call(market, TOOL, key, example)[0] == 402)

    def paid_out() -> bool:
        """The provider has got what three answered calls came to."""
        ada.go(money)
        ada.sees("This deposit is closing")
        return not ada.page.get_by_text("Used, not paid out yet").count()

    eventually(ada, paid_out)
    ada.picture("calls-closing")
    market.manage("advance_time", "2d")

    def returned() -> bool:
        """What was not used is the buyer's again, without anybody's doing."""
        ada.go(money)
        return bool(ada.page.get_by_text("Back to the buyer", exact=True).count())

    eventually(ada, returned)
    ada.sees("Ready to withdraw")
    ada.picture("calls-returned")
    ben = door.visitor("ben")
    sign_in(ben, BEN.email)
    seller = ben.page.url.partition("/o/")[2].partition("/")[0]
    ben.go(f"/o/{seller}/payouts/")
    ben.picture("earned-by-calls")
    assert market.differences() == []
