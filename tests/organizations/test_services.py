"""Organizations come into being, show who they are, and are verified or not."""

import re
import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.models import Membership, Organization, Verification
from marketplace.organizations.services import founding
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def at_the_bakery(cast: world.Cast) -> Iterator[Actor]:
    """Inside the door of Ada's bakery."""
    with scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        yield world.actor(cast.ada, cast.bakery)


def verbs(org: Organization) -> list[str]:
    with as_system("look at the record"):
        return list(Entry.objects.for_org(org.pk).order_by("sequence").values_list("verb", flat=True))


def found(name: str = "Bäckerei Möller & Söhne", country: str = "DE") -> Organization:
    person = world.person("Founder", email=f"founder{Membership.objects.count()}-{len(name)}@example.com")
    return services.create_organization(Actor(person.pk), name=name, country=country)


def test_who_founds_an_organization_owns_it(cast: world.Cast) -> None:
    org = services.create_organization(Actor(cast.ada.pk), name="Café Süd", country="AT", intention="both")
    with scope(user_id=cast.ada.pk):
        assert Membership.objects.get(org=org).role == "owner"
    assert re.fullmatch("cafe-sud-[bcdfghjkmnpqrstvwxz2-9]{4}", org.slug)
    assert (org.state, org.wants_to_sell) == ("new", True)
    assert verbs(org) == ["organization.created"]


def test_an_address_does_not_tell_whether_others_have_the_name(cast: world.Cast) -> None:
    """Taken or not, the address is the name and four letters that nobody can foresee."""
    world.organization("Taken Name")
    taken, free = found("Taken Name"), found("Free Name")
    assert re.fullmatch("taken-name-[a-z2-9]{4}", taken.slug)
    assert re.fullmatch("free-name-[a-z2-9]{4}", free.slug)


@pytest.mark.parametrize(("name", "stem"), [("New", "new"), ("株式会社", "organization"), ("x" * 80, "x" * 50)])
def test_any_name_makes_an_address(name: str, stem: str) -> None:
    assert re.fullmatch(f"{stem}-[a-z2-9]{{4}}", found(name).slug)


def test_an_address_that_is_taken_is_rolled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rolls = iter(["bbbb", "bbbb", "cccc"])
    monkeypatch.setattr(founding, "get_random_string", lambda length, letters: next(rolls))
    people = [world.person(f"P{i}") for i in range(2)]
    made = [services.create_organization(Actor(person.pk), name="Same", country="DE") for person in people]
    assert [org.slug for org in made] == ["same-bbbb", "same-cccc"]


