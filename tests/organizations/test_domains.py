"""Whose domain it is, asked of a real name server."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.models import DomainCheck
from marketplace.organizations.services import domains
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.organizations import nameserver

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def zone(settings: Any) -> Iterator[nameserver.Zone]:
    """What the name server answers; filled by the test."""
    records: nameserver.Zone = {}
    with nameserver.serving(records) as address:
        settings.DNS_RESOLVER = address
        yield records


@pytest.fixture
def ada(cast: world.Cast) -> Iterator[Actor]:
    with scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        yield world.actor(cast.ada, cast.bakery)


def later() -> None:
    with as_system("a minute passes"):
        DomainCheck.objects.filter(state="pending").update(due_at=timezone.now())


def test_the_token_in_the_zone_shows_whose_domain_it_is(cast: world.Cast, ada: Actor, zone: nameserver.Zone) -> None:
    check = services.ask_domain(ada, domain="Bakery.Example")
    zone["bakery.example"] = ["v=spf1 -all", check.record]
    assert services.check_domains() == 1
    check.refresh_from_db()
    cast.bakery.refresh_from_db()
    assert (check.state, check.seen, cast.bakery.domain) == ("found", check.record, "bakery.example")
    assert timezone.now() - cast.bakery.domain_checked_at < timedelta(minutes=1)  # type: ignore[operator]
    with as_system("look at the record"):
        verbs = Entry.objects.for_org(cast.bakery.pk).order_by("sequence").values_list("verb", flat=True)
        assert list(verbs) == ["domain.named", "domain.found"]
    assert services.check_domains() == 0


@pytest.mark.parametrize(
    ("texts", "seen"),
    [
        (None, "No TXT record at all."),
        ([], "No TXT record at all."),
        (["v=spf1 -all"], "1 TXT record, none of them ours."),
        (["a", "b"], "2 TXT records, none of them ours."),
        (["guildhall-verification=other"], "A token of ours is there, but not this one: guildhall-verification=other"),
    ],
)
def test_what_was_seen_instead_is_told(
    cast: world.Cast, ada: Actor, zone: nameserver.Zone, texts: list[str] | None, seen: str
) -> None:
    check = services.ask_domain(ada, domain="bakery.example")
    if texts is not None:
        zone["bakery.example"] = texts
    services.check_domains()
    check.refresh_from_db()
    cast.bakery.refresh_from_db()
    assert (check.state, check.seen, cast.bakery.domain) == ("missing", seen, "")


def test_looking_again_finds_a_record_that_came_later(cast: world.Cast, ada: Actor, zone: nameserver.Zone) -> None:
    check = services.ask_domain(ada, domain="bakery.example")
    services.check_domains()
    zone["bakery.example"] = [check.record]
    assert services.check_domains() == 0
    assert services.ask_domain(ada, domain="bakery.example").token == check.token
    services.check_domains()
    cast.bakery.refresh_from_db()
    assert cast.bakery.domain == "bakery.example"


@pytest.mark.parametrize("trouble", ["silent", "failing"])
def test_a_name_server_in_trouble_is_asked_a_few_times(
    ada: Actor, zone: nameserver.Zone, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domains, "SECONDS", 0.3)
    zone["bakery.example"] = trouble
    check = services.ask_domain(ada, domain="bakery.example")
    for turn in range(domains.MOST_TRIES):
        check.refresh_from_db()
        assert (check.state, check.tries) == ("pending", turn)
        later()
        assert services.check_domains() == 1
    check.refresh_from_db()
    assert (check.state, check.seen) == ("missing", "The name server of this domain gave no answer.")


def test_a_token_of_another_organization_proves_nothing(cast: world.Cast, ada: Actor, zone: nameserver.Zone) -> None:
    theirs = services.ask_domain(ada, domain="bakery.example")
    zone["bakery.example"] = [theirs.record]
    with scope(org_id=cast.workshop.pk, user_id=cast.ben.pk):
        mine = services.ask_domain(world.actor(cast.ben, cast.workshop), domain="bakery.example")
    assert mine.token != theirs.token
    services.check_domains()
    cast.workshop.refresh_from_db()
    cast.bakery.refresh_from_db()
    assert (cast.bakery.domain, cast.workshop.domain) == ("bakery.example", "")


@pytest.mark.parametrize(
    "typed",
    [
        "", "localhost", "example", "127.0.0.1", "2130706433", "[::1]", "::1", "db.internal", "printer.local", "x.lan",
        "a.home.arpa", "x.test", "x.invalid", "x.onion", "https://bakery.example", "bakery.example/",
        "bakery.example:53",
        "a b.example", "-a.example", "a-.example", "a..example", "_dmarc.bakery.example", "a" * 64 + ".example",
        ".".join(["abcdefg"] * 40), "user@bakery.example", "bakery.example\n.evil.example", "1.2.3.4.", "x.corp",
    ],
)  # fmt: skip
def test_what_is_no_public_domain_is_never_asked_about(typed: str) -> None:
    with pytest.raises(Refused):
        domains.vetted(typed)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Example.com.", "example.com"),
        (" bäckerei.de ", "xn--bckerei-5wa.de"),
        ("a.b-c.co.uk", "a.b-c.co.uk"),
        ("BÄCKEREI。de", "xn--bckerei-5wa.de"),
    ],
)
def test_a_domain_is_kept_as_the_name_servers_know_it(typed: str, name: str) -> None:
    assert domains.vetted(typed) == name


def test_the_page_says_what_to_add_and_what_was_found(client: Client, cast: world.Cast, zone: nameserver.Zone) -> None:
    client.force_login(cast.ada)
    url = "/o/ada-bakery/verification/domain/"
    answer: Any = client.post(url, {"domain": "printer.local"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "not a domain on the public internet" in page
    assert 'value="printer.local"' in page
    client.post(url, {"domain": "bakery.example"})
    with as_system("look"):
        check = DomainCheck.objects.get()
    assert check.record in client.get("/o/ada-bakery/verification/").content.decode()
    services.check_domains()
    assert "No TXT record at all." in client.get("/o/ada-bakery/verification/").content.decode()
    zone["bakery.example"] = [check.record]
    client.post(url, {"domain": "bakery.example"})
    services.check_domains()
    page = client.get("/o/ada-bakery/verification/").content.decode()
    assert "shown to be theirs by a DNS record" in page
    assert client.post(url, {"domain": "bakery.example"}).status_code == 422
