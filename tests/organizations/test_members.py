"""People change roles, hand over and leave; somebody always owns the organization."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.models import Invitation, Membership
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def carl(cast: world.Cast) -> Membership:
    """Carl keeps the bakery's books."""
    return world.member(cast.bakery, world.person("Carl"), "billing")


@pytest.fixture
def ada(cast: world.Cast) -> Iterator[Actor]:
    with scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        yield world.actor(cast.ada, cast.bakery)


def role_of(membership: Membership) -> str:
    with as_system("look"):
        return Membership.objects.get(pk=membership.pk).role


def owners(cast: world.Cast) -> list[str]:
    with as_system("look"):
        found = Membership.objects.for_org(cast.bakery.pk).filter(role="owner")
        return sorted(found.values_list("user__name", flat=True))


def verbs(cast: world.Cast) -> list[str]:
    with as_system("look at the record"):
        return list(Entry.objects.for_org(cast.bakery.pk).order_by("sequence").values_list("verb", flat=True))


def own(cast: world.Cast) -> Membership:
    return Membership.objects.get(org=cast.bakery, user=cast.ada)


def test_an_owner_gives_another_role_and_it_is_on_record(cast: world.Cast, ada: Actor, carl: Membership) -> None:
    services.change_role(ada, membership_id=carl.pk, role="developer")
    assert role_of(carl) == "developer"
    services.change_role(ada, membership_id=carl.pk, role="developer")
    assert verbs(cast) == ["member.role_changed"], "the same role again changes nothing"


@pytest.mark.parametrize("how", ["leave", "demote", "remove"])
def test_the_last_owner_stays(cast: world.Cast, ada: Actor, carl: Membership, how: str) -> None:
    with pytest.raises(Refused, match="needs an owner"):
        if how == "leave":
            services.leave(ada)
        elif how == "demote":
            services.change_role(ada, membership_id=own(cast).pk, role="admin")
        else:
            services.remove_member(ada, membership_id=own(cast).pk)
    assert owners(cast) == ["Ada"]
    assert verbs(cast) == []


def test_with_a_second_owner_the_first_may_go(cast: world.Cast, ada: Actor, carl: Membership) -> None:
    services.change_role(ada, membership_id=carl.pk, role="owner")
    services.leave(ada)
    assert owners(cast) == ["Carl"]
    assert verbs(cast) == ["member.role_changed", "member.left"]


def test_handing_over_makes_the_other_the_owner_in_one_go(cast: world.Cast, ada: Actor, carl: Membership) -> None:
    services.transfer_ownership(ada, membership_id=carl.pk)
    assert owners(cast) == ["Carl"]
    assert role_of(own(cast)) == "admin"
    assert verbs(cast) == ["organization.transferred"]
    with pytest.raises(Refused, match="role has changed"):
        services.transfer_ownership(ada, membership_id=carl.pk)


@pytest.mark.parametrize("what", ["promote", "demote", "remove"])
def test_an_administrator_neither_makes_nor_unmakes_owners(
    cast: world.Cast, ada: Actor, carl: Membership, what: str
) -> None:
    admin = world.person("Admin")
    world.member(cast.bakery, admin, "admin")
    acting = world.actor(admin, cast.bakery, "admin")
    with pytest.raises(Refused, match="Only an owner"):
        if what == "promote":
            services.change_role(acting, membership_id=carl.pk, role="owner")
        elif what == "demote":
            services.change_role(acting, membership_id=own(cast).pk, role="viewer")
        else:
            services.remove_member(acting, membership_id=own(cast).pk)
    assert owners(cast) == ["Ada"]


def test_what_the_door_saw_is_looked_at_again_under_the_lock(cast: world.Cast, ada: Actor, carl: Membership) -> None:
    """An administrator until a moment ago: the request came in, then the role went."""
    was = world.actor(carl.user, cast.bakery, "admin")
    with pytest.raises(Refused, match="role has changed"):
        services.remove_member(was, membership_id=own(cast).pk)
    services.remove_member(ada, membership_id=carl.pk)
    with pytest.raises(Refused, match="no longer a member"):
        services.invite(was, email="friend@example.com", role="admin")


def test_a_member_of_another_organization_cannot_be_touched(cast: world.Cast, ada: Actor) -> None:
    with as_system("look"):
        ben = Membership.objects.get(org=cast.workshop)
    for work in (services.remove_member, services.transfer_ownership):
        with pytest.raises(Refused, match="no longer a member"):
            work(ada, membership_id=ben.pk)
    with pytest.raises(Refused, match="no longer a member"):
        services.change_role(ada, membership_id=ben.pk, role="viewer")


