"""Every address of the market × every object of somebody else × five methods: nothing leaks and nothing changes."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.organizations.models import Organization
from marketplace.tenancy.scope import as_system
from tests import world
from tests.isolation.conftest import Trade, trade

METHODS = ("get", "post", "put", "patch", "delete")
CLOSED = {302, 403, 404, 405, 422}
# What a wallet would say: enough for every conversation to get as far as looking for its object.
TALK = {"address": world.ADA_ADDRESS, "signature": "0x" + "11" * 65, "hash": "0x" + "22" * 32}


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each address with an organization in it, and its converters by name."""
    for pattern in found:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, where)
        elif "<slug:org>" in where:
            yield where, pattern.pattern.converters


ADDRESSES = [where for where, _ in patterns(get_resolver().url_patterns)]


def objects(of: Trade) -> dict[str, str]:
    """What stands in an address for something of this trade's; a new name fails until it is given one."""
    return {
        "<slug:slug>": of.listing.slug,
        "<uuid:public_id>": str(of.order.public_id),
        "<int:plan_id>": str(world.plan(of.listing).pk),
        "<int:key_id>": str(of.key.pk),
        "<int:credit_id>": "1",
        "<int:document_id>": str(of.document.pk),
        "<int:invitation_id>": str(of.invitation.pk),
        "<int:membership_id>": str(of.membership.pk),
        "<bytes32:escrow_id>": of.order.order_ref,
        "<escrow_id:escrow_id>": of.order.order_ref,
    }


def address(where: str, org: Organization, of: Trade) -> str:
    where = where.replace("<slug:org>", org.slug)
    if "/runs/" in where:
        where = where.replace("<uuid:public_id>", str(of.run.public_id))
    for name, value in objects(of).items():
        where = where.replace(name, value)
    assert "<" not in where, f"{where}: say in objects() what stands for this of a stranger"
    return "/" + where


def everything() -> dict[str, list[Any]]:
    """All rows of all organizations, to be compared."""
    with transaction.atomic(), as_system("the test compares"):
        return {
            model._meta.label: list(model.objects.order_by("pk").values())
            for app in ("organizations", "catalog", "subscriptions", "escrow", "gateway", "moderation")
            for model in apps.get_app_config(app).get_models()
        }


@pytest.fixture
def two(db: None) -> tuple[Trade, Trade]:
    return trade("North"), trade("South")


@pytest.fixture
def signed_in(two: tuple[Trade, Trade]) -> list[Client]:
    """The two sides of the northern trade, each in a browser."""
    clients = []
    for person in (two[0].buyer_owner, two[0].provider_owner):
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        clients.append(client)
    return clients


@pytest.mark.parametrize("where", ADDRESSES)
def test_a_strangers_organization_does_not_exist_for_me(
    where: str, two: tuple[Trade, Trade], signed_in: list[Client]
) -> None:
    _, south = two
    before = everything()
    for client in signed_in:
        for org in (south.buyer, south.provider):
            for method in METHODS:
                answer = getattr(client, method)(address(where, org, south))
                assert answer.status_code == 404, (method, answer.status_code)
                assert south.canary not in answer.content.decode()
    assert everything() == before


@pytest.mark.parametrize("where", [where for where in ADDRESSES if where.count("<") > 1])
def test_a_strangers_object_does_not_exist_in_my_organization(
    where: str, two: tuple[Trade, Trade], signed_in: list[Client]
) -> None:
    north, south = two
    mine = (north.buyer, north.provider)
    wallet = "/orders/" in where or "/credits/" in where
    others = [row for label, rows in everything().items() for row in rows if _theirs(row, south)]
    for client, org in zip(signed_in, mine, strict=True):
        for method in METHODS:
            body = {} if method == "get" or not wallet else {"data": TALK, "content_type": "application/json"}
            answer = getattr(client, method)(address(where, org, south), **body)
            assert south.canary not in answer.content.decode(), method
            public = "<int:plan_id>" in where or "/use/" in where
            assert answer.status_code in (CLOSED | {200} if public else CLOSED), (method, answer.status_code)
    assert [row for label, rows in everything().items() for row in rows if _theirs(row, south)] == others


def _theirs(row: dict[str, Any], of: Trade) -> bool:
    return bool({row.get("buyer_id"), row.get("provider_id"), row.get("org_id")} & {of.buyer.pk, of.provider.pk})


@pytest.mark.parametrize("where", ADDRESSES)
def test_nobody_comes_in_without_signing_in(where: str, two: tuple[Trade, Trade]) -> None:
    for method in METHODS:
        answer = getattr(Client(), method)(address(where, two[0].buyer, two[0]))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")


def test_its_own_people_do_come_in(two: tuple[Trade, Trade], signed_in: list[Client]) -> None:
    """The control: the same addresses open for those whom they belong to, and show what is theirs."""
    north = two[0]
    shown = signed_in[0].get(f"/o/{north.buyer.slug}/keys/")
    assert shown.status_code == 200
    assert north.canary in shown.content.decode()


def test_the_console_does_not_exist_for_people_who_do_not_moderate(signed_in: list[Client]) -> None:
    for where in ("/console/", "/console/cases/1/"):
        for method in METHODS:
            assert getattr(signed_in[0], method)(where).status_code == 404
