"""A vote, from the proposal to the next checkout; an order that runs keeps what it was promised."""

import re

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market, Visitor
from tests.journeys.test_main_job import RUN, eventually, sign_in

ADA, TOM = PEOPLE[0], PEOPLE[3]
VERA_KEY = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"  # the local chain's sixth account


def test_a_vote_changes_the_fee_of_the_next_order(door: Door, market: Market) -> None:
    tom, ada = door.visitor("tom", key=TOM.key), door.visitor("ada", key=ADA.key)
    sign_in(ada, ADA.email)
    before, after = _fee_at_checkout(ada), ""
    running = _paid_order(ada)
    wanted = "3" if before != "3%" else "2.5"
    tom.go("/governance/propose/")
    tom.fill(fee=wanted, title=f"Set the fee to {wanted} % ({RUN})", why="The arbiters have to be paid.")
    tom.press("See what it does")
    tom.sees("The fee on new subscriptions goes from")
    tom.picture("proposal-preview")
    tom.press("Propose it with your wallet")
    eventually(tom, lambda: tom.page.url.rstrip("/").rpartition("/")[2].isdigit())
    place = tom.page.url
    market.manage("advance_time", "10s")

    def voting() -> bool:
        """Voting has started, by the chain's clock and in the mirror."""
        tom.page.goto(place)
        tom.press("Use my wallet")
        tom.sees("Counts for")
        return bool(tom.page.get_by_text("How do you vote?").count())

    eventually(tom, voting)
    tom.page.get_by_label("For", exact=True).check()
    tom.page.locator("[name=reason]").fill("Keeps the arbiters paid.")
    tom.picture("ballot")
    tom.press("Vote in your wallet")
    tom.sees("Keeps the arbiters paid.", seconds=30)
    tom.picture("voted")
    _vote_for_free(door.visitor("vera", key=VERA_KEY), place)
    market.manage("advance_time", "10m")
    for label, seconds in (("Queue it", "30s"), ("Carry it out", "1s")):

        def due(label: str = label) -> bool:
            """The next step is offered to anybody."""
            tom.page.goto(place)
            return bool(tom.page.get_by_role("button", name=label).count())

        eventually(tom, due)
        tom.picture(label.lower().replace(" ", "-"))
        tom.press(label)
        tom.page.wait_for_timeout(4000)
        market.manage("advance_time", seconds)

    def changed() -> bool:
        """The next checkout shows the new fee."""
        nonlocal after
        after = _fee_at_checkout(ada)
        return after != before

    eventually(ada, changed)
    ada.picture("new-fee")
    assert after.removesuffix("%").rstrip("0").rstrip(".") == wanted
    ada.page.goto(running)
    text = re.sub(r"\s", "", ada.page.locator("main").inner_text())
    assert before in text
    assert after not in text
    ada.picture("running-order-keeps-its-fee")


def _paid_order(ada: Visitor) -> str:
    """The money page of a period that is paid before the vote."""
    ada.press("Continue to payment")
    ada.page.wait_for_url("**/pay/")
    place = ada.page.url.removesuffix("pay/") + "money/"
    ada.press("Sign and pay")
    ada.sees("Paid, and final", seconds=60)
    return place


def _vote_for_free(vera: Visitor, place: str) -> None:
    """A vote that is signed, and handed in by the market."""
    vera.page.goto(place)
    vera.press("Use my wallet")
    vera.sees("How do you vote?")
    vera.page.get_by_label("For", exact=True).check()
    vera.page.locator("[name=reason]").fill("Fair to those who decide.")
    vera.press("Sign your vote for free")
    vera.sees("Fair to those who decide.", seconds=60)
    vera.picture("voted-for-free")
    assert vera.wallet
    assert "eth_sendTransaction" not in vera.wallet.asked


def _fee_at_checkout(visitor: Visitor) -> str:
    """What the checkout of the first tool says about the fee, as "2.5%"."""
    visitor.go("/tools/invoice-reader/subscribe/")
    visitor.sees("The market's fee is")
    text = visitor.page.get_by_text("The market's fee is").first.inner_text()
    return re.sub(r"\s", "", text.partition("fee is")[2]).rstrip(".")
