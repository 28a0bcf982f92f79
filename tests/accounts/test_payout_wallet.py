"""One of a person's wallets is marked for payouts, and none that an organization is paid to can be unlinked."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from marketplace.accounts import services
from marketplace.accounts.models import User, Wallet
from marketplace.lifecycle import Refused
from marketplace.organizations.models import Organization
from marketplace.organizations.services import set_payout_wallet
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db
ADDRESSES = (world.ADA_ADDRESS, world.BEN_ADDRESS, world.MIA_ADDRESS)


@world.written
def with_wallets(count: int) -> User:
    ada = world.person("Ada")
    for address in ADDRESSES[:count]:
        services.link_proven_wallet(Actor(ada.pk), address=address)
    return ada


def marked() -> list[str]:
    with transaction.atomic(), as_system("look"):
        return list(Wallet.objects.filter(is_payout=True).values_list("address", flat=True))


def wallet(address: str) -> Wallet:
    with transaction.atomic(), as_system("look"):
        return Wallet.objects.get(address=address)


def unlink(user: User, address: str) -> str:
    wanted = wallet(address)
    with transaction.atomic(), scope(user_id=user.pk):
        return services.unlink_wallet(Actor(user.pk), wallet_id=wanted.pk)


def test_the_first_wallet_is_the_one_for_payouts_until_another_is_chosen(client: Client) -> None:
    ada = with_wallets(3)
    assert marked() == [world.ADA_ADDRESS]
    client.force_login(ada)
    client.post(f"/accounts/wallets/{wallet(world.BEN_ADDRESS).pk}/payouts/")
    assert marked() == [world.BEN_ADDRESS]
    assert client.get("/accounts/wallets/").content.decode().count("Use for payouts") == 2


def test_a_person_has_no_two_wallets_for_payouts() -> None:
    with_wallets(2)
    with pytest.raises(IntegrityError), transaction.atomic(), as_system("somebody forgot"):
        Wallet.objects.update(is_payout=True)


def test_when_it_goes_the_oldest_left_takes_its_place() -> None:
    ada = with_wallets(3)
    unlink(ada, world.ADA_ADDRESS)
    assert marked() == [world.BEN_ADDRESS]
    unlink(ada, world.MIA_ADDRESS)
    assert marked() == [world.BEN_ADDRESS]


def test_it_is_offered_first_where_an_organization_chooses(client: Client) -> None:
    ada = with_wallets(2)
    world.organization("Ada Bakery", owner=ada)
    client.force_login(ada)
    client.post(f"/accounts/wallets/{wallet(world.BEN_ADDRESS).pk}/payouts/")
    page = client.get("/o/ada-bakery/settings/").content.decode()
    field = page.partition(f'value="{world.BEN_ADDRESS}"')[2]
    assert field.partition(">")[0].count("checked") == 1
    assert page.index(world.BEN_ADDRESS) < page.index(world.ADA_ADDRESS)


def test_another_persons_wallet_cannot_be_chosen(client: Client) -> None:
    with_wallets(1)
    client.force_login(world.person("Ben"))
    assert client.post(f"/accounts/wallets/{wallet(world.ADA_ADDRESS).pk}/payouts/").status_code == 404


def test_a_wallet_that_an_organization_is_paid_to_stays(client: Client) -> None:
    ada = with_wallets(2)
    world.provider("Ada Workshop", owner=ada, payout_address=world.ADA_ADDRESS)
    client.force_login(ada)
    answer = client.post(f"/accounts/wallets/{wallet(world.ADA_ADDRESS).pk}/unlink/")
    assert answer.status_code == 422
    assert "Ada Workshop: paid to this wallet" in answer.content.decode()
    assert wallet(world.ADA_ADDRESS)
    assert client.post(f"/accounts/wallets/{wallet(world.BEN_ADDRESS).pk}/unlink/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_wallet_that_is_just_being_chosen_is_not_unlinked_meanwhile() -> None:
    ada = with_wallets(1)
    workshop = world.provider("Ada Workshop", owner=ada, payout_address="")
    chosen, outcomes = threading.Event(), []

    def unlinks() -> None:
        chosen.wait(10)
        try:
            outcomes.append(unlink(ada, world.ADA_ADDRESS))
        except Refused as refused:
            outcomes.append(str(refused))
        finally:
            connection.close()

    thread = threading.Thread(target=unlinks)
    thread.start()
    with transaction.atomic(), scope(org_id=workshop.pk, user_id=ada.pk):
        set_payout_wallet(Actor(ada.pk, workshop.pk, "owner"), address=world.ADA_ADDRESS)
        chosen.set()
        thread.join(1)  # it waits for us
        assert thread.is_alive()
    thread.join()
    assert "paid to this wallet" in outcomes[0]
    assert Organization.objects.get(pk=workshop.pk).payout_address == wallet(world.ADA_ADDRESS).address


@pytest.mark.django_db(transaction=True)
def test_two_wallets_linked_at_once_make_one_for_payouts() -> None:
    ada = with_wallets(0)
    problems: list[Any] = []

    def link(address: str) -> None:
        try:
            with transaction.atomic(), scope(user_id=ada.pk):
                services.link_proven_wallet(Actor(ada.pk), address=address)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=link, args=(address,)) for address in ADDRESSES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(marked()) == 1
