"""What every answer says to the browser."""

import subprocess
import sys

import pytest
from django.test import Client

from tests import world

pytestmark = pytest.mark.django_db
PAGES = ["/", "/browse/", "/accounts/login/", "/accounts/signup/", "/governance/"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_only_our_own_scripts_and_stands_in_no_frame(page: str) -> None:
    policy = Client().get(page)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert Client().get(page)["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_inline_code(page: str) -> None:
    text = Client().get(page).content.decode()
    for inline in (' style="', " onclick=", " onload=", "<style", "javascript:"):
        assert inline not in text


def test_what_a_signed_in_person_sees_is_kept_by_no_cache() -> None:
    client = Client()
    client.force_login(world.person("Ada"), backend="allauth.account.auth_backends.AuthenticationBackend")
    for page in ("/", "/o/new/", "/accounts/wallets/"):
        assert "no-store" in client.get(page)["Cache-Control"]


@pytest.mark.parametrize("page", ["/o/new/", "/accounts/login/", "/accounts/wallets/", "/accounts/logout/"])
def test_a_form_from_elsewhere_is_not_taken(page: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.person("Ada"), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(page, {"name": "x"}).status_code == 403


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/", "https:evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(there: str) -> None:
    world.person("Ada")
    answer = Client().post("/accounts/login/", {"login": "ada@example.com", "password": world.PASSWORD, "next": there})
    assert answer.status_code in (200, 302)
    assert "evil" not in answer.get("Location", "")


def test_another_host_is_not_answered() -> None:
    assert Client(headers={"host": "evil.example"}).get("/").status_code == 400


def test_the_schema_of_the_api_is_public() -> None:
    answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    assert "/api/v1/listings/" in answer.json()["paths"]


def test_a_deeply_nested_input_ends_no_process() -> None:
    """A library that lifts the recursion limit would let one request kill a worker."""
    script = (
        "import django; django.setup(); import web3, eth_account, json, sys\n"
        "try: json.loads('[' * 1_000_000)\n"
        "except RecursionError: sys.exit(7)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7


def test_without_our_care_it_would() -> None:
    """The control: the library alone, and the process dies of the same text."""
    script = "import eth_account, json; json.loads('[' * 1_000_000)"
    assert subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode < 0
