"""What moderators decide, and how it reaches them."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from marketplace.audit.models import Entry
from marketplace.catalog import services as catalog
from marketplace.catalog.models import ListingVersion
from marketplace.lifecycle import Refused
from marketplace.moderation import services
from marketplace.moderation.models import Decision, ReviewCase
from marketplace.moderation.tasks import open_cases
from marketplace.organizations.models import Organization, Verification
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db


@world.written
def submitted(org: Organization, name: str = "Forecast", **fields: Any) -> ListingVersion:
    version = world.version(org, name, **fields)
    version.move("submitted", submitted_at=version.created_at)
    return version


@world.written
def asking(name: str = "Newcomer") -> Organization:
    org = world.organization(name, state="submitted")
    Verification.objects.create(org=org, registration_number="HRB 1")
    return org


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def mia(cast: world.Cast) -> Iterator[Actor]:
    """Inside the moderators' door."""
    with as_system("moderators decide"):
        yield Actor(cast.mia.pk, role="moderator")


def case_of(version: ListingVersion) -> ReviewCase:
    open_cases()
    return ReviewCase.objects.get(version=version)


def test_whatever_waits_comes_into_the_queue_once(cast: world.Cast, mia: Actor) -> None:
    version, org = submitted(cast.workshop), asking()
    world.version(cast.workshop, "Only a draft")
    for _ in range(3):
        open_cases()
    waiting = ReviewCase.objects.waiting()
    assert {(case.org_id, case.version_id) for case in waiting} == {(cast.workshop.pk, version.pk), (org.pk, None)}
    assert waiting.get(version=version).opened_at == version.submitted_at


@pytest.mark.django_db(transaction=True)
def test_many_workers_open_each_case_once() -> None:
    org = world.provider("Prolific")
    for i in range(6):
        submitted(org, f"Tool {i}")
        asking(f"Newcomer {i}")
    barrier, problems = threading.Barrier(6), []

    def work() -> None:
        barrier.wait()
        try:
            open_cases()
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with transaction.atomic(), as_system("look"):
        assert ReviewCase.objects.count() == 12


def test_without_the_unique_keys_a_second_case_could_be_opened(cast: world.Cast, mia: Actor) -> None:
    case = case_of(submitted(cast.workshop))
    with pytest.raises(Exception, match="one_open_case_per_version"), transaction.atomic():
        ReviewCase.objects.create(org_id=case.org_id, version_id=case.version_id)


def test_an_approved_version_goes_public(cast: world.Cast, mia: Actor) -> None:
    version = submitted(cast.workshop)
    decided = services.decide(mia, case=case_of(version), outcome="approve", reason="Clear and lawful.")
    version.refresh_from_db()
    assert (version.state, version.listing.state, decided.is_new) == ("approved", "public", True)
    case = decided.decision.case
    case.refresh_from_db()
    assert case.state == "decided"
    verbs = Entry.objects.for_org(cast.workshop.pk).values_list("verb", flat=True)
    assert {"listing.published", "case.approve"} <= set(verbs)


@pytest.mark.parametrize(("outcome", "state"), [("changes", "changes_requested"), ("reject", "rejected")])
def test_a_no_carries_its_reason_to_the_provider(cast: world.Cast, mia: Actor, outcome: str, state: str) -> None:
    version = submitted(cast.workshop)
    services.decide(mia, case=case_of(version), outcome=outcome, reason="  Say what it costs. ")
    with scope(org_id=cast.workshop.pk):
        version.refresh_from_db()
        assert (version.state, version.reason) == (state, "Say what it costs.")
        assert Decision.objects.for_org(cast.workshop.pk).get().reason == "Say what it costs."


@pytest.mark.parametrize(("outcome", "state"), [("approve", "verified"), ("changes", "new"), ("reject", "refused")])
def test_an_organization_is_verified_or_told_why_not(mia: Actor, outcome: str, state: str) -> None:
    org = asking()
    open_cases()
    case = ReviewCase.objects.get(org=org)
    services.decide(mia, case=case, outcome=outcome, reason="Register looked up.", checked=["register"])
    org.refresh_from_db()
    assert org.state == state
    assert Verification.objects.for_org(org.pk).get().reason == "Register looked up."