def test_the_form_sent_twice_founds_one_organization(cast: world.Cast) -> None:
    services.create_organization(Actor(cast.ada.pk), name="Twice", country="DE")
    with pytest.raises(Refused, match="called twice already"):
        services.create_organization(Actor(cast.ada.pk), name="twice", country="DE")
    assert Organization.objects.filter(name__iexact="twice").count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_founding_at_once_all_get_their_own_address() -> None:
    people = [world.person(f"Founder {i}") for i in range(8)]
    refused: list[Exception] = []

    def work(user_id: int) -> None:
        try:
            services.create_organization(Actor(user_id), name="Rush", country="DE")
        except Exception as problem:
            refused.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(person.pk,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert Organization.objects.filter(slug__startswith="rush").count() == 8


def test_a_person_cannot_make_themselves_a_member_of_a_strangers_organization(cast: world.Cast) -> None:
    stranger = world.person("Stranger")
    with scope(user_id=stranger.pk), pytest.raises(Exception, match="row-level security"), transaction.atomic():
        Membership.objects.create(org=cast.bakery, user=stranger, role="owner")


def test_the_profile_changes_and_the_change_is_on_record(cast: world.Cast, at_the_bakery: Actor) -> None:
    services.update_profile(at_the_bakery, name="Ada's Bakery", about="Bread", website="https://ada.example")
    cast.bakery.refresh_from_db()
    assert (cast.bakery.name, cast.bakery.about) == ("Ada's Bakery", "Bread")
    assert verbs(cast.bakery) == ["organization.updated"]


@pytest.mark.parametrize("state", ["submitted", "verified"])
def test_a_name_that_is_being_checked_or_was_checked_stays(state: str) -> None:
    owner = world.person("Owner")
    org = world.provider("Known", owner=owner)
    with as_system("set the stage"):
        Organization.objects.filter(pk=org.pk).update(state=state)
    with scope(org_id=org.pk), pytest.raises(Refused, match="stays as it is"):
        services.update_profile(world.actor(owner, org), name="Other", about="", website="")
    with scope(org_id=org.pk):
        services.update_profile(world.actor(owner, org), name="Known", about="More", website="")
    org.refresh_from_db()
    assert (org.name, org.about) == ("Known", "More")


def test_payouts_go_to_a_wallet_that_the_owner_has_linked(cast: world.Cast, at_the_bakery: Actor) -> None:
    services.set_payout_wallet(at_the_bakery, address=world.ADA_ADDRESS)
    cast.bakery.refresh_from_db()
    assert cast.bakery.payout_address == world.ADA_ADDRESS
    assert verbs(cast.bakery) == ["organization.payout_wallet_set"]


def test_payouts_cannot_go_to_somebody_elses_wallet(cast: world.Cast, at_the_bakery: Actor) -> None:
    with pytest.raises(Refused, match="not linked to you"):
        services.set_payout_wallet(at_the_bakery, address=world.BEN_ADDRESS)


def test_only_an_owner_says_where_the_money_goes(cast: world.Cast, at_the_bakery: Actor) -> None:
    admin = Actor(cast.ada.pk, cast.bakery.pk, "admin")
    with pytest.raises(Refused, match="Only an owner"):
        services.set_payout_wallet(admin, address=world.ADA_ADDRESS)


def ask(actor: Actor) -> Verification:
    return services.request_verification(actor, registration_number="HRB 1", website="https://ada.example", note="!")


def test_asking_for_verification_waits_for_a_moderator(cast: world.Cast, at_the_bakery: Actor) -> None:
    asked = ask(at_the_bakery)
    cast.bakery.refresh_from_db()
    assert (cast.bakery.state, cast.bakery.website) == ("submitted", "https://ada.example")
    assert (asked.outcome, asked.registration_number) == ("waiting", "HRB 1")
    with pytest.raises(Refused, match="asked already"):
        ask(at_the_bakery)
    assert verbs(cast.bakery) == ["organization.verification_requested"]


def test_who_is_verified_need_not_ask(cast: world.Cast) -> None:
    with scope(org_id=cast.workshop.pk), pytest.raises(Refused, match="verified already"):
        ask(world.actor(cast.ben, cast.workshop))


@pytest.mark.parametrize(("outcome", "state"), [("verified", "verified"), ("changes", "new"), ("refused", "refused")])
def test_the_decision_moves_the_organization_and_says_why(
    cast: world.Cast, at_the_bakery: Actor, outcome: str, state: str
) -> None:
    ask(at_the_bakery)
    moderator = Actor(cast.mia.pk, role="moderator")
    with as_system("moderators decide"):
        services.decide_verification(
            moderator, org_id=cast.bakery.pk, outcome=outcome, reason="Because.", checked=["register"]
        )
    cast.bakery.refresh_from_db()
    assert cast.bakery.state == state
    assert (cast.bakery.verified_at is not None) == (state == "verified")
    told = Verification.objects.for_org(cast.bakery.pk).get()
    assert (told.outcome, told.reason) == (outcome, "Because.")
    if state != "verified":
        ask(at_the_bakery)
        assert Verification.objects.for_org(cast.bakery.pk).count() == 2


def test_nothing_is_decided_that_nobody_asked_for(cast: world.Cast) -> None:
    moderator = Actor(cast.mia.pk, role="moderator")
    with as_system("moderators decide"), pytest.raises(Refused, match="cannot become"):
        services.decide_verification(moderator, org_id=cast.bakery.pk, outcome="verified", reason="Because.")


def test_what_an_organization_showed_is_hidden_from_others(cast: world.Cast, at_the_bakery: Actor) -> None:
    ask(at_the_bakery)
    with scope(org_id=cast.workshop.pk, user_id=cast.ben.pk):
        assert not Verification.objects.exists()
    with as_system("the control: without the wall it is there"):
        assert Verification.objects.exists()
