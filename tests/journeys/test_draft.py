"""A proposal is written as a draft, opened to everybody, talked about by wallet, and a word taken back."""

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market
from tests.journeys.test_main_job import eventually

TOM = PEOPLE[3]


def test_a_draft_is_written_discussed_and_a_comment_taken_back(door: Door, market: Market) -> None:
    tom = door.visitor("tom", key=TOM.key)
    assert tom.wallet

    def known() -> bool:
        """The DAO has been copied from the chain."""
        tom.go("/governance/")
        return bool(tom.page.locator("main a[href*='/guild-governor/']").count())

    eventually(tom, known)
    tom.go("/governance/guild-governor/drafts/")
    tom.page.locator("main button, main a.button").first.click()
    tom.page.wait_for_url("**/drafts/*/")
    tom.fill(title="Lower the fee", why="So that small tools pay less.")
    tom.press("Save")
    tom.press("Open it for discussion")
    tom.page.wait_for_url("**/discussions/*/")

    tom.fill(comment="I would vote **for** it.")
    tom.press("Sign and publish")
    tom.sees("I would vote for it.")
    tom.page.get_by_text("This is mine: take it back").first.click()
    tom.picture("draft-discussed")
    tom.press("Take it back")
    tom.sees("Taken back by its author")
    assert "eth_sendTransaction" not in tom.wallet.asked, "talking costs nothing"
