"""Every address of the market × every object of somebody else × each role × five methods: nothing leaks or changes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.scope import as_system
from tests import world
from tests.isolation.conftest import Trade, told_month, two_trades

METHODS = ("get", "post", "put", "patch", "delete")
ROLES = tuple(Membership.Role.values)
CLOSED = {302, 403, 404, 405, 422}
# What a wallet would say: enough for every conversation to get as far as looking for its object.
TALK = {"address": world.ADA_ADDRESS, "signature": "0x" + "11" * 65, "hash": "0x" + "22" * 32}


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each address with an organization in it, and its view."""
    for pattern in found:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, where)
        elif "<slug:org>" in where:
            yield where, pattern.callback


VIEWS = dict(patterns(get_resolver().url_patterns))
ADDRESSES = list(VIEWS)
WITH_OBJECTS = [where for where in ADDRESSES if where.count("<") > 1]
TOGETHER = 8  # addresses that are tried on the same two trades, which take longer to make than to try


def in_groups(addresses: list[str]) -> pytest.MarkDecorator:
    """A test of each group of addresses, named by its first and last."""
    groups = [addresses[first : first + TOGETHER] for first in range(0, len(addresses), TOGETHER)]
    return pytest.mark.parametrize("group", groups, ids=[f"{group[0]}…{group[-1]}" for group in groups])


def one_by_one(group: list[str], rows: Callable[[], Any] = tuple) -> Iterator[str]:
    """Each address of a group, on the trades as they were made; none may change what `rows` finds, if given."""
    before = rows()
    for where in group:
        made = transaction.savepoint()
        yield where
        assert rows() == before, where
        transaction.savepoint_rollback(made)


def objects(of: Trade) -> dict[str, str]:
    """What stands in an address for something of this trade's; a new name fails until it is given one."""
    return {
        "<slug:slug>": of.listing.slug,
        "<uuid:public_id>": str(of.order.public_id),
        "<int:plan_id>": str(of.plan.pk),
        "<int:key_id>": str(of.key.pk),
        "<int:list_id>": str(of.saved_list.pk),
        "<slug:digest>": of.picture.sha256,
        "<int:saved_id>": str(of.saved.pk),
        "<int:credit_id>": "1",
        "<int:part>": "0",
        "<int:file_id>": str(of.evidence_file.pk),
        "<int:invoice_id>": str(of.invoice.pk),
        "<int:document_id>": str(of.document.pk),
        "<int:invitation_id>": str(of.invitation.pk),
        "<int:review_id>": str(of.review.pk),
        "<int:membership_id>": str(of.membership.pk),
        "<month:month>": f"{told_month(of.buyer):%Y-%m}",
        "<bytes32:escrow_id>": of.order.order_ref,
        "<escrow_id:escrow_id>": of.order.order_ref,
    }


def address(where: str, org: Organization, of: Trade) -> str:
    where = where.replace("<slug:org>", org.slug)
    if "/runs/" in where:
        where = where.replace("<uuid:public_id>", str(of.run.public_id))
    if "/requests/" in where:
        where = where.replace("<uuid:public_id>", str(of.asked.public_id))
    if "/votes/" in where:
        where = where.replace("<uuid:public_id>", str(of.voting.public_id))
    if "/disputes/" in where:
        where = where.replace("<uuid:public_id>", str(of.dispute.public_id))
    if "/exports/" in where:
        where = where.replace("<uuid:public_id>", str(of.export.public_id))
    for name, value in objects(of).items():
        where = where.replace(name, value)
    assert "<" not in where, f"{where}: say in objects() what stands for this of a stranger"
    return "/" + where


OWNING = ("organizations", "catalog", "subscriptions", "escrow", "gateway", "moderation", "notifications", "privacy",
          "reviews", "disputes")  # fmt: skip
MODELS = [model._meta for app in OWNING for model in apps.get_app_config(app).get_models()]
# one question for all of them, because it is asked after every address
ALL_ROWS = " UNION ALL ".join(
    f"(SELECT '{of.label}', to_jsonb(t) FROM {of.db_table} t ORDER BY {of.pk.column})" for of in MODELS
)


