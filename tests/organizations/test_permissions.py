"""One table says who may do what; the doors, the page about roles and the services follow it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.organizations.access import EVERYBODY, PERMISSIONS, ROLES_OF
from tests import world


def doors(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each address of an organization, and the roles that its door lets in."""
    for pattern in patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from doors(pattern.url_patterns, where)
        elif "<slug:org>" in where:
            mark = pattern.callback.door.partition(":")[2]  # type: ignore[attr-defined]
            yield where, tuple(mark.split(",")) if mark else EVERYBODY


DOORS = list(doors(get_resolver().url_patterns))


@pytest.mark.parametrize(("where", "roles"), DOORS, ids=[where for where, _ in DOORS])
def test_a_door_lets_in_whom_some_permission_names(where: str, roles: tuple[str, ...]) -> None:
    assert roles in ROLES_OF.values(), f"{where} lets in {roles}: say in access.PERMISSIONS what they may"


def test_each_permission_opens_a_door() -> None:
    opened = {roles for _, roles in DOORS}
    assert [permission.name for permission in PERMISSIONS if permission.roles not in opened] == []


def test_an_owner_may_everything_and_a_viewer_only_look() -> None:
    assert all("owner" in permission.roles for permission in PERMISSIONS)
    assert [permission.name for permission in PERMISSIONS if "viewer" in permission.roles] == ["see"]


@pytest.mark.django_db
@pytest.mark.parametrize("role", EVERYBODY)
def test_a_role_opens_what_the_table_says_and_nothing_else(client: Client, role: str) -> None:
    person = world.person("Carl")
    org = world.organization("Open House", owner=person, role=role)
    client.force_login(person)
    for where, roles in DOORS:
        if where.count("<") > 1:
            continue
        answer: Any = client.get("/" + where.replace("<slug:org>", org.slug))
        assert (answer.status_code == 403) == (role not in roles), (where, answer.status_code)


@pytest.mark.django_db
def test_the_page_about_roles_is_the_table(client: Client) -> None:
    person = world.person("Carl")
    org = world.organization("Open House", owner=person, role="viewer")
    client.force_login(person)
    page = client.get(f"/o/{org.slug}/members/roles/").content.decode()
    for permission in PERMISSIONS:
        row = page.partition(f'<th scope="row">{permission.may}</th>')[2].partition("</tr>")[0]
        assert row.count(">yes<") == len(permission.roles)
        assert row.count(">no<") == len(EVERYBODY) - len(permission.roles)
