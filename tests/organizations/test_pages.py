"""Home and settings of an organization."""

from typing import Any

import pytest
from django.test import Client

from marketplace.audit import services as audit
from marketplace.organizations.models import Organization
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def ada(client: Client, cast: world.Cast) -> Client:
    client.force_login(cast.ada)
    return client


def body(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


def test_who_has_one_organization_goes_there_and_who_has_several_chooses(ada: Client, cast: world.Cast) -> None:
    answer: Any = ada.get("/o/")
    assert answer.url == "/o/ada-bakery/"
    world.organization("Second Shop", owner=cast.ada)
    page = body(ada.get("/o/"))
    assert "Ada Bakery" in page
    assert "Second Shop" in page


def test_a_buyers_home_asks_for_what_a_buyer_needs(ada: Client, cast: world.Cast) -> None:
    page = body(ada.get("/o/ada-bakery/"))
    assert "Link a wallet" in page
    assert "Find your first tool" in page
    assert "Get verified" not in page


def test_a_home_notes_what_is_done(ada: Client, cast: world.Cast) -> None:
    assert "All set" not in body(ada.get("/o/ada-bakery/"))
    with as_system("an order"):
        audit.record(world.actor(cast.ada, cast.bakery), "order.placed", cast.plan)
    assert "All set" in body(ada.get("/o/ada-bakery/"))


def test_an_order_that_somebody_else_placed_with_us_is_not_our_first(client: Client, cast: world.Cast) -> None:
    with as_system("an order from the bakery, noted at the workshop too"):
        Organization.objects.filter(pk=cast.workshop.pk).update(intention="both")
        audit.record(world.actor(cast.ada, cast.bakery), "order.placed", cast.plan, org_id=cast.workshop.pk)
    client.force_login(cast.ben)
    page = body(client.get("/o/ben-workshop/"))
    assert "What to do next" in page
    assert "Browse tools</a></p>" in page


def test_a_sellers_home_leads_to_the_shop(client: Client) -> None:
    owner = world.person("Owner")
    world.organization("Fresh", owner=owner, intention="sell")
    client.force_login(owner)
    page = body(client.get("/o/fresh/"))
    for step in ("Link a wallet", "Say where you are paid", "Get verified", "Put a tool in the shop"):
        assert step in page


@pytest.mark.parametrize("path", ["", "members/", "settings/", "verification/", "start/who/", "listings/"])
def test_an_organization_does_not_exist_for_strangers(ada: Client, cast: world.Cast, path: str) -> None:
    there, nowhere = ada.get(f"/o/ben-workshop/{path}"), ada.get(f"/o/no-such-thing/{path}")
    assert there.status_code == nowhere.status_code == 404


@pytest.mark.parametrize("role", ["billing", "developer", "viewer"])
def test_settings_are_for_who_manages(client: Client, cast: world.Cast, role: str) -> None:
    carl = world.person("Carl")
    world.member(cast.bakery, carl, role)
    client.force_login(carl)
    assert client.get("/o/ada-bakery/settings/").status_code == 403
    assert client.post("/o/ada-bakery/settings/", {"name": "Mine"}).status_code == 403


def test_the_profile_is_changed(ada: Client, cast: world.Cast) -> None:
    ada.post("/o/ada-bakery/settings/", {"name": "Ada's", "about": "Bread", "website": "ada.example"})
    cast.bakery.refresh_from_db()
    assert (cast.bakery.name, cast.bakery.website) == ("Ada's", "https://ada.example")
    page = body(ada.post("/o/ada-bakery/settings/", {"name": "", "about": "Cake", "website": "no web site"}), 422)
    assert 'value="Cake"' in page
    assert 'value="no web site"' in page


def test_fields_that_are_not_asked_for_change_nothing(ada: Client, cast: world.Cast) -> None:
    sneaky = {"state": "verified", "verified_at": "2026-01-01", "slug": "x", "payout_address": world.BEN_ADDRESS}
    ada.post("/o/ada-bakery/settings/", {"name": "Ada Bakery", **sneaky})
    cast.bakery.refresh_from_db()
    assert (cast.bakery.state, cast.bakery.slug, cast.bakery.payout_address) == ("new", "ada-bakery", "")


def test_an_owner_chooses_the_wallet_that_is_paid(ada: Client, cast: world.Cast) -> None:
    ada.post("/o/ada-bakery/settings/payouts/", {"address": world.ADA_ADDRESS})
    cast.bakery.refresh_from_db()
    assert cast.bakery.payout_address == world.ADA_ADDRESS
    page = body(ada.post("/o/ada-bakery/settings/payouts/", {"address": world.BEN_ADDRESS}), 422)
    assert "Select a valid choice" in page
    cast.bakery.refresh_from_db()
    assert cast.bakery.payout_address == world.ADA_ADDRESS


def test_an_admin_sees_but_does_not_choose_the_wallet(client: Client, cast: world.Cast) -> None:
    carl = world.person("Carl", address=world.MIA_ADDRESS)
    world.member(cast.bakery, carl, "admin")
    client.force_login(carl)
    assert "Only an owner can change this" in body(client.get("/o/ada-bakery/settings/"))
    assert client.post("/o/ada-bakery/settings/payouts/", {"address": world.MIA_ADDRESS}).status_code == 403