def test_a_decision_needs_a_reason(cast: world.Cast, mia: Actor) -> None:
    version = submitted(cast.workshop)
    with pytest.raises(Refused, match="Give a reason"):
        services.decide(mia, case=case_of(version), outcome="approve", reason="  ")
    version.refresh_from_db()
    assert version.state == "submitted"


def test_nobody_decides_about_their_own_organization(cast: world.Cast, mia: Actor) -> None:
    version = submitted(cast.workshop)
    world.member(cast.workshop, cast.mia, "viewer")
    with pytest.raises(Refused, match="Somebody else has to decide"):
        services.decide(mia, case=case_of(version), outcome="approve", reason="My own.")
    assert not Decision.objects.exists()


def test_only_moderators_decide(cast: world.Cast, mia: Actor) -> None:
    case = case_of(submitted(cast.workshop))
    for role in ("owner", "", "system"):
        with pytest.raises(Refused, match="Only moderators"):
            services.decide(Actor(cast.ada.pk, cast.bakery.pk, role), case=case, outcome="approve", reason="!")


def test_the_same_decision_sent_twice_is_made_once(cast: world.Cast, mia: Actor) -> None:
    case = case_of(submitted(cast.workshop))
    first = services.decide(mia, case=case, outcome="approve", reason="Fine.")
    again = services.decide(mia, case=case, outcome="approve", reason="Fine.")
    assert (first.is_new, again.is_new, again.decision) == (True, False, first.decision)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(("outcome", "reason"), [("reject", "Fine."), ("approve", "Other words.")])
def test_another_decision_about_a_decided_case_is_refused(
    cast: world.Cast, mia: Actor, outcome: str, reason: str
) -> None:
    version = submitted(cast.workshop)
    case = case_of(version)
    services.decide(mia, case=case, outcome="approve", reason="Fine.")
    with pytest.raises(Refused, match="approved already"):
        services.decide(mia, case=case, outcome=outcome, reason=reason)
    other = world.person("Moritz", is_moderator=True)
    with pytest.raises(Refused, match="approved already"):
        services.decide(Actor(other.pk, role="moderator"), case=case, outcome="approve", reason="Fine.")
    version.refresh_from_db()
    assert version.state == "approved"


def test_a_decision_that_cannot_be_carried_out_is_not_made(cast: world.Cast, mia: Actor) -> None:
    version = submitted(cast.workshop)
    case = case_of(version)
    Organization.objects.filter(pk=cast.workshop.pk).update(payout_address="")
    with pytest.raises(Refused, match="payout wallet"):
        services.decide(mia, case=case, outcome="approve", reason="Fine.")
    case.refresh_from_db()
    assert case.state == "open"
    assert not Decision.objects.exists()


def test_what_was_changed_comes_back_as_a_new_case(cast: world.Cast, mia: Actor) -> None:
    version = submitted(cast.workshop, endpoint="https://tools.example/forecast")
    services.decide(mia, case=case_of(version), outcome="changes", reason="Shorter.")
    catalog.submit_version(Actor(cast.ben.pk, cast.workshop.pk, "owner"), listing_id=version.listing_id)
    open_cases()
    assert list(ReviewCase.objects.order_by("pk").values_list("state", flat=True)) == ["decided", "open"]


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_make_one_decision() -> None:
    cast = world.cast()
    moritz = world.person("Moritz", is_moderator=True)
    submitted(cast.workshop)
    open_cases()
    with transaction.atomic(), as_system("look"):
        case = ReviewCase.objects.get()
    barrier, answers = threading.Barrier(2), []

    def work(user_id: int, outcome: str) -> None:
        barrier.wait()
        try:
            with transaction.atomic(), as_system("moderators decide"):
                services.decide(Actor(user_id, role="moderator"), case=case, outcome=outcome, reason="Mine.")
            answers.append("decided")
        except Refused:
            answers.append("refused")
        finally:
            connection.close()

    both = [(cast.mia.pk, "approve"), (moritz.pk, "reject")]
    threads = [threading.Thread(target=work, args=args) for args in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["decided", "refused"]
    with transaction.atomic(), as_system("look"):
        assert Decision.objects.count() == 1
