"""Listings that people report: one case, a decision with its reason, an appeal, and nobody learns who reported."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from marketplace.catalog.models import Listing, SearchEntry
from marketplace.catalog.search.indexing import catch_up
from marketplace.lifecycle import Refused
from marketplace.moderation import reporting, services
from marketplace.moderation.models import Appeal, Decision, Report, ReviewCase
from marketplace.notifications import reading
from marketplace.notifications.models import Notification
from marketplace.notifications.words import shown
from marketplace.organizations.models import Verification
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.organizations.test_races import at_once

pytestmark = pytest.mark.django_db
PAGE = "/tools/review-mood/report/"
WORDS = "It sent my text to another company."
FORM = {"category": "data", "text": WORDS}


@pytest.fixture
def cast() -> world.Cast:
    cache.clear()
    return world.cast()


@pytest.fixture
def ada(client: Client, cast: world.Cast) -> Client:
    client.force_login(cast.ada)
    return client


def signed_in(person: Any) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


@world.written
def rows(model: Any) -> list[Any]:
    return list(model.objects.order_by("pk"))


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def case_url() -> str:
    return f"/console/cases/{rows(ReviewCase)[-1].pk}/"


def decide(cast: world.Cast, outcome: str, moderator: Any = None) -> Any:
    return signed_in(moderator or cast.mia).post(case_url(), {"outcome": outcome, "text": "Because of this."})


def told(person: Any) -> list[str]:
    reading.read_entries()
    with transaction.atomic(), as_system("look"):
        return [each.sentence for each in shown(Notification.objects.filter(user=person).order_by("pk"))]


def test_a_report_becomes_a_case_and_further_ones_join_it(ada: Client, cast: world.Cast) -> None:
    assert f'href="{PAGE}"' in text(ada, "/tools/review-mood/")
    assert ada.post(PAGE, FORM).url == "/tools/review-mood/"  # type: ignore[attr-defined]
    assert Client().post(PAGE, {"category": "price", "text": "It costs more than it says."}).status_code == 302
    (case,) = rows(ReviewCase)
    assert (case.listing_id, case.org_id, case.state) == (cast.listing.pk, cast.workshop.pk, "open")
    page = text(signed_in(cast.mia), case_url())
    for words in (WORDS, "It costs more than it says.", "somebody who was not signed in", "Ada", "Suspend the listing"):
        assert words in page
    assert "Approve and publish" not in page
    queue = text(signed_in(cast.mia), "/console/")
    assert "Reported" in queue and "× 2" in queue
    assert told(cast.mia) == ["Review mood was reported. It waits for a moderator."], "once for the case"


def test_the_reported_organization_never_sees_who_or_what(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    with transaction.atomic(), scope(org_id=cast.workshop.pk, user_id=cast.ben.pk):
        assert ReviewCase.objects.count() == 1, "the control: the case is theirs to see"
        assert Report.objects.count() == 0
    with transaction.atomic(), scope(user_id=cast.ada.pk):
        assert Report.objects.get().text == WORDS
    decide(cast, "suspend")
    page = text(signed_in(cast.ben), "/o/ben-workshop/listings/review-mood/moderation/")
    assert "Because of this." in page
    assert WORDS not in page and "Mia" not in page


@pytest.mark.parametrize("fields", [{"category": "x"}, {"text": "short"}, {"text": " "}, {"category": ""}])
def test_a_report_says_what_and_how_and_keeps_what_was_typed(ada: Client, fields: dict[str, str]) -> None:
    answer = ada.post(PAGE, {**FORM, **fields})
    assert answer.status_code == 422
    assert fields.get("text", WORDS) in answer.content.decode()
    assert rows(ReviewCase) == []


def test_the_same_person_or_network_reports_once_for_each_case(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    again = ada.post(PAGE, {**FORM, "text": "Another long sentence."})
    assert again.status_code == 422
    assert "reported from here already" in again.content.decode() and "Another long sentence." in again.content.decode()
    assert Client(REMOTE_ADDR="192.0.2.1").post(PAGE, FORM).status_code == 302
    assert Client(REMOTE_ADDR="192.0.2.9").post(PAGE, FORM).status_code == 422
    assert Client(REMOTE_ADDR="192.0.3.9").post(PAGE, FORM).status_code == 302
    assert len(rows(Report)) == 3
    assert all("192.0" not in report.network for report in rows(Report))
    decide(cast, "dismiss")
    assert {report.network for report in rows(Report)} == {""}, "where strangers came from goes with the decision"
    assert ada.post(PAGE, FORM).status_code == 302
    assert len(rows(ReviewCase)) == 2


def test_nobody_floods_the_moderators(ada: Client, cast: world.Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "MOST_A_DAY", 2)
    for i in range(3):
        world.listing(cast.workshop, f"Tool {i}")
    answers = [ada.post(f"/tools/tool-{i}/report/", FORM) for i in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 86_000 < int(answers[2]["Retry-After"]) <= 86_401
    world.written(lambda: Report.objects.update(at=timezone.now() - timedelta(hours=25)))()
    assert ada.post("/tools/tool-2/report/", FORM).status_code == 302


@pytest.mark.parametrize("state", ["hidden", "suspended", "retired"])
def test_only_what_is_in_the_shop_is_reported(ada: Client, cast: world.Cast, state: str) -> None:
    world.written(lambda: Listing.objects.update(state=state))()
    assert ada.post(PAGE, FORM).status_code == 404
    with pytest.raises(Refused, match="not in the shop"):
        reporting.report_listing(Actor(cast.ada.pk), listing_id=cast.listing.pk, category="other", text="x" * 20)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_open_one_case() -> None:
    cast = world.cast()

    def report(i: int) -> Any:
        return reporting.report_listing(
            Actor(), listing_id=cast.listing.pk, category="other", text=WORDS, network=f"192.0.{i}.0/24"
        )

    said = at_once(*[lambda i=i: report(i) for i in range(12)])
    assert all(isinstance(word, Report) for word in said), said
    assert len(rows(ReviewCase)) == 1 and len(rows(Report)) == 12


@pytest.mark.django_db(transaction=True)
def test_one_source_at_once_does_not_slip_past_the_limit_of_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = world.cast()
    monkeypatch.setattr(reporting, "MOST_A_DAY", 3)
    listings = [world.listing(cast.workshop, f"Tool {i}") for i in range(10)]

    def report(listing: Listing) -> Any:
        return reporting.report_listing(Actor(cast.ada.pk), listing_id=listing.pk, category="other", text=WORDS)

    said = at_once(*[lambda one=one: report(one) for one in listings])
    assert [type(word) for word in said].count(Report) == 3, said
    assert len(rows(Report)) == 3


def test_dismissed_reports_change_nothing_and_the_reporter_is_told(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    Client().post(PAGE, FORM)
    assert decide(cast, "dismiss").status_code == 302
    assert text(ada, "/tools/review-mood/")
    assert told(cast.ada) == ["You reported Review mood. A moderator found nothing that breaks the rules."]
    assert told(cast.ben) == []


def test_the_provider_is_asked_for_a_change_and_reads_why(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    decide(cast, "changes")
    assert text(ada, "/tools/review-mood/")
    assert told(cast.ben) == ["A moderator asks you to change Review mood, which was reported."]
    assert told(cast.ada) == ["You reported Review mood. A moderator asked its provider for a change."]
    page = text(signed_in(cast.ben), "/o/ben-workshop/listings/review-mood/moderation/")
    assert "Because of this." in page and "Why it should be looked at again" not in page


def test_a_suspended_listing_leaves_shop_and_search_until_an_appeal_brings_it_back(
    ada: Client, cast: world.Cast
) -> None:
    moritz = world.person("Moritz", is_moderator=True)
    ada.post(PAGE, FORM)
    decide(cast, "suspend")
    catch_up()
    assert ada.get("/tools/review-mood/").status_code == 404
    assert not SearchEntry.objects.exists()
    assert told(cast.ada) == ["You reported Review mood. A moderator took it out of the shop."]
    ben, where = signed_in(cast.ben), "/o/ben-workshop/listings/review-mood/moderation/"
    assert where in text(ben, "/o/ben-workshop/listings/review-mood/")
    assert ben.post(where, {"text": "short"}).status_code == 422
    assert ben.post(where, {"text": "That company is our own host."}).status_code == 302
    assert "It waits for another moderator." in text(ben, where)
    assert ben.post(where, {"text": "Once more, for good measure."}).status_code == 422
    assert "Appeal" in text(signed_in(cast.mia), "/console/")
    refused = decide(cast, "restore")
    assert refused.status_code == 422 and "Another moderator has to look" in refused.content.decode()
    assert decide(cast, "dismiss", moritz).status_code == 422, "an appeal has its own answers"
    assert decide(cast, "restore", moritz).status_code == 302
    catch_up()
    assert text(ada, "/tools/review-mood/") and SearchEntry.objects.exists()
    assert told(cast.ada)[-1] == "Review mood, which you reported, is back in the shop after its provider's appeal."
    assert "That company is our own host." in text(ben, where)


def test_an_upheld_suspension_is_the_end_of_it(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    decide(cast, "suspend")
    with transaction.atomic(), scope(org_id=cast.workshop.pk, user_id=cast.ben.pk):
        reporting.appeal(world.actor(cast.ben, cast.workshop), listing_id=cast.listing.pk, text="Please look again.")
    assert decide(cast, "uphold").status_code == 302, "the only moderator there is may look again"
    assert ada.get("/tools/review-mood/").status_code == 404
    with transaction.atomic(), scope(org_id=cast.workshop.pk, user_id=cast.ben.pk), pytest.raises(Refused):
        reporting.appeal(world.actor(cast.ben, cast.workshop), listing_id=cast.listing.pk, text="And again, please.")
    assert [decision.outcome for decision in rows(Decision)] == ["suspend", "uphold"]


def test_nothing_is_appealed_that_was_not_suspended_or_is_not_mine(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    for person, org in ((cast.ben, cast.workshop), (cast.ada, cast.bakery)):
        with (
            transaction.atomic(),
            scope(org_id=org.pk, user_id=person.pk),
            pytest.raises(Refused, match="no suspension"),
        ):
            reporting.appeal(world.actor(person, org), listing_id=cast.listing.pk, text="Please look again.")
    assert rows(Appeal) == []


@pytest.mark.parametrize("outcome", ["approve", "reject", "restore", "uphold", "nonsense"])
def test_answers_of_other_cases_are_none_to_this_one(ada: Client, cast: world.Cast, outcome: str) -> None:
    ada.post(PAGE, FORM)
    assert decide(cast, outcome).status_code == 422
    with transaction.atomic(), as_system("look"), pytest.raises(Refused, match="no answer to this case"):
        moderator = Actor(cast.mia.pk, role="moderator")
        services.decide(moderator, case=ReviewCase.objects.get(), outcome=outcome, reason="x")
    assert rows(Decision) == []


def test_a_suspension_asks_again_who_acts(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    browser = Client()
    browser.force_login(cast.mia)
    world.sign_in(browser, cast.mia, ago=3600)
    answer: Any = browser.post(case_url(), {"outcome": "suspend", "text": "Because."})
    assert answer.status_code == 302 and "/reauthenticate/" in answer.url
    assert rows(Decision) == []


def test_a_listing_that_its_provider_retired_meanwhile_is_not_suspended(ada: Client, cast: world.Cast) -> None:
    ada.post(PAGE, FORM)
    world.written(lambda: Listing.objects.update(state="retired"))()
    refused = decide(cast, "suspend")
    assert refused.status_code == 422 and "changed meanwhile" in refused.content.decode()
    assert decide(cast, "dismiss").status_code == 302


def test_an_organization_is_verified_as_before_while_its_listing_is_reported(ada: Client, cast: world.Cast) -> None:
    """A report's case is no case about the organization: both can be open."""
    ada.post(PAGE, FORM)
    with transaction.atomic(), as_system("the test's world"):
        type(cast.workshop).objects.filter(pk=cast.workshop.pk).update(state="submitted")
        Verification.objects.create(org=cast.workshop, registration_number="HRB 1")
    services.open_cases()
    assert len(rows(ReviewCase)) == 2


def test_without_the_row_policy_the_provider_would_read_the_reports(ada: Client, cast: world.Cast) -> None:
    """The control of the wall: the rows are there for whoever is bound by none."""
    ada.post(PAGE, FORM)
    with transaction.atomic(), as_system("the control"):
        assert Report.objects.get().text == WORDS