def everything() -> list[tuple[str, dict[str, Any]]]:
    """All rows of all organizations, each with the name of its model, to be compared."""
    with transaction.atomic(), as_system("the test compares"), connection.cursor() as cursor:
        cursor.execute(ALL_ROWS)
        return [(label, json.loads(row)) for label, row in cursor.fetchall()]


@dataclass
class Visitor:
    """A browser, and the organization of the person in it; both may be missing."""

    client: Client
    org: Organization | None = None
    role: str = ""

    def ask(self, method: str, where: str) -> Any:
        """The answer, to a wallet's conversation where it is one."""
        talks = ("/orders/", "/credits/", "/sign/", "/signed/", "/stop/", "/timeout/")
        wallet = method != "get" and any(part in where for part in talks)
        body: dict[str, Any] = {"data": TALK, "content_type": "application/json"} if wallet else {}
        return getattr(self.client, method)(where, **body)


def visitor(person: Any, org: Organization | None = None, role: str = "") -> Visitor:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Visitor(client, org, role)


@pytest.fixture(scope="module")
def kept_trades(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Trade, Trade]]:
    with django_db_blocker.unblock(), two_trades() as found:
        yield found


@pytest.fixture
def two(kept_trades: tuple[Trade, Trade], db: None) -> tuple[Trade, Trade]:
    return kept_trades


@pytest.fixture
def members(two: tuple[Trade, Trade]) -> list[Visitor]:
    """Both sides of the northern trade, in every role."""
    found = []
    for org in (two[0].buyer, two[0].provider):
        for role in ROLES:
            person = world.person(f"{org.slug} {role}")
            world.member(org, person, role)
            found.append(visitor(person, org, role))
    return found


@in_groups(ADDRESSES)
def test_a_strangers_organization_does_not_exist_for_me(
    group: list[str], two: tuple[Trade, Trade], members: list[Visitor]
) -> None:
    strangers = [members[0], visitor(world.person("Nobody"))]
    for where in one_by_one(group, everything):
        strangers_find_nothing(where, two, strangers)


@pytest.mark.long
@in_groups(ADDRESSES)
def test_a_strangers_organization_exists_in_no_role(
    group: list[str], two: tuple[Trade, Trade], members: list[Visitor]
) -> None:
    for where in one_by_one(group, everything):
        strangers_find_nothing(where, two, members[1:])


def strangers_find_nothing(where: str, two: tuple[Trade, Trade], visitors: list[Visitor]) -> None:
    north, south = two
    for each in visitors:
        for org in (south.buyer, south.provider):
            for mine_or_theirs in (south, north):
                for method in METHODS:
                    answer = each.ask(method, address(where, org, mine_or_theirs))
                    assert answer.status_code == 404, (where, each.role, method, answer.status_code)
                    assert south.canary not in answer.content.decode(), (where, each.role, method)


@in_groups(WITH_OBJECTS)
def test_a_strangers_object_does_not_exist_in_my_organization(
    group: list[str], two: tuple[Trade, Trade], members: list[Visitor]
) -> None:
    for where in one_by_one(group, partial(theirs, two[1])):
        objects_do_not_exist(where, two[1], [each for each in members if each.role in (ROLES[0], ROLES[-1])])


@pytest.mark.long
@in_groups(WITH_OBJECTS)
def test_a_strangers_object_exists_in_no_role(
    group: list[str], two: tuple[Trade, Trade], members: list[Visitor]
) -> None:
    for where in one_by_one(group, partial(theirs, two[1])):
        objects_do_not_exist(where, two[1], [each for each in members if each.role in ROLES[1:-1]])


def objects_do_not_exist(where: str, south: Trade, visitors: list[Visitor]) -> None:
    for each in visitors:
        assert each.org
        for method in METHODS:
            answer = each.ask(method, address(where, each.org, south))
            assert south.canary not in answer.content.decode(), (where, each.role, method)
            public = "<int:plan_id>" in where or "/use/" in where or "/saved/add/" in where
            expected = CLOSED | {200} if public else CLOSED
            assert answer.status_code in expected, (where, each.role, method, answer.status_code)


