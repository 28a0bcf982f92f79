"""Sign in with a wallet: who holds its key gets in, once a signature, and a second factor is asked for all the same."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from eth_account import Account
from eth_account.messages import encode_defunct

from chain.signatures import parse_siwe
from marketplace.accounts.models import SignInNonce, User, Wallet
from marketplace.tenancy.scope import as_system
from tests import world
from tests.chain.local_chain import CHAIN, LocalChain
from tests.chain.test_signatures import deploy_wallet

pytestmark = pytest.mark.django_db
PAGE, MESSAGE = "/accounts/login/wallet/", "/accounts/login/wallet/message/"


def signed(message: str, key: str = world.ADA_KEY) -> str:
    return "0x" + Account.sign_message(encode_defunct(text=message), key).signature.hex().removeprefix("0x")


def asked(client: Client, address: str = world.ADA_ADDRESS) -> str:
    return client.get(MESSAGE, {"address": address}).json()["message"]


def answer(client: Client, signature: str, address: str = world.ADA_ADDRESS, **more: str) -> Any:
    return client.post(PAGE, {"address": address, "signature": signature, **more})


def is_in(client: Client) -> bool:
    return client.get("/o/", follow=False)["Location"] == "/o/new/"


@pytest.fixture
def ada() -> User:
    return world.person("Ada", address=world.ADA_ADDRESS)


def test_a_linked_wallet_signs_its_person_in(client: Client, ada: User) -> None:
    message = asked(client)
    assert "Sign in to Guildhall with this wallet" in (parse_siwe(message).statement or "")
    assert parse_siwe(message).domain == "testserver"
    before = client.session.session_key
    assert answer(client, signed(message)).url == "/o/"
    assert is_in(client)
    assert client.session.session_key != before, "a session that was known before signing in must not go on"


def test_the_page_one_came_from_is_the_page_one_gets_to(client: Client, ada: User) -> None:
    assert answer(client, signed(asked(client)), next="/accounts/wallets/").url == "/accounts/wallets/"
    assert "evil" not in answer(Client(), "0x", next="https://evil.example/").content.decode()


def test_a_second_factor_is_asked_for_after_the_wallet_too(client: Client) -> None:
    mia = world.person("Mia", address=world.ADA_ADDRESS, is_moderator=True)
    world.sign_in(Client(), mia)  # makes her authenticator app
    assert answer(client, signed(asked(client))).url == "/accounts/factors/authenticate/"
    assert not client.get("/o/")["Location"].startswith("/o/")


def test_a_closed_account_stays_closed(client: Client, ada: User) -> None:
    User.objects.update(is_active=False)
    assert answer(client, signed(asked(client))).url == "/accounts/inactive/"
    assert not is_in(client)


def test_an_answer_counts_once(client: Client, ada: User) -> None:
    signature = signed(asked(client))
    answer(client, signature)
    client.post("/accounts/logout/")
    assert answer(client, signature).status_code == 422
    assert not is_in(client)


def test_a_wrong_answer_uses_the_message_up(client: Client, ada: User) -> None:
    message = asked(client)
    assert "does not match" in answer(client, signed(message, world.BEN_KEY)).content.decode()
    assert answer(client, signed(message)).status_code == 422


def test_a_message_belongs_to_the_browser_that_asked_for_it(client: Client, ada: User) -> None:
    """Who lures Ada into signing a message of theirs is not signed in by it."""
    other = Client()
    asked(other)
    assert answer(other, signed(asked(client))).status_code == 422
    assert not is_in(other)


def test_after_ten_minutes_it_is_too_late(client: Client, ada: User) -> None:
    message = asked(client)
    with as_system("time passes"):
        SignInNonce.objects.update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))
    assert answer(client, signed(message)).status_code == 422


def test_a_message_to_link_or_to_confirm_signs_nobody_in_and_the_other_way_round(ada: User) -> None:
    inside, outside = Client(), Client()
    inside.force_login(ada)
    for more in ({}, {"confirm": "1"}):
        message = inside.get("/accounts/wallets/message/", {"address": world.ADA_ADDRESS, **more}).json()["message"]
        asked(outside)
        assert answer(outside, signed(message)).status_code == 422
    message = asked(outside)
    link = {"address": world.ADA_ADDRESS, "signature": signed(message)}
    assert inside.post("/accounts/wallets/", link).status_code == 422
    assert inside.post("/accounts/reauthenticate/wallet/", link).status_code == 422


def test_nobody_learns_whether_a_wallet_is_linked_without_its_key(client: Client, ada: User) -> None:
    known, unknown = asked(client), asked(client, world.BEN_ADDRESS)
    assert (
        known.replace(world.ADA_ADDRESS, "").partition("Nonce")[0]
        == unknown.replace(world.BEN_ADDRESS, "").partition("Nonce")[0]
    )
    pages = []
    for address in (world.ADA_ADDRESS, world.BEN_ADDRESS):
        stranger = Client()
        asked(stranger, address)
        pages.append(answer(stranger, "0x" + "11" * 65, address))
    assert {page.status_code for page in pages} == {422}
    assert "does not match" in pages[0].content.decode()
    assert "does not match" in pages[1].content.decode()


def test_who_holds_an_unknown_wallet_makes_an_account_and_need_not_sign_again(
    client: Client, mailoutbox: list[Any]
) -> None:
    landed = answer(client, signed(asked(client)))
    assert landed.url == "/accounts/login/wallet/unknown/"
    assert world.ADA_ADDRESS in client.get(landed.url).content.decode()
    form = {"email": "new@example.com", "password1": "a-long-secret-77", "next": "/accounts/wallets/"}
    client.post("/accounts/signup/", form)
    path = "/accounts/confirm-email/" + mailoutbox[0].body.partition("/accounts/confirm-email/")[2].split()[0]
    assert client.post(path)["Location"] == "/accounts/wallets/"
    assert world.ADA_ADDRESS in client.get("/accounts/wallets/").content.decode()
    client.post("/accounts/wallets/proven/")
    with as_system("look"):
        assert Wallet.objects.get().user.email == "new@example.com"
    assert client.post("/accounts/wallets/proven/").status_code == 422, "the proof counts once"


def test_the_page_about_an_unknown_wallet_is_for_who_proved_it(client: Client) -> None:
    assert client.get("/accounts/login/wallet/unknown/")["Location"] == "/accounts/login/"


def test_a_proof_grows_old(client: Client, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(client, signed(asked(client, world.BEN_ADDRESS), world.BEN_KEY), world.BEN_ADDRESS)
    client.force_login(ada)
    monkeypatch.setattr("marketplace.accounts.proofs.PROOF_LASTS", timedelta(0))
    assert client.post("/accounts/wallets/proven/").status_code == 422


def test_a_contract_wallet_signs_in_by_its_own_word(client: Client) -> None:
    address = deploy_wallet(LocalChain(django_settings.CHAINS[CHAIN]["rpc_url"]))
    message = asked(client, address)
    world.person("Ada", address=parse_siwe(message).address)
    assert answer(client, "0x02", address).status_code == 422
    asked(client, address)
    assert answer(client, "0x01", address).url == "/o/"


def test_a_wallet_confirms_who_acts(client: Client, ada: User) -> None:
    client.force_login(ada)
    world.sign_in(client, ada, ago=3600)
    with as_system("look"):
        unlink = f"/accounts/wallets/{Wallet.objects.get().pk}/unlink/"
    away = client.post(unlink)["Location"]
    assert away == f"/accounts/reauthenticate/?next={unlink.replace('/', '%2F')}"
    assert "Use your wallet" in client.get(away).content.decode()
    question = {"address": world.ADA_ADDRESS, "confirm": "1"}
    message = client.get("/accounts/wallets/message/", question).json()["message"]
    said = {"address": world.ADA_ADDRESS, "signature": signed(message), "next": unlink}
    assert client.post("/accounts/reauthenticate/wallet/", said)["Location"] == "/accounts/wallets/"
    with as_system("look"):
        assert not Wallet.objects.exists(), "what was sent before is carried on with"


@pytest.mark.django_db(transaction=True)
def test_of_fifty_answers_at_once_one_counts() -> None:
    world.person("Ada", address=world.ADA_ADDRESS)
    first = Client()
    signature = signed(asked(first))
    cookies = first.cookies.output(header="", sep=";")
    statuses: list[int] = []
    together = threading.Barrier(50)

    def work() -> None:
        browser = Client()
        browser.cookies.load(cookies)
        together.wait()
        try:
            statuses.append(answer(browser, signature).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302] + [422] * 49
