"""The moderators' console."""

from typing import Any

import pytest
from django.test import Client

from marketplace.catalog.models import ListingVersion
from marketplace.moderation.models import Decision, ReviewCase
from marketplace.moderation.tasks import open_cases
from marketplace.organizations.models import Organization, Verification
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def mia(client: Client, cast: world.Cast) -> Client:
    client.force_login(cast.mia)
    return client


@world.written
def submitted(org: Organization, name: str = "Forecast", **fields: Any) -> ListingVersion:
    version = world.version(org, name, **fields)
    version.move("submitted", submitted_at=version.created_at)
    return version


@world.written
def asking() -> Organization:
    org = world.organization("Newcomer", state="submitted", website="https://newcomer.example")
    Verification.objects.create(org=org, registration_number="HRB 4711", note="We also trade as NewA.")
    return org


def page_of(**case: Any) -> str:
    open_cases()
    with as_system("look"):
        return f"/console/cases/{ReviewCase.objects.get(**case).pk}/"


def body(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


def test_the_console_is_not_there_for_others(client: Client, cast: world.Cast) -> None:
    url = page_of(version=submitted(cast.workshop))
    assert client.get("/console/").status_code == 302
    client.force_login(cast.ada)
    for page in ("/console/", url):
        assert client.get(page).status_code == 404
        assert client.post(page, {"outcome": "approve", "text": "Mine."}).status_code == 404
    with as_system("look"):
        assert not Decision.objects.exists()


def test_the_queue_shows_what_waits_and_then_nothing(mia: Client, cast: world.Cast) -> None:
    assert "All decided" in body(mia.get("/console/"))
    submitted(cast.workshop)
    asking()
    open_cases()
    page = body(mia.get("/console/"))
    assert "2 cases to decide" in page
    assert page.index("Forecast") < page.index("Newcomer")


def test_a_case_shows_all_that_is_needed_to_decide(mia: Client, cast: world.Cast) -> None:
    page = body(mia.get(page_of(version=submitted(cast.workshop))))
    for words in ("Ben Workshop", "http://127.0.0.1:9/review-mood", "29.00", "<strong>mood</strong>", "Ben (Owner)"):
        assert words in page


def test_an_organizations_case_shows_what_it_showed(mia: Client) -> None:
    page = body(mia.get(page_of(org=asking(), version=None)))
    for words in ("HRB 4711", "We also trade as NewA.", "https://newcomer.example"):
        assert words in page


def test_a_next_version_shows_what_changed(mia: Client, cast: world.Cast) -> None:
    version = submitted(
        cast.workshop, "Review mood", listing=cast.listing, summary="Even better", price=39 * world.TUSD
    )
    page = body(mia.get(page_of(version=version)))
    assert "What changed since version 1" in page
    assert "<ins>Price: 39 TUSD</ins>" in page
    assert "<del>Price: 29 TUSD</del>" in page


def test_a_submitted_text_cannot_run_in_the_moderators_browser(mia: Client, cast: world.Cast) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    version = submitted(cast.workshop, evil[:60], slug="evil", summary=evil[:140], description=evil)
    page = body(mia.get(page_of(version=version)))
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_an_approval_publishes(mia: Client, cast: world.Cast, client: Client) -> None:
    url = page_of(version=submitted(cast.workshop))
    reason = "The listing is clear, lawful and does what it says."
    answer: Any = mia.post(url, {"outcome": "approve", "template": reason, "text": "Well done."})
    assert answer.url == "/console/"
    assert "Forecast: approved." in body(mia.get("/console/"))
    assert client.get("/tools/forecast/").status_code == 200
    with as_system("look"):
        assert Decision.objects.get().reason == f"{reason}\n\nWell done."


def test_a_decision_without_a_reason_is_asked_for_one_and_keeps_the_rest(mia: Client, cast: world.Cast) -> None:
    url = page_of(version=submitted(cast.workshop))
    page = body(mia.post(url, {"outcome": "approve", "template": "", "text": "  "}), 422)
    assert "Give a reason" in page
    page = body(mia.post(url, {"outcome": "delete", "text": "Nonsense."}), 422)
    assert "Nonsense." in page
    page = body(mia.post(url, {"text": "No outcome."}), 422)
    assert "No outcome." in page
    with as_system("look"):
        assert not Decision.objects.exists()


def test_the_same_decision_sent_twice_says_so(mia: Client, cast: world.Cast) -> None:
    url = page_of(version=submitted(cast.workshop))
    form = {"outcome": "changes", "template": "", "text": "Shorter."}
    mia.post(url, form)
    mia.post(url, form)
    assert "it was made once" in body(mia.get("/console/"))
    page = body(mia.post(url, {**form, "outcome": "reject"}), 422)
    assert "changes requested already" in page
    with as_system("look"):
        assert Decision.objects.count() == 1


def test_the_own_organizations_case_cannot_be_decided(mia: Client, cast: world.Cast) -> None:
    world.member(cast.workshop, cast.mia, "viewer")
    url = page_of(version=submitted(cast.workshop))
    page = body(mia.get(url))
    assert "somebody else has to decide" in page
    assert 'value="approve"' not in page
    page = body(mia.post(url, {"outcome": "approve", "text": "Mine."}), 422)
    assert "Somebody else has to decide" in page


def test_an_organization_is_verified_from_the_console(mia: Client) -> None:
    org = asking()
    url = page_of(org=org, version=None)
    page = body(mia.post(url, {"outcome": "approve", "text": "Register looked up."}), 422)
    assert "Tick what you checked." in page
    assert "Register looked up." in page
    body(mia.post(url, {"outcome": "approve", "text": "Register looked up.", "checked": ["documents"]}), 422)
    mia.post(url, {"outcome": "approve", "text": "Register looked up.", "checked": ["register"]})
    org.refresh_from_db()
    assert org.is_verified
    assert org.checked_facts == ["Entry in the company register"]


def test_the_number_of_queries_does_not_grow_with_the_queue(
    mia: Client, cast: world.Cast, django_assert_max_num_queries: Any
) -> None:
    for i in range(12):
        submitted(cast.workshop, f"Tool {i}")
    url = page_of(version__name="Tool 0")
    mia.get(url)
    with django_assert_max_num_queries(26):  # of which a third sets and resets the scope
        mia.get(url)
    with django_assert_max_num_queries(16):
        mia.get("/console/")
