"""One canary per organization, searched in every answer that others get: pages, caches, search, links, sockets."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.notifications.services import mail_token
from settings.urls import websocket_urlpatterns
from tests import world
from tests.isolation.conftest import Trade, trade
from tests.security.test_strangers import Visitor, address, objects, visitor

# What stands in an address for something that belongs to no trade.
ANYTHING = {
    "str": "anything", "slug": "anything", "uuid": "00000000-0000-0000-0000-000000000000", "int": "1",
    "path": "anything", "kind": "orders", "token": "anything",
}  # fmt: skip


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in found:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, where)
        else:
            yield where


ADDRESSES = sorted(set(patterns(get_resolver().url_patterns)))


def filled(where: str, of: Trade) -> str:
    """An address with this trade's things in it, and anything where it has none."""
    if "<slug:org>" in where:
        return address(where, of.buyer, of)
    where = where.replace("<slug:slug>", of.listing.slug)
    for name, value in objects(of).items():
        where = where.replace(name, value)
    where = re.sub(r"<(\w+):\w+>", lambda found: ANYTHING.get(found[1], "anything"), where)
    return "/" + re.sub(r"\(\?P<\w+>[^)]*\)|[\^$]", "anything", where).replace("anythinganything", "anything")


@pytest.fixture
def two(db: None) -> tuple[Trade, Trade]:
    cache.clear()
    return trade("North"), trade("South")


def outsiders(two: tuple[Trade, Trade]) -> list[Visitor]:
    north = two[0]
    return [
        Visitor(Client()),
        visitor(world.person("Nobody")),
        visitor(north.buyer_owner, north.buyer, "owner"),
        visitor(north.provider_owner, north.provider, "owner"),
    ]


def test_no_page_shows_anybody_what_belongs_to_others_even_after_its_owner_has_seen_it(
    two: tuple[Trade, Trade],
) -> None:
    """Owners first, so that whatever is kept in a cache is there when the others come."""
    south, others = two[1], outsiders(two)
    owners, seen = [visitor(south.buyer_owner), visitor(south.provider_owner)], 0
    for where in ADDRESSES:
        page = filled(where, south)
        seen += sum(south.canary in each.client.get(page).content.decode(errors="replace") for each in owners)
        for each in others:
            answer = each.client.get(page, follow=False)
            text = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
            assert south.canary.encode() not in text, (page, each.role)
            assert south.canary not in str(answer.headers), page
    assert seen >= 5, "the control: its owners do see it"


def said(client: Client, page: str, asked: str) -> str:
    """An answer without what differs by chance, and without the echo of the question."""
    text = client.get(page, {"q": asked, "search": asked}).content.decode().replace(asked, "ASKED")
    return re.sub(r'(nonce|value|csrf[^"]*)="[^"]*"', "", text)


@pytest.mark.parametrize("page", ["/browse/", "/", "/api/v1/listings/", "/governance/"])
def test_searching_for_what_is_hidden_answers_as_for_what_does_not_exist(page: str, two: tuple[Trade, Trade]) -> None:
    hidden = two[1].canary
    # The same words and letters, so that what a page makes of the question itself is the same.
    nothing = hidden[:-8] + hidden[-8:].translate(str.maketrans("0123456789", "1234567890"))
    for each in outsiders(two):
        assert said(each.client, page, hidden) == said(each.client, page, nothing)


def test_a_link_in_a_mail_opens_only_what_it_was_made_for(two: tuple[Trade, Trade]) -> None:
    """The link that stops one kind of mails to one person: bent, it opens nothing."""
    token = mail_token(two[1].buyer_owner.pk, "orders")
    visitors = outsiders(two)
    for bent in (token[:-1] + ("A" if token[-1] != "A" else "B"), token.replace(":", ";"), "", "anything"):
        for each in visitors:
            answer = each.client.post(f"/inbox/stop-mails/{bent}/")
            assert answer.status_code in {404, 400, 405, 422, 410, 302}, bent
            assert two[1].canary not in answer.content.decode()


def test_there_is_no_socket_but_the_voting_pages() -> None:
    """Sockets carry public facts of the chain; a new one has to be thought about here."""
    assert [str(route.pattern) for route in websocket_urlpatterns] == [
        "ws/governance/<slug:governor>/<str:proposal_id>/"
    ]


def test_every_address_was_visited() -> None:
    assert len(ADDRESSES) > 80
    found: Any = [where for where in ADDRESSES if "<slug:org>" in where]
    assert len(found) > 30
