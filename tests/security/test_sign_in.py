"""Guessing is slow, learns nothing, and locks nobody out; roles and bans take effect at once."""

import re
import statistics
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import hashers
from django.core.cache import cache
from django.test import Client

from marketplace.accounts.models import User
from settings import base
from settings.local.people import code
from tests import world

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
SECRET = "GUILDHALLDEMOMIA"
HERE, NEXT_DOOR, ELSEWHERE = "203.0.113.7", "203.0.113.99", "198.51.100.7"


@pytest.fixture(autouse=True)
def limited(settings: Any) -> None:
    """As in production; the counters begin anew."""
    settings.ACCOUNT_RATE_LIMITS = base.ACCOUNT_RATE_LIMITS
    cache.clear()


@pytest.fixture
def ada() -> User:
    return world.person("Ada")


def attempt(password: str, *, at: str = HERE, email: str = "ada@example.com", client: Client | None = None) -> Any:
    return (client or Client()).post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=at)


def guess(times: int, **where: Any) -> list[Any]:
    return [attempt(f"wrong-{number}", **where) for number in range(times)]


# --- guessing is slow -----------------------------------------------------------------------------------------------


def test_the_sixth_guess_from_a_network_waits(ada: User) -> None:
    answers = guess(7)
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert 800 < int(answers[-1]["Retry-After"]) <= 901
    page = answers[-1].content.decode()
    assert "Wait 15 minutes" in page
    assert 'value="ada@example.com"' in page, "what was typed stays"


def test_then_the_right_password_waits_too_or_a_guesser_would_know(ada: User) -> None:
    guess(5)
    assert attempt(world.PASSWORD).status_code == 429


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (HERE, NEXT_DOOR, True),
        (HERE, ELSEWHERE, False),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::3", "2001:db8:2::3", False),
        ("::ffff:203.0.113.7", NEXT_DOOR, True),
    ],
)
def test_a_network_is_a_24_or_a_48(ada: User, first: str, second: str, same: bool) -> None:
    guess(5, at=first)
    assert attempt(world.PASSWORD, at=second).status_code == (429 if same else 302)


def test_right_passwords_count_for_nothing(ada: User) -> None:
    assert [attempt(world.PASSWORD).status_code for _ in range(8)] == [302] * 8


def test_guesses_at_many_accounts_from_one_network_are_stopped() -> None:
    answers = [attempt("wrong", email=f"person-{number}@example.com") for number in range(51)]
    assert [answer.status_code for answer in answers] == [200] * 50 + [429]


def test_the_address_comes_from_the_connection_unless_a_proxy_is_trusted(ada: User, settings: Any) -> None:
    said = [Client(headers={"x-forwarded-for": f"192.0.{number}.1"}) for number in range(6)]
    assert [attempt("wrong", client=client).status_code for client in said] == [200] * 5 + [429]
    cache.clear()
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    said = [Client(headers={"x-forwarded-for": f"192.0.{number}.1, 203.0.113.{number}"}) for number in range(6)]
    assert [attempt("wrong", client=client).status_code for client in said] == [200] * 5 + [429]
    assert attempt("wrong", client=Client(headers={"x-forwarded-for": "203.0.113.7, 192.0.2.1"})).status_code == 200


def test_codes_of_the_second_factor_are_counted_by_account() -> None:
    mia = world.person("Mia", is_moderator=True)
    TOTP.activate(mia, SECRET)
    codes = []
    for number in range(7):
        client = Client()
        attempt(world.PASSWORD, email="mia@example.com", at=f"198.51.{number}.1", client=client)
        typed = code(SECRET) if number == 6 else "000000"
        codes.append(client.post("/accounts/factors/authenticate/", {"code": typed}))
    assert [answer.status_code for answer in codes] == [200] * 5 + [429] * 2


def test_wallets_are_tried_five_times(client: Client) -> None:
    statuses = []
    for _ in range(6):
        client.get("/accounts/login/wallet/message/", {"address": world.ADA_ADDRESS})
        said = {"address": world.ADA_ADDRESS, "signature": "0x" + "11" * 65}
        statuses.append(client.post("/accounts/login/wallet/", said))
    assert [answer.status_code for answer in statuses] == [422] * 5 + [429]
    assert int(statuses[-1]["Retry-After"]) > 800


