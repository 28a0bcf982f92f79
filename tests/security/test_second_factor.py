"""The console opens for a second factor alone; money and rejections ask again who acts."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.accounts.models import User
from marketplace.moderation.models import ReviewCase
from marketplace.moderation.services import open_cases
from marketplace.organizations.models import Organization, Verification
from marketplace.tenancy.scope import as_system
from settings.local.people import PERIOD, code
from tests import world

pytestmark = pytest.mark.django_db
SECRET = "GUILDHALLDEMOMIA"
METHODS = ("get", "post", "put", "patch", "delete")


def moderators(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from moderators(pattern.url_patterns, where)
        elif getattr(pattern.callback, "door", "") == "moderator":
            yield where


CONSOLE = sorted(moderators(get_resolver().url_patterns))


@pytest.fixture
def mia() -> User:
    cache.clear()
    user = world.person("Mia", is_moderator=True)
    TOTP.activate(user, SECRET)
    return user


@pytest.fixture
def case_id() -> int:
    with as_system("somebody asks"):
        org = world.organization("Newcomer", state="submitted", website="https://newcomer.example")
        Verification.objects.create(org=org, registration_number="HRB 4711")
    open_cases()
    with as_system("look"):
        return ReviewCase.objects.get().pk


def at(where: str, case_id: int) -> str:
    where = where.replace("<int:case_id>", str(case_id))
    for left, value in (("<int:", "1"), ("<slug:", "1"), ("<uuid:", str(uuid.UUID(int=1)))):
        while left in where:
            start = where.index(left)
            where = where[:start] + value + where[where.index(">", start) + 1 :]
    return where


def password_only(client: Client) -> None:
    client.post("/accounts/login/", {"login": "mia@example.com", "password": world.PASSWORD})


def test_the_console_is_found() -> None:
    assert "/console/" in CONSOLE


@pytest.mark.parametrize("where", CONSOLE)
def test_no_page_of_the_console_opens_without_the_second_factor(where: str, mia: User, case_id: int) -> None:
    page = at(where, case_id)
    halfway, without, lacking = Client(), Client(), Client()
    password_only(halfway)  # and the code is still asked for
    without.force_login(mia)
    world.sign_in(without, mia, second_factor=False)
    newcomer = world.person("Noa", is_moderator=True)
    lacking.force_login(newcomer)
    world.sign_in(lacking, newcomer, second_factor=False)
    Authenticator.objects.filter(user=newcomer).delete()
    for method in METHODS:
        assert getattr(halfway, method)(page)["Location"].startswith("/accounts/login/")
        assert getattr(without, method)(page)["Location"].startswith("/accounts/factors/reauthenticate/?next=")
        assert getattr(lacking, method)(page)["Location"] == "/accounts/factors/"
    assert "Moderators need a second factor" in lacking.get("/accounts/factors/").content.decode()


def test_with_it_the_console_opens(client: Client, mia: User, case_id: int) -> None:
    """The control."""
    password_only(client)
    assert client.post("/accounts/factors/authenticate/", {"code": code(SECRET)})["Location"] == "/o/"
    assert client.get("/console/").status_code == 200
    assert client.get(f"/console/cases/{case_id}/").status_code == 200


def test_who_added_the_factor_after_signing_in_shows_it_once(client: Client, mia: User) -> None:
    client.force_login(mia)
    world.sign_in(client, mia, second_factor=False)
    away = client.get("/console/")["Location"]
    assert client.post(away, {"code": code(SECRET), "next": "/console/"})["Location"] == "/console/"
    assert client.get("/console/").status_code == 200


def test_who_takes_the_factor_away_is_outside(client: Client, mia: User) -> None:
    client.force_login(mia)
    assert client.get("/console/").status_code == 200
    Authenticator.objects.all().delete()
    assert client.get("/console/").status_code == 302


def test_a_code_counts_once_as_long_as_it_would_be_taken(mia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    once = code(SECRET, now)
    first, later = Client(), Client()
    for client in (first, later):
        password_only(client)
    assert first.post("/accounts/factors/authenticate/", {"code": once}).status_code == 302
    cache.delete(f"allauth.mfa.totp.used?user={mia.pk}&code={once}")  # as after allauth's 30 seconds
    again = later.post("/accounts/factors/authenticate/", {"code": once})
    assert again.status_code == 200
    assert "This code is not right" in again.content.decode()
    assert later.post("/accounts/factors/authenticate/", {"code": code(SECRET, now + PERIOD)}).status_code == 302


def test_a_recovery_code_opens_once(mia: User) -> None:
    client = Client()
    client.force_login(mia)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session.save()
    client.post("/accounts/factors/recovery-codes/generate/")
    text = client.get("/accounts/factors/recovery-codes/download/").content.decode()
    recovery = text.split("\n\n")[1].split()[0]
    for status in (302, 200):
        other = Client()
        password_only(other)
        assert other.post("/accounts/factors/authenticate/", {"code": recovery}).status_code == status


def test_the_secret_of_an_app_cannot_be_read_from_the_database(mia: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        assert SECRET not in cursor.fetchone()[0]
    assert people_agree(mia)


def people_agree(mia: User) -> bool:
    return Authenticator.objects.get(user=mia).wrap().validate_code(code(SECRET))


def choose(client: Client, address: str) -> Any:
    return client.post("/o/ada-bakery/settings/payouts/", {"address": address})


def test_where_money_goes_is_changed_by_who_has_just_shown_who_they_are(client: Client) -> None:
    cast = world.cast()
    client.force_login(cast.ada)
    world.sign_in(client, cast.ada, ago=3600)
    away = choose(client, world.ADA_ADDRESS)["Location"]
    assert away.startswith("/accounts/reauthenticate/?next=")
    assert Organization.objects.get(pk=cast.bakery.pk).payout_address == ""
    again = {"password": world.PASSWORD, "next": "/o/ada-bakery/settings/payouts/"}
    assert client.post("/accounts/reauthenticate/", again)["Location"] == "/o/ada-bakery/settings/"
    assert Organization.objects.get(pk=cast.bakery.pk).payout_address == world.ADA_ADDRESS
    choose(client, "")
    assert client.get("/o/ada-bakery/settings/").status_code == 200


def test_it_is_not_changed_by_a_wrong_password(client: Client) -> None:
    cast = world.cast()
    client.force_login(cast.ada)
    world.sign_in(client, cast.ada, ago=3600)
    choose(client, world.ADA_ADDRESS)
    client.post("/accounts/reauthenticate/", {"password": "wrong", "next": "/o/ada-bakery/settings/payouts/"})
    assert Organization.objects.get(pk=cast.bakery.pk).payout_address == ""


def test_a_rejection_asks_again_who_decides_and_an_approval_does_not(client: Client, mia: User, case_id: int) -> None:
    client.force_login(mia)
    world.sign_in(client, mia, ago=3600)
    page = f"/console/cases/{case_id}/"
    away = client.post(page, {"outcome": "reject", "text": "Not found in the register."})["Location"]
    assert away.startswith("/accounts/reauthenticate/")
    with as_system("look"):
        assert ReviewCase.objects.get().state == "open"
    assert client.post(page, {"outcome": "approve", "text": "Found.", "checked": "register"})["Location"] == "/console/"
