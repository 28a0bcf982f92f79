"""Fields that no form asks for are sent to every form: owner, role, price and state stay what they were."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from marketplace.accounts.models import User
from marketplace.catalog.models import ListingVersion, Plan
from marketplace.organizations.models import Membership, Organization
from marketplace.subscriptions.models import Order, SpendingRequest, Subscription
from marketplace.tenancy.scope import as_system
from tests.isolation.conftest import Trade, two_trades
from tests.security.test_strangers import ADDRESSES, address, visitor

OTHER_ADDRESSES = ["accounts/wallets/", "accounts/signup/", "o/new/"]


class Fields(HTMLParser):
    """What a browser would send of the first form that is sent by POST in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.inside = self.done = False
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and found.get("method") == "post" and "logout" not in found.get("action", ""):
            self.inside = not self.done
        if not self.inside:
            return
        name = found.get("name", "")
        if tag == "input" and name and found.get("type") not in {"checkbox", "radio", "file"}:
            self.sent[name] = found.get("value", "")
        elif tag == "textarea" and name:
            self.sent[name] = ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in found or self.select not in self.sent):
            self.sent[self.select] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.inside:
            self.inside, self.done = False, True


def smuggled(theirs: Trade, me: Any) -> dict[str, Any]:
    """What an attacker adds: another owner, a higher role, another price, a better state."""
    owner = dict.fromkeys(("org", "org_id", "organization", "buyer", "buyer_id"), theirs.buyer.pk)
    seller = dict.fromkeys(("provider", "provider_id", "seller"), theirs.provider.pk)
    people = dict.fromkeys(("user", "user_id", "asked_by", "placed_by", "decided_by", "owner"), theirs.buyer_owner.pk)
    rights = {"role": "owner", "is_moderator": "on", "is_staff": "on", "is_superuser": "on", "is_active": "on"}
    states = {"state": "verified", "outcome": "verified", "verified_at": "2020-01-01", "is_verified": "on"}
    money = {"price": "1", "amount": "1", "max_fee_bps": "0", "returned": "1", "fee_bps": "0", "total": "1"}
    return {**owner, **seller, **people, **rights, **states, **money, "id": me.pk, "pk": me.pk, "verified": "on"}


def standing() -> dict[str, Any]:
    """What nobody may give themselves: who owns what, who is what, prices agreed, and what is verified or approved."""
    with transaction.atomic(), as_system("the test compares"):
        return {
            "members": set(Membership.objects.values_list("user_id", "org_id", "role")),
            "people": set(User.objects.values_list("pk", "is_moderator", "is_active")),
            "verified": set(Organization.objects.filter(state="verified").values_list("pk", flat=True)),
            "approved": {(v.pk, v.org_id, str(v.plans)) for v in ListingVersion.objects.filter(state="approved")},
            "plans": set(Plan.objects.values_list("pk", "org_id", "price")),
            "running": set(Subscription.objects.filter(state="active").values_list("pk", "buyer_id", "ends_at")),
        }


def owned_by_others(mine: Trade) -> set[tuple[str, int]]:
    """Orders and requests that stand in another organization's name."""
    with transaction.atomic(), as_system("the test compares"):
        ours = {mine.buyer.pk, mine.provider.pk}
        orders = {("order", pk) for pk in Order.objects.exclude(buyer_id__in=ours).values_list("pk", flat=True)}
        asked = SpendingRequest.objects.exclude(org_id__in=ours).values_list("pk", flat=True)
        cheap = Order.objects.filter(price=1).values_list("pk", flat=True)
        return orders | {("request", pk) for pk in asked} | {("cheap order", pk) for pk in cheap}


def send(client: Client, where: str, more: dict[str, Any]) -> int:
    """The page's own form as a browser would send it, and more."""
    page = client.get(where)
    fields = Fields()
    if page.status_code == 200 and "html" in page.headers["Content-Type"]:
        fields.feed(page.content.decode())
    own = {name: value for name, value in fields.sent.items() if name != "csrfmiddlewaretoken"}
    added = {name: value for name, value in more.items() if name not in own}
    return int(client.post(where, {**own, **added}).status_code)


@pytest.fixture(scope="module")
def kept_trades(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Trade, Trade]]:
    with django_db_blocker.unblock(), two_trades() as found:
        yield found


@pytest.fixture
def two(kept_trades: tuple[Trade, Trade], db: None) -> tuple[Trade, Trade]:
    return kept_trades


@pytest.mark.parametrize("where", [*ADDRESSES, *OTHER_ADDRESSES])
def test_what_no_form_asks_for_changes_nothing(where: str, two: tuple[Trade, Trade]) -> None:
    north, south = two
    before, others = standing(), owned_by_others(north)
    sides = [(north.buyer_owner, north.buyer), (north.provider_owner, north.provider)]
    for person, org in sides if "<" in where else sides[:1]:
        page = address(where, org, north) if "<" in where else f"/{where}"
        status = send(visitor(person).client, page, smuggled(south, person))
        assert status < 500, page
    after = standing()
    gained = {name: after[name] - before[name] for name in after}
    if where == "o/new/":  # whoever makes an organization owns it, and nothing else
        gained["members"] = {row for row in gained["members"] if row[0] != north.buyer_owner.pk}
    if where == "accounts/signup/":
        gained["people"] = {row for row in gained["people"] if row[1]}
    assert not any(gained.values()), gained
    assert owned_by_others(north) == others


def test_the_forms_are_found_and_sent(two: tuple[Trade, Trade]) -> None:
    """The control of the reader: a page's own fields do arrive."""
    client = visitor(two[0].buyer_owner).client
    fields = Fields()
    fields.feed(client.get(f"/o/{two[0].buyer.slug}/keys/").content.decode())
    assert {"name", "monthly_calls"} <= set(fields.sent)


def test_control_a_form_that_took_every_field_would_be_caught(two: tuple[Trade, Trade]) -> None:
    """Were the smuggled role written, the comparison above would see it."""
    before = standing()
    with transaction.atomic(), as_system("the control is broken on purpose"):
        Membership.objects.filter(user=two[0].buyer_owner).update(role="viewer")
    assert standing()["members"] - before["members"]


def test_the_api_takes_no_field_that_it_does_not_name(two: tuple[Trade, Trade]) -> None:
    """Every address of the API that can be written to is refused to strangers, whatever the body holds."""
    written = [str(p.pattern) for p in get_resolver().url_patterns if re.match(r"api/", str(p.pattern))]
    assert written
    before = standing()
    for where in ("/api/v1/listings/", f"/api/v1/listings/{two[0].listing.slug}/"):
        for method in ("post", "put", "patch", "delete"):
            more = smuggled(two[1], two[0].buyer_owner)
            answer = getattr(visitor(two[0].buyer_owner).client, method)(where, more, content_type="application/json")
            assert answer.status_code in {401, 403, 404, 405}
    assert standing() == before
