"""Link a wallet to a person, by a message that only the wallet's key can sign."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from eth_account import Account
from eth_account.messages import encode_defunct

from chain.signatures import parse_siwe
from marketplace.accounts import services
from marketplace.accounts.models import SignInNonce, User, Wallet
from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db
ORIGIN = "https://market.example"


def signed(message: str, key: str = world.ADA_KEY) -> str:
    return "0x" + Account.sign_message(encode_defunct(text=message), key).signature.hex().removeprefix("0x")


def asked(user: User, address: str = world.ADA_ADDRESS) -> str:
    with transaction.atomic(), scope(user_id=user.pk):
        return services.issue_message(Actor(user.pk), address=address, origin=ORIGIN)


def link(user: User, message: str, *, key: str = world.ADA_KEY, address: str = world.ADA_ADDRESS) -> Wallet:
    with transaction.atomic(), scope(user_id=user.pk):
        return services.link_wallet(Actor(user.pk), address=address, signature=signed(message, key))


@pytest.fixture
def ada() -> User:
    return world.person("Ada")


def test_the_message_says_who_asks_what_for_and_how_long(ada: User) -> None:
    message = parse_siwe(asked(ada, world.ADA_ADDRESS.lower()))
    assert (message.domain, message.uri, message.chain_id) == ("market.example", ORIGIN, 31337)
    assert message.address == world.ADA_ADDRESS
    assert "moves no money" in (message.statement or "")
    assert message.expiration_time is not None


def test_who_signs_the_message_has_the_wallet(ada: User) -> None:
    wallet = link(ada, asked(ada))
    assert wallet.address == world.ADA_ADDRESS
    with as_system("look"):
        assert Entry.objects.get(verb="wallet.linked").actor_user_id == ada.pk


def test_a_message_is_answered_once(ada: User) -> None:
    message = asked(ada)
    wallet = link(ada, message)
    with transaction.atomic(), scope(user_id=ada.pk):
        services.unlink_wallet(Actor(ada.pk), wallet_id=wallet.pk)
    with pytest.raises(Refused, match="does not match"):
        link(ada, message)


def test_another_key_cannot_answer(ada: User) -> None:
    with pytest.raises(Refused, match="does not match"):
        link(ada, asked(ada), key=world.BEN_KEY)
    with as_system("look"):
        assert not Wallet.objects.exists()


def test_a_message_of_another_person_or_address_is_no_answer(ada: User) -> None:
    ben = world.person("Ben")
    message = asked(ada)
    with pytest.raises(Refused, match="does not match"):
        link(ben, message)
    with pytest.raises(Refused, match="does not match"):
        link(ada, message, key=world.BEN_KEY, address=world.BEN_ADDRESS)


def test_a_message_of_our_wording_that_we_did_not_issue_is_no_answer(ada: User) -> None:
    forged = asked(ada).replace("Nonce: ", "Nonce: ffff")
    with pytest.raises(Refused, match="does not match"):
        link(ada, forged)


def test_after_ten_minutes_the_answer_comes_too_late(ada: User) -> None:
    message = asked(ada)
    with as_system("time passes"):
        SignInNonce.objects.update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))
    with pytest.raises(Refused, match="ten minutes"):
        link(ada, message)


@pytest.mark.parametrize("signature", ["", "0x", "0x00", "nonsense", "0x" + "00" * 65, "0x" + "ff" * 65, "é"])
def test_what_is_no_signature_is_refused(ada: User, signature: str) -> None:
    asked(ada)
    with transaction.atomic(), scope(user_id=ada.pk), pytest.raises(Refused, match="does not match"):
        services.link_wallet(Actor(ada.pk), address=world.ADA_ADDRESS, signature=signature)


@pytest.mark.parametrize("address", ["", "0x", "0x12", "vitalik.eth", "0x" + "g" * 40, "0x" + "1" * 41])
def test_what_is_no_address_gets_no_message(ada: User, address: str) -> None:
    with pytest.raises(Refused, match="not the address of a wallet"):
        asked(ada, address)


def test_a_wallet_of_another_person_is_refused_without_saying_whose(ada: User) -> None:
    world.person("Ben", address=world.ADA_ADDRESS)
    with pytest.raises(Refused) as refused:
        link(ada, asked(ada))
    assert "cannot be linked" in str(refused.value)
    assert "Ben" not in str(refused.value)


def test_a_wallet_is_linked_once() -> None:
    ada = world.person("Ada", address=world.ADA_ADDRESS)
    with pytest.raises(Refused, match="already"):
        link(ada, asked(ada))


def test_only_the_newest_messages_are_kept(ada: User) -> None:
    messages = [asked(ada) for _ in range(8)]
    with as_system("look"):
        assert SignInNonce.objects.count() == services.MOST_OPEN_MESSAGES
    with pytest.raises(Refused):
        link(ada, messages[0])
    link(ada, messages[-1])


@pytest.mark.django_db(transaction=True)
def test_fifty_answers_at_once_count_as_one() -> None:
    ada = world.person("Ada")
    signature = signed(asked(ada))
    answers: list[str] = []

    def work() -> None:
        try:
            with transaction.atomic(), scope(user_id=ada.pk):
                services.link_wallet(Actor(ada.pk), address=world.ADA_ADDRESS, signature=signature)
            answers.append("linked")
        except Refused:
            answers.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["linked"] + ["refused"] * 49


def test_a_persons_wallets_are_hidden_from_others(ada: User) -> None:
    ben = world.person("Ben", address=world.BEN_ADDRESS)
    with scope(user_id=ada.pk):
        assert not Wallet.objects.exists()
    with scope(user_id=ben.pk):
        assert Wallet.objects.get().address == world.BEN_ADDRESS


def test_the_pages_link_list_and_unlink(client: Client, ada: User) -> None:
    client.force_login(ada)
    message = client.get("/accounts/wallets/message/", {"address": world.ADA_ADDRESS}).json()["message"]
    assert message.startswith("testserver wants you to sign in")
    answer: Any = client.post("/accounts/wallets/", {"address": world.ADA_ADDRESS, "signature": signed(message)})
    assert answer.url == "/accounts/wallets/"
    page = client.get("/accounts/wallets/")
    assert world.ADA_ADDRESS in page.content.decode()
    with as_system("look"):
        wallet = Wallet.objects.get()
    assert client.get(f"/accounts/wallets/{wallet.pk}/unlink/").status_code == 200
    client.post(f"/accounts/wallets/{wallet.pk}/unlink/")
    with as_system("look"):
        assert not Wallet.objects.exists()


def test_a_page_without_a_signature_says_so(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer = client.post("/accounts/wallets/", {"address": "", "signature": ""})
    assert answer.status_code == 422
    assert "sent no signature" in answer.content.decode()
    answer = client.post("/accounts/wallets/", {"address": world.ADA_ADDRESS, "signature": "0x00"})
    assert answer.status_code == 422
    assert "does not match" in answer.content.decode()
    assert client.get("/accounts/wallets/message/", {"address": "x"}).json().keys() == {"sentence"}


def test_a_wallet_of_another_person_cannot_be_unlinked(client: Client, ada: User) -> None:
    world.person("Ben", address=world.BEN_ADDRESS)
    with as_system("look"):
        wallet = Wallet.objects.get()
    client.force_login(ada)
    assert client.post(f"/accounts/wallets/{wallet.pk}/unlink/").status_code == 404


def test_a_stranger_is_led_to_sign_in(client: Client) -> None:
    answer: Any = client.get("/accounts/wallets/")
    assert answer.url == "/accounts/login/?next=/accounts/wallets/"
