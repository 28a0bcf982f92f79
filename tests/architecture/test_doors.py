"""Every address has a door; nothing is open because somebody forgot."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

DOORS = ("public", "person", "member:", "moderator", "key")
WITHOUT = {
    "account_": "allauth's own views check their sessions; they show no organization's rows",
    "mfa_": "as account_: a person's own second factors",
    "usersessions_": "as account_: a person's own sessions",
}


def views(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str, object]]:
    for pattern in patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, where)
        else:
            yield where, pattern.name or "", pattern.callback


ALL = list(views(get_resolver().url_patterns))


@pytest.mark.parametrize(("where", "name", "view"), ALL, ids=[where or "/" for where, _, _ in ALL])
def test_every_address_has_a_door(where: str, name: str, view: object) -> None:
    door = getattr(view, "door", None)
    if any(name.startswith(prefix) for prefix in WITHOUT):
        assert door is None, f"{where} has a door now: take {name} off the list of those without"
        return
    assert door, f"{where} has no door: decorate its view with one of marketplace.tenancy.door"
    assert door.startswith(DOORS)


def test_what_is_listed_as_without_a_door_still_exists() -> None:
    for prefix in WITHOUT:
        assert any(name.startswith(prefix) for _, name, _ in ALL), f"{prefix} is gone: take it off the list"


def test_addresses_of_an_organization_are_for_its_members() -> None:
    for where, _, view in ALL:
        if "<slug:org>" in where:
            assert view.door.startswith("member:"), where