def test_who_is_removed_leaves_no_open_invitation_behind(cast: world.Cast, ada: Actor) -> None:
    """Otherwise somebody about to be removed could invite a second address of theirs."""
    admin = world.member(cast.bakery, world.person("Admin"), "admin")
    services.invite(world.actor(admin.user, cast.bakery, "admin"), email="second@example.com", role="admin")
    services.invite(ada, email="honest@example.com", role="viewer")
    services.remove_member(ada, membership_id=admin.pk)
    states = dict(Invitation.objects.for_org(cast.bakery.pk).values_list("email", "state"))
    assert states == {"second@example.com": "revoked", "honest@example.com": "open"}


def test_who_is_removed_is_out_with_the_next_click(cast: world.Cast, carl: Membership, client: Client) -> None:
    client.force_login(carl.user)
    assert client.get("/o/ada-bakery/").status_code == 200
    with scope(org_id=cast.bakery.pk):
        services.remove_member(world.actor(cast.ada, cast.bakery), membership_id=carl.pk)
    assert client.get("/o/ada-bakery/").status_code == 404
    assert client.get("/o/ada-bakery/subscriptions/").status_code == 404


def test_a_lower_role_holds_from_the_next_click(cast: world.Cast, carl: Membership, client: Client) -> None:
    admin = world.member(cast.bakery, world.person("Admin"), "admin")
    client.force_login(admin.user)
    assert client.get("/o/ada-bakery/settings/").status_code == 200
    with scope(org_id=cast.bakery.pk):
        services.change_role(world.actor(cast.ada, cast.bakery), membership_id=admin.pk, role="viewer")
    assert client.get("/o/ada-bakery/settings/").status_code == 403


def body(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


def test_members_are_listed_with_their_roles_and_what_can_be_done(
    client: Client, cast: world.Cast, carl: Membership
) -> None:
    client.force_login(cast.ada)
    page = body(client.get("/o/ada-bakery/members/"))
    assert "carl@example.com" in page
    assert "Billing" in page
    assert "ben@example.com" not in page
    assert f"/members/{carl.pk}/" in page
    client.force_login(carl.user)
    page = body(client.get("/o/ada-bakery/members/"))
    assert "Leave</a>" in page
    assert "Invite somebody" not in page
    assert "Change<" not in page


def test_the_pages_ask_before_and_do_it_then(client: Client, cast: world.Cast, carl: Membership) -> None:
    client.force_login(cast.ada)
    base = f"/o/ada-bakery/members/{carl.pk}/"
    assert "Change the role" in body(client.get(base))
    body(client.post(base, {"role": "king"}), 422)
    assert client.post(base, {"role": "developer"}).status_code == 302
    assert role_of(carl) == "developer"
    assert "Hand Ada Bakery over to Carl?" in body(client.get(base + "transfer/"))
    assert client.post(base + "transfer/").status_code == 302
    assert owners(cast) == ["Carl"]
    assert client.get(base + "transfer/").status_code == 403
    page = body(client.post(base + "remove/"), 422)
    assert "Only an owner" in page
    assert "Leave Ada Bakery?" in body(client.get("/o/ada-bakery/members/leave/"))
    assert client.post("/o/ada-bakery/members/leave/")["Location"] == "/o/"
    assert client.get("/o/ada-bakery/").status_code == 404


def test_the_last_owner_is_told_what_to_do_first(client: Client, cast: world.Cast) -> None:
    client.force_login(cast.ada)
    assert "Make somebody else an owner first" in body(client.post("/o/ada-bakery/members/leave/"), 422)
    page = body(client.post(f"/o/ada-bakery/members/{own_of(cast)}/", {"role": "viewer"}), 422)
    assert "Make somebody else an owner first" in page


def own_of(cast: world.Cast) -> int:
    with as_system("look"):
        return own(cast).pk


def test_before_a_paid_member_goes_the_page_says_where_the_money_goes_on_to(client: Client, cast: world.Cast) -> None:
    world.member(cast.workshop, world.person("Second"), "owner")
    client.force_login(cast.ben)
    assert "goes on to the wallet of yours" in body(client.get("/o/ben-workshop/members/leave/"))
