"""Something is wrong with a tool: the buyer disputes, the provider answers, an arbiter splits, both get their share."""

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market
from tests.journeys.test_main_job import eventually, sign_in

ADA, BEN, MIA = PEOPLE[:3]
TOOL = "Invoice reader"
WRONG = "Half of our invoices come back without a total, and nobody answers us."
ANSWER = "That was our mistake; it reads all of them since this morning."
REASONS = "Both agree on what went wrong and since when: half of the time is to be paid."


def test_a_dispute_from_the_buyers_words_to_the_money_of_both(door: Door, market: Market) -> None:
    ada = door.visitor("ada", key=ADA.key)
    sign_in(ada, ADA.email)
    ada.go("/tools/invoice-reader/subscribe/")
    ada.fill(periods="2")
    ada.press("Continue to payment")
    ada.page.wait_for_url("**/pay/")
    org, _, order = ada.page.url.partition("/o/")[2].removesuffix("/pay/").partition("/orders/")
    ada.press("Sign and pay")
    ada.sees("Paid, and final", seconds=60)

    ada.go(f"/o/{org}/orders/{order}/money/")
    ada.follow("Something is wrong: open a dispute")
    ada.sees("Frozen, and an arbiter decides")
    ada.picture("before-disputing")
    ada.page.locator("[name=category][value=quality]").check()
    ada.fill(text=WRONG)
    log = {"name": "totals.txt", "mimeType": "text/plain", "buffer": b"invoice 7: no total\n"}
    ada.page.locator("[name=shown]").set_input_files([log])  # type: ignore[list-item]
    ada.press("Go on to the signature")
    ada.sees("Open it with your wallet")
    assert ada.wallet
    ada.wallet.refuse_next = True
    ada.press("Sign and open the dispute")
    ada.sees("You closed the wallet without agreeing")
    place = ada.page.url
    ada.press("Sign and open the dispute")
    ada.sees("nobody in your organization can use the tool", seconds=60)
    ada.picture("dispute-open")

    ben = door.visitor("ben")
    sign_in(ben, BEN.email)
    seller = ben.page.url.partition("/o/")[2].partition("/")[0]
    ben.go(f"/o/{seller}/disputes/")
    ben.follow(TOOL)
    ben.sees(WRONG)
    ben.fill(text=ANSWER)
    ben.press("Answer")
    ben.sees(ANSWER)
    ben.picture("dispute-answered")

    mia = door.visitor("mia")
    sign_in(mia, MIA.email)
    mia.go("/console/disputes/")
    mia.page.locator(".queue-item").filter(has_text=TOOL).first.click()
    mia.sees(ANSWER)
    mia.fill(share="50", reasons=REASONS)
    mia.press("Look at the figures")
    mia.sees("What you decide, in figures")
    mia.picture("ruling-in-figures")
    mia.press("Decide so")

    def decided() -> bool:
        """Both sides read the ruling, and the contract has carried it out."""
        ada.page.goto(place)
        return bool(ada.page.get_by_role("heading", name="An arbiter split what was contested").count())

    eventually(ada, decided)
    ada.sees(REASONS)
    ada.picture("dispute-ended")
    ada.go(f"/o/{org}/orders/{order}/money/")
    ada.sees("Ready to withdraw")
    assert market.differences() == []
