"""From nothing to an organization: e-mail, password, name, country."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from marketplace.accounts.models import User
from marketplace.organizations.models import Organization
from tests import world

pytestmark = pytest.mark.django_db


FORM = {"email": "New.Person@Example.com", "password1": "a-long-secret-77"}


def link_in(mail: Any) -> str:
    """The path of the link that a mail holds."""
    return re.search(r"https?://[^/\s]+(/\S+)", mail.body)[1]  # type: ignore[index]


def test_a_person_signs_up_confirms_and_founds_an_organization(client: Client, mailoutbox: list[Any]) -> None:
    answer: Any = client.post("/accounts/signup/", FORM)
    assert answer.url == "/accounts/confirm-email/"
    assert User.objects.get().email == "new.person@example.com"
    assert client.get("/o/").url.startswith("/accounts/login/")  # type: ignore[attr-defined]
    answer = client.post(link_in(mailoutbox[0]))
    assert answer.url == "/o/"
    answer = client.get("/o/")
    assert answer.url == "/o/new/"
    answer = client.post("/o/new/", {"name": "Bakery", "country": "AT"})
    made = Organization.objects.get()
    home = f"/o/{made.slug}/"
    assert answer.url == f"{home}start/want/"
    assert "What to do next" in client.get(home).content.decode()
    assert made.country == "AT"
    assert client.get("/o/").url == home  # type: ignore[attr-defined]


def test_who_has_just_begun_is_not_asked_again_who_they_are(client: Client, mailoutbox: list[Any]) -> None:
    client.post("/accounts/signup/", FORM)
    client.post(link_in(mailoutbox[0]))
    assert [record["method"] for record in client.session["account_authentication_methods"]] == ["password"]


def test_the_link_in_another_browser_confirms_but_lets_nobody_in(client: Client, mailoutbox: list[Any]) -> None:
    client.post("/accounts/signup/", FORM)
    other = Client()
    assert other.post(link_in(mailoutbox[0])).url == "/accounts/login/"  # type: ignore[attr-defined]
    assert other.get("/o/").status_code == 302
    answer: Any = other.post("/accounts/login/", {"login": FORM["email"], "password": FORM["password1"]})
    assert answer.url == "/o/"


def test_opening_the_link_alone_confirms_nothing(client: Client, mailoutbox: list[Any]) -> None:
    """Mail programs open links by themselves; the person presses the button."""
    client.post("/accounts/signup/", FORM)
    assert (
        "Is <strong>new.person@example.com</strong> your address?"
        in client.get(link_in(mailoutbox[0])).content.decode()
    )
    assert not EmailAddress.objects.get().verified


@pytest.mark.parametrize("typed", ["ADA@example.com", "ada@example.com"])
def test_a_person_signs_in_however_the_address_is_typed(client: Client, typed: str) -> None:
    world.person("Ada")
    answer: Any = client.post("/accounts/login/", {"login": typed, "password": world.PASSWORD})
    assert answer.status_code == 302
    assert answer.url == "/o/"


def test_a_wrong_password_says_so_and_keeps_the_address(client: Client) -> None:
    world.person("Ada")
    page = client.post("/accounts/login/", {"login": "ada@example.com", "password": "wrong"}).content.decode()
    assert 'value="ada@example.com"' in page
    assert "error" in page


def test_a_weak_password_is_refused_next_to_its_field(client: Client) -> None:
    page = client.post("/accounts/signup/", {"email": "x@example.com", "password1": "short"}).content.decode()
    assert "at least 10 characters" in page
    assert 'value="x@example.com"' in page
    assert not User.objects.exists()


def test_signing_out_ends_it(client: Client) -> None:
    client.force_login(world.person("Ada"))
    client.post("/accounts/logout/")
    answer: Any = client.get("/o/")
    assert answer.url.startswith("/accounts/login/")
