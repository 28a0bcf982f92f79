"""What goes wrong at the till is said in a sentence, and changes nothing."""

from settings.local.people import PEOPLE
from tests.journeys.conftest import Door, Market, Visitor
from tests.journeys.test_main_job import sign_in


def at_the_till(visitor: Visitor) -> None:
    """Ada orders one period of a tool and stands before the payment."""
    sign_in(visitor, PEOPLE[0].email)
    visitor.go("/tools/invoice-reader/subscribe/")
    visitor.press("Continue to payment")
    visitor.page.wait_for_url("**/pay/")


def test_a_wallet_with_too_little_is_told_before_it_is_asked_to_sign(door: Door, market: Market) -> None:
    ada = door.rich("ada-poor")
    assert ada.wallet
    ada.wallet.spend_all(market.dollar)
    at_the_till(ada)
    ada.press("Sign and pay")
    ada.sees("holds 0.00 TUSD")
    ada.picture("too-little")
    assert "eth_signTypedData_v4" not in ada.wallet.asked


def test_a_wallet_on_another_chain_is_asked_to_switch_and_may_say_no(door: Door, market: Market) -> None:
    ada = door.rich("ada-elsewhere")
    assert ada.wallet
    ada.wallet.chain_id, ada.wallet.refuse_switch = 1, True
    at_the_till(ada)
    ada.press("Sign and pay")
    ada.sees("Your wallet is still on another network")
    ada.picture("another-chain")
    assert "eth_signTypedData_v4" not in ada.wallet.asked
    ada.wallet.refuse_switch = False
    ada.press("Sign and pay")
    ada.sees("Paid, and final", seconds=60)
    assert ada.wallet.chain_id == 31337


def test_without_a_wallet_the_page_says_what_one_is(door: Door, market: Market) -> None:
    ada = door.visitor("ada-without")
    at_the_till(ada)
    ada.press("Sign and pay")
    ada.sees("We found no wallet in this browser")
    ada.picture("no-wallet")
