"""Ways to sign in, in a real browser: a passkey, an authenticator app, a wallet."""

import secrets
from dataclasses import replace

from playwright.sync_api import expect

from settings.local.people import code
from tests.journeys.conftest import Door, Market, Visitor
from tests.journeys.test_main_job import RUN, link_in_mail, sign_up, type_code

PASSWORD = "a long pass phrase 42"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def sign_out(visitor: Visitor) -> None:
    visitor.go("/accounts/logout/")
    visitor.page.locator("main button[type=submit]").click()
    visitor.page.wait_for_load_state()


def again(visitor: Visitor) -> None:
    visitor.sees("Is it you?")
    visitor.fill(password=PASSWORD)
    visitor.press("Go on")


def test_a_passkey_signs_in_alone(door: Door, market: Market) -> None:
    pia = door.visitor("pia")
    # a passkey belongs to a name, and 127.0.0.1 is none
    pia.market = replace(market, env={**market.env, "BASE_URL": market.url.replace("127.0.0.1", "localhost")})
    chrome = pia.page.context.new_cdp_session(pia.page)
    chrome.send("WebAuthn.enable")
    chrome.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_up(pia)
    pia.go("/accounts/factors/webauthn/add/")
    again(pia)
    pia.fill(name="Pia's phone")
    pia.picture("add-passkey")
    pia.press("Add it")
    pia.sees("Recovery codes")
    pia.picture("recovery-codes")
    pia.go("/accounts/factors/webauthn/")
    pia.sees("Pia's phone")
    pia.sees("signs you in alone")
    pia.picture("passkeys")
    sign_out(pia)
    pia.go("/accounts/login/")
    pia.press("Use a passkey")
    pia.page.wait_for_url("**/o/**")
    sign_out(pia)
    pia.go("/accounts/login/")
    pia.fill(login=f"pia-{RUN}@example.com", password=PASSWORD)
    pia.press("Sign in")
    pia.sees("One more step")
    pia.picture("one-more-step")
    pia.press("Use a passkey")
    pia.page.wait_for_url("**/o/**")


def test_an_authenticator_app_is_asked_for_after_the_password(door: Door, market: Market) -> None:
    toni = door.visitor("toni")
    sign_up(toni)
    toni.go("/accounts/factors/totp/activate/")
    again(toni)
    toni.picture("add-app")
    secret = toni.page.locator("main .address [title]").first.get_attribute("title")
    assert secret
    toni.fill(code="000000")
    toni.press("Add the app")
    toni.sees("This code is not right")
    assert toni.page.locator("main .address [title]").first.get_attribute("title") == secret
    expect(toni.page.locator(".error-summary")).to_be_focused()
    toni.fill(code=code(secret))
    toni.press("Add the app")
    toni.sees("Recovery codes")
    assert toni.page.locator(".codes li").count() == 10
    sign_out(toni)
    toni.go("/accounts/login/")
    toni.fill(login=f"toni-{RUN}@example.com", password=PASSWORD)
    toni.press("Sign in")
    type_code(toni, secret)
    toni.page.wait_for_url("**/o/**")


def test_a_wallet_without_an_account_gets_one_and_then_signs_in(door: Door, market: Market) -> None:
    wanda = door.visitor("wanda", key="0x" + secrets.token_hex(32))
    assert wanda.wallet
    wanda.go("/accounts/login/")
    wanda.wallet.refuse_next = True
    wanda.press("Use a wallet")
    wanda.sees("You closed the wallet without agreeing")
    wanda.press("Use a wallet")
    wanda.sees("This wallet belongs to no account yet")
    wanda.picture("unknown-wallet")
    wanda.page.locator("main").get_by_role("link", name="Create an account").click()
    wanda.fill(email=f"wanda-{RUN}@example.com", password1=PASSWORD)
    wanda.page.locator("main button[type=submit]").click()
    wanda.sees("Look into your mail")
    wanda.page.goto(link_in_mail(market, f"wanda-{RUN}@example.com"))
    wanda.press("Yes, it is mine")
    wanda.press("Link this wallet")
    wanda.sees("is yours to use here")
    wanda.picture("wallet-linked")
    sign_out(wanda)
    wanda.go("/accounts/login/")
    wanda.press("Use a wallet")
    wanda.page.wait_for_url("**/o/**")
    assert "eth_sendTransaction" not in wanda.wallet.asked
