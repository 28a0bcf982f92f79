"""Two things at once: real threads, real transactions. Each race is run once more with its lock taken away."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, models, transaction

from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.models import Invitation, Membership
from marketplace.organizations.services import inviting, members
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 6


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run all at the same time, each on a connection of its own; answers what each returned or was refused with."""
    barrier = threading.Barrier(len(works))
    said: list[Any] = [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(20)
            said[place] = work()
        except Refused as refused:
            said[place] = refused
        except Exception as problem:
            said[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return said


def inside(actor: Actor, work: Callable[..., Any], **kwargs: Any) -> Callable[[], Any]:
    """What a page does: a transaction in the scope of the organization."""

    def run() -> Any:
        with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
            return work(actor, **kwargs)

    return run


@contextmanager
def without_locks() -> Iterator[None]:
    """The control: rows are read as they are, and the two meet between looking and writing."""
    meet = threading.Barrier(2)
    looked = members._another_owner

    def look_then_wait(*args: Any) -> None:
        looked(*args)
        meet.wait(10)

    with ExitStack() as stack:
        stack.enter_context(patch.object(models.QuerySet, "select_for_update", lambda self, **kwargs: self))
        stack.enter_context(patch.object(members, "_another_owner", look_then_wait))
        stack.enter_context(patch.object(members, "record", lambda *args, **facts: None))
        yield


class Two:
    """An organization with two owners and nobody else."""

    def __init__(self, name: str) -> None:
        self.people = [world.person(f"{name} {i}") for i in range(2)]
        self.org = world.organization(name, owner=self.people[0])
        world.member(self.org, self.people[1], "owner")
        with as_system_now():
            self.memberships = [Membership.objects.get(org=self.org, user=person) for person in self.people]

    @property
    def actors(self) -> list[Actor]:
        return [world.actor(person, self.org) for person in self.people]

    def roles(self) -> list[str]:
        with as_system_now():
            return sorted(Membership.objects.for_org(self.org.pk).values_list("role", flat=True))


@contextmanager
def as_system_now() -> Iterator[None]:
    with transaction.atomic(), as_system("the test looks"):
        yield


def both_leave(two: Two) -> list[Any]:
    return at_once(*(inside(actor, services.leave) for actor in two.actors))


def demote_each_other(two: Two) -> list[Any]:
    first, second = two.actors
    return at_once(
        inside(first, services.change_role, membership_id=two.memberships[1].pk, role="viewer"),
        inside(second, services.change_role, membership_id=two.memberships[0].pk, role="viewer"),
    )


def test_when_both_owners_leave_at_once_one_is_refused() -> None:
    for turn in range(TIMES):
        two = Two(f"Leaving {turn}")
        said = both_leave(two)
        assert [type(word) for word in said].count(Refused) == 1, said
        assert two.roles() == ["owner"]


def test_when_owners_demote_each_other_at_once_one_is_refused() -> None:
    for turn in range(TIMES):
        two = Two(f"Demoting {turn}")
        said = demote_each_other(two)
        assert [type(word) for word in said].count(Refused) == 1, said
        assert two.roles() == ["owner", "viewer"]


def test_when_owners_remove_each_other_at_once_one_stays() -> None:
    for turn in range(TIMES):
        two = Two(f"Removing {turn}")
        first, second = two.actors
        said = at_once(
            inside(first, services.remove_member, membership_id=two.memberships[1].pk),
            inside(second, services.remove_member, membership_id=two.memberships[0].pk),
        )
        assert [type(word) for word in said].count(Refused) == 1, said
        assert two.roles() == ["owner"]


@pytest.mark.parametrize(("race", "left"), [(both_leave, []), (demote_each_other, ["viewer", "viewer"])])
def test_without_the_lock_nobody_owns_it_any_more(race: Callable[[Two], list[Any]], left: list[str]) -> None:
    """The control: the same two, without the row lock, both succeed."""
    two = Two("Unlocked")
    with without_locks():
        said = race(two)
    assert not any(isinstance(word, Exception) for word in said), said
    assert two.roles() == left


def test_an_invitation_accepted_twenty_times_at_once_makes_one_member() -> None:
    ada, carl = world.person("Ada"), world.person("Carl")
    org = world.organization("Bakery", owner=ada)
    with transaction.atomic(), scope(org_id=org.pk, user_id=ada.pk):
        made = services.invite(world.actor(ada, org), email=carl.email, role="viewer")
    token = inviting.token_of(made)
    said = at_once(*[lambda: services.accept_invitation(Actor(carl.pk), token=token)] * 20)
    assert said == [org] * 20
    with as_system_now():
        assert Membership.objects.filter(org=org, user=carl).count() == 1
        assert Invitation.objects.get().state == "accepted"


def test_without_the_lock_and_the_key_an_invitation_would_be_used_twice() -> None:
    """The control: two read the row as open at the same moment, and only the unique key stops the second."""
    ada, carl = world.person("Ada"), world.person("Carl")
    org = world.organization("Bakery", owner=ada)
    with transaction.atomic(), scope(org_id=org.pk, user_id=ada.pk):
        made = services.invite(world.actor(ada, org), email=carl.email, role="viewer")
    token, meet, is_good = inviting.token_of(made), threading.Barrier(2), Invitation.is_good

    def look_then_wait(self: Invitation, now: Any) -> bool:
        answer = is_good(self, now)
        meet.wait(10)
        return answer

    with patch.object(models.QuerySet, "select_for_update", lambda self, **kwargs: self):
        with patch.object(Invitation, "is_good", look_then_wait):
            said = at_once(*[lambda: services.accept_invitation(Actor(carl.pk), token=token)] * 2)
    assert [type(word).__name__ for word in said].count("IntegrityError") == 1


def test_a_member_removed_while_their_role_changes_is_gone_and_never_comes_back() -> None:
    for turn in range(TIMES):
        two = Two(f"Crossing {turn}")
        theirs = world.member(two.org, world.person(f"Third {turn}"), "viewer")
        said = at_once(
            inside(two.actors[0], services.remove_member, membership_id=theirs.pk),
            inside(two.actors[1], services.change_role, membership_id=theirs.pk, role="admin"),
        )
        assert said[0] is None
        assert isinstance(said[1], Refused | Membership)
        assert two.roles() == ["owner", "owner"]


def test_an_invitation_taken_back_while_it_is_accepted_has_one_end() -> None:
    for turn in range(TIMES):
        two = Two(f"Taking back {turn}")
        guest = world.person(f"Guest {turn}")
        made = inside(two.actors[0], services.invite, email=guest.email, role="viewer")()
        token = inviting.token_of(made)
        said = at_once(
            inside(two.actors[0], services.revoke_invitation, invitation_id=made.pk),
            lambda guest=guest, token=token: services.accept_invitation(Actor(guest.pk), token=token),
        )
        with as_system_now():
            made.refresh_from_db()
        assert [type(word) for word in said].count(Refused) == 1, said
        assert (made.state == "accepted") == ("viewer" in two.roles())


def test_an_invitation_is_mailed_once_by_many_workers(mailoutbox: list[Any]) -> None:
    ada = world.person("Ada")
    org = world.organization("Bakery", owner=ada)
    for i in range(5):
        inside(world.actor(ada, org), services.invite, email=f"guest{i}@example.com", role="viewer")()
    assert sum(at_once(*[services.send_invitations] * 6)) == 5
    assert sorted(mail.to[0] for mail in mailoutbox) == [f"guest{i}@example.com" for i in range(5)]


def test_one_address_invited_by_two_at_once_is_invited_once() -> None:
    two = Two("Eager")
    said = at_once(*(inside(actor, services.invite, email="guest@example.com", role="viewer") for actor in two.actors))
    assert [type(word) for word in said].count(Refused) == 1, said