def theirs(of: Trade) -> list[Any]:
    """All rows of one trade's two organizations."""
    orgs = {of.buyer.pk, of.provider.pk}
    owned = ("buyer_id", "provider_id", "org_id")
    return [row for _, row in everything() if orgs & {row.get(name) for name in owned}]


@in_groups(ADDRESSES)
def test_a_member_without_the_role_changes_nothing_and_is_told_which_role_it_needs(
    group: list[str], two: tuple[Trade, Trade], members: list[Visitor]
) -> None:
    for where in one_by_one(group, everything):
        a_role_is_missed(where, two[0], members)


def a_role_is_missed(where: str, mine: Trade, members: list[Visitor]) -> None:
    allowed = VIEWS[where].door.removeprefix("member:").split(",")
    shut = [each for each in members if each.role not in allowed]
    for each in shut:
        assert each.org
        for method in METHODS:
            answer = each.ask(method, address(where, each.org, mine))
            assert answer.status_code == 403, (where, each.role, method, answer.status_code)
            assert mine.canary not in answer.content.decode(), (where, each.role, method)


@in_groups(ADDRESSES)
def test_nobody_comes_in_without_signing_in(group: list[str], two: tuple[Trade, Trade]) -> None:
    for where in one_by_one(group):
        for method in METHODS:
            answer = getattr(Client(), method)(address(where, two[0].buyer, two[0]))
            assert answer.status_code == 302, (where, method)
            assert answer["Location"].startswith("/accounts/login/"), (where, method)


def test_the_walls_are_tried_at_least_ten_thousand_times() -> None:
    """What the tests above ask in all, the long one included: strangers, foreign objects, roles, nobody."""
    people = 2 * len(ROLES)
    roles = sum(5 - len(VIEWS[where].door.removeprefix("member:").split(",")) for where in ADDRESSES)
    asked = len(ADDRESSES) * (people + 1) * 4 + len(WITH_OBJECTS) * people + 2 * roles + len(ADDRESSES)
    assert asked * len(METHODS) >= 10_000


def test_control_a_row_that_an_address_changed_is_noticed(two: tuple[Trade, Trade]) -> None:
    for note, rows in (("another", everything), ("a third", partial(theirs, two[1]))):
        addresses = one_by_one(["changes a note", "is never tried"], rows)
        assert next(addresses) == "changes a note"
        with transaction.atomic(), as_system("the control is broken on purpose"):
            type(two[1].saved).objects.filter(pk=two[1].saved.pk).update(note=note)
        with pytest.raises(AssertionError, match="changes a note"):
            next(addresses)


def test_its_own_people_do_come_in(two: tuple[Trade, Trade]) -> None:
    """The control: the same addresses open for those whom they belong to, and show what is theirs."""
    north = two[0]
    shown = visitor(north.buyer_owner).client.get(f"/o/{north.buyer.slug}/keys/")
    assert shown.status_code == 200
    assert north.canary in shown.content.decode()


def test_control_a_view_without_the_membership_hook_lets_strangers_in(
    two: tuple[Trade, Trade], members: list[Visitor], settings: Any
) -> None:
    """The walls above are the door's: with a hook that finds everybody a member, the same requests come through."""
    settings.MEMBERSHIP_HOOK = "tests.security.test_strangers.everybody_is_an_owner"
    ask = partial(members[0].ask, "get")
    assert ask(address("o/<slug:org>/keys/", two[1].buyer, two[1])).status_code == 200


def everybody_is_an_owner(user_id: int, slug: str) -> Any:
    """The broken hook of the control."""
    from marketplace.tenancy.door import Member

    with as_system("the control is broken on purpose"):
        return Member(Organization.objects.get(slug=slug), "owner")


def test_the_console_does_not_exist_for_people_who_do_not_moderate(members: list[Visitor]) -> None:
    for where in ("/console/", "/console/cases/1/"):
        for method in METHODS:
            assert getattr(members[0].client, method)(where).status_code == 404