def test_links_for_a_new_password_are_sent_five_times(mailoutbox: list[Any], ada: User) -> None:
    answers = [Client().post("/accounts/password/reset/", {"email": "ada@example.com"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert answers[-1]["Retry-After"] == "900"
    assert len(mailoutbox) == 5


# --- nobody is locked out -------------------------------------------------------------------------------------------


def test_who_signed_in_before_in_this_browser_gets_in_while_the_neighbours_guess(ada: User) -> None:
    browser = Client()
    attempt(world.PASSWORD, client=browser)
    browser.post("/accounts/logout/")
    guess(9, at=NEXT_DOOR)
    assert attempt(world.PASSWORD).status_code == 429
    assert attempt(world.PASSWORD, client=browser).status_code == 302


def test_a_known_browser_may_not_guess_without_end_either(ada: User) -> None:
    browser = Client()
    attempt(world.PASSWORD, client=browser)
    browser.post("/accounts/logout/")
    assert [answer.status_code for answer in guess(6, client=browser)] == [200] * 5 + [429]


def test_the_mark_of_another_account_or_a_forged_one_is_worth_nothing(ada: User) -> None:
    world.person("Eve")
    browser = Client()
    attempt(world.PASSWORD, email="eve@example.com", client=browser)
    browser.post("/accounts/logout/")
    guess(5)
    assert attempt(world.PASSWORD, client=browser).status_code == 429
    browser.cookies["device"] = browser.cookies["device"].value[:-1] + "x"
    assert attempt(world.PASSWORD, client=browser).status_code == 429


def test_while_many_networks_guess_the_right_password_needs_a_mailed_code(ada: User, mailoutbox: list[Any]) -> None:
    before = Client()
    attempt(world.PASSWORD, client=before)
    before.post("/accounts/logout/")
    for number in range(5):
        guess(4, at=f"198.51.{number}.7")
    browser = Client()
    answer = attempt(world.PASSWORD, at="192.0.2.1", client=browser)
    assert answer.url == "/accounts/login/code/confirm/"
    assert browser.get("/o/").url.startswith(LOGIN)  # type: ignore[attr-defined]
    assert "ada@example.com" in browser.get(answer.url).content.decode()
    mailed = re.search(r"^[A-Z0-9-]{6,9}$", mailoutbox[-1].body, re.MULTILINE)
    assert mailed
    assert browser.post(answer.url, {"code": mailed[0], "action": "verify"}).url == "/o/"  # type: ignore[attr-defined]
    assert attempt(world.PASSWORD, client=before).url == "/o/", "a browser that is known needs no code"


def test_who_chose_a_new_password_by_mail_begins_anew(ada: User, mailoutbox: list[Any]) -> None:
    guess(5)
    browser = Client(REMOTE_ADDR=HERE)
    browser.post("/accounts/password/reset/", {"email": "ada@example.com"})
    path = "/accounts/password/reset/key/" + mailoutbox[-1].body.partition("/password/reset/key/")[2].split()[0]
    form = browser.get(path).url  # type: ignore[attr-defined]
    browser.post(form, {"password1": "another-long-secret-1", "password2": "another-long-secret-1"})
    assert attempt("another-long-secret-1").status_code == 302


# --- guessing learns nothing ----------------------------------------------------------------------------------------


def seen(answer: Any) -> tuple[int, str, str]:
    """What a stranger sees: status, where it leads, and the page without what differs from request to request."""
    page = re.sub(
        r'(csrfmiddlewaretoken" value=|nonce=|name="(?:login|email)" value=)"[^"]*"', "", answer.content.decode()
    )
    return answer.status_code, answer.get("Location", ""), page.replace("nobody@example.com", "ada@example.com")


@pytest.mark.parametrize(
    ("page", "field", "more"),
    [
        (LOGIN, "login", {"password": "wrong"}),
        ("/accounts/password/reset/", "email", {}),
        ("/accounts/signup/", "email", {"password1": "a-long-secret-77"}),
        ("/accounts/signup/", "email", {"password1": "short"}),
    ],
)
def test_a_page_says_the_same_of_an_address_that_has_an_account(ada: User, page: str, field: str, more: Any) -> None:
    known, unknown = (Client() for _ in range(2))
    first = known.post(page, {field: "ada@example.com", **more})
    second = unknown.post(page, {field: "nobody@example.com", **more})
    assert seen(first) == seen(second)
    if first.status_code == 302:
        assert seen(known.get(first["Location"])) == seen(unknown.get(second["Location"]))
        assert seen(known.get("/o/")) == seen(unknown.get("/o/"))


def test_the_mail_tells_what_the_page_does_not(ada: User, mailoutbox: list[Any]) -> None:
    Client().post("/accounts/signup/", {"email": "ada@example.com", "password1": "a-long-secret-77"})
    Client().post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert [mail.subject for mail in mailoutbox] == [
        "You have an account already",
        "There is no account with this address",
    ]
    assert User.objects.count() == 1


def test_changing_to_an_address_that_is_taken_looks_like_any_other_change(ada: User, mailoutbox: list[Any]) -> None:
    world.person("Ben")
    pages = []
    for email in ("ben@example.com", "nobody@example.com"):
        client = Client()
        client.force_login(ada)
        fresh(client)
        answer = client.post("/accounts/email/", {"email": email, "action_add": ""})
        pages.append((answer.status_code, answer["Location"]))
    assert pages[0] == pages[1] == (302, "/accounts/email/")
    assert EmailAddress.objects.get(user=ada, verified=True).email == "ada@example.com"


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
@pytest.mark.parametrize(
    ("page", "form"),
    [
        (LOGIN, {"field": "login", "password": "wrong"}),
        ("/accounts/signup/", {"field": "email", "password1": "a-long-secret-77"}),
    ],
)
def test_known_or_not_one_password_is_hashed(
    ada: User, monkeypatch: pytest.MonkeyPatch, page: str, form: dict[str, str], email: str
) -> None:
    """What costs the time of an answer is done either way; the measured proof runs with the long tests."""
    hashed = []
    plain = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return plain(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    fields = {**form}
    Client().post(page, {fields.pop("field"): email, **fields})
    assert len(hashed) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("page", "field", "more"),
    [
        (LOGIN, "login", {"password": "wrong"}),
        ("/accounts/password/reset/", "email", {}),
        ("/accounts/signup/", "email", {"password1": "a-long-secret-77"}),
    ],
)
def test_the_clock_tells_nothing(settings: Any, page: str, field: str, more: dict[str, str]) -> None:
    """CPU time in turns, with the hasher of production: the median of what two that follow each other differ by."""
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    settings.ACCOUNT_RATE_LIMITS = False
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(44):
        world.person(f"Known {number}")
        for known in (True, False) if number % 2 else (False, True):
            email = f"known-{number}@example.com" if known else f"unknown-{number}@example.com"
            client = Client()
            began = time.process_time()
            client.post(page, {field: email, **more})
            took[known].append(time.process_time() - began)
    known, unknown = (statistics.median(took[which][4:]) * 1000 for which in (True, False))
    apart = statistics.median(a - b for a, b in zip(took[True][4:], took[False][4:], strict=True)) * 1000
    print(f"{page}: known {known:.1f} ms, unknown {unknown:.1f} ms, {apart:+.2f} ms apart")  # noqa: T201
    assert abs(apart) < 5


# --- sessions -------------------------------------------------------------------------------------------------------


def fresh(client: Client) -> None:
    """Show again who one is, as allauth's own pages want it."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session.save()


def is_in(client: Client) -> bool:
    return not client.get("/o/")["Location"].startswith(LOGIN)


def test_a_session_gets_another_key_at_sign_in(client: Client, ada: User) -> None:
    session = client.session
    session["seen"] = True
    session.save()
    before = session.session_key
    attempt(world.PASSWORD, client=client)
    assert is_in(client)
    assert client.session.session_key != before


def test_a_ban_ends_what_runs_at_the_next_request(client: Client, ada: User) -> None:
    attempt(world.PASSWORD, client=client)
    assert is_in(client)
    User.objects.update(is_active=False)
    assert not is_in(client)
    assert attempt(world.PASSWORD).url == "/accounts/inactive/"


@pytest.mark.parametrize("becomes", [True, False])
def test_another_role_in_the_market_ends_every_session(client: Client, becomes: bool) -> None:
    ada = world.person("Ada", is_moderator=not becomes)
    client.force_login(ada)
    assert is_in(client)
    User.objects.update(is_moderator=becomes)
    assert not is_in(client)


def test_another_password_ends_the_other_sessions(ada: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        attempt(world.PASSWORD, client=client)
    fresh(here)
    new = {"oldpassword": world.PASSWORD, "password1": "another-long-secret-1", "password2": "another-long-secret-1"}
    here.post("/accounts/password/change/", new)
    assert (is_in(here), is_in(there)) == (True, False)


def test_one_can_sign_out_everywhere_else(ada: User) -> None:
    here, there = Client(), Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    for client in (here, there):
        attempt(world.PASSWORD, client=client)
    assert "Firefox on Linux" in here.get("/accounts/sessions/").content.decode()
    here.post("/accounts/sessions/")
    assert (is_in(here), is_in(there)) == (True, False)
