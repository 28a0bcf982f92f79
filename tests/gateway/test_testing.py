"""A provider calls its own service: sees how far the call came and what to put right, and cannot carry off a key."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.catalog.models import ListingVersion
from marketplace.gateway import services, testing, upstream
from marketplace.gateway.explaining import STEPS
from marketplace.gateway.models import EndpointTest, UsageRecord
from marketplace.lifecycle import Refused
from marketplace.tenancy.scope import scope
from tests import world
from tests.organizations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "key-of-the-service"
OUTPUT: dict[str, Any] = {
    "type": "object",
    "required": ["mood"],
    "properties": {"mood": {"type": "string"}, "share": {"type": "number"}},
}


class Service(BaseHTTPRequestHandler):
    """A provider's service, as good or bad as `says` has it."""

    says: ClassVar[dict[str, Any]] = {}
    calls: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append({"body": json.loads(sent), "headers": dict(self.headers), "path": self.path})
        time.sleep(self.says.get("silent", 0))
        if self.says.get("hangs_up"):
            return
        body = self.says.get("body", b'{"mood": "good"}')
        self.send_response(self.says.get("status", 200))
        for name, value in self.says.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + self.says.get("missing", 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def service(settings: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Service.calls.clear()
    Service.says.clear()
    settings.GATEWAY_TRUSTED_HOSTS = [f"127.0.0.1:{server.server_port}"]
    yield f"http://127.0.0.1:{server.server_port}/mood"
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(service: str) -> world.Cast:
    cast = world.cast()
    leads_to(cast, service)
    return cast


@world.written
def leads_to(cast: world.Cast, endpoint: str, **fields: Any) -> ListingVersion:
    """The listing's next draft, with this address."""
    cast.listing.versions.exclude(state="approved").delete()
    return world.version(cast.workshop, listing=cast.listing, endpoint=endpoint, output_schema=OUTPUT, **fields)


@world.written
def approved_at(cast: world.Cast, endpoint: str) -> None:
    cast.listing.versions.filter(state="approved").update(endpoint=endpoint)


@world.written
def rows() -> list[EndpointTest]:
    return list(EndpointTest.objects.order_by("pk"))


def started(cast: world.Cast, text: str = "good", listing_id: int | None = None) -> EndpointTest:
    actor = world.actor(cast.ben, cast.workshop)
    with services.transaction.atomic(), scope(org_id=cast.workshop.pk):
        return testing.start_test(actor, listing_id=listing_id or cast.listing.pk, payload={"text": text})


def called(cast: world.Cast, **says: Any) -> EndpointTest:
    """What one test saw of a service that behaves so."""
    Service.says.clear()
    Service.says.update(says)
    started(cast)
    testing.run_waiting()
    return rows()[-1]


def reached(test: EndpointTest) -> list[str]:
    """The steps that were done, in their order."""
    return [name for name in STEPS if name in test.steps]


def store_key(cast: world.Cast) -> None:
    with services.transaction.atomic(), scope(org_id=cast.workshop.pk):
        services.keep_service_key(world.actor(cast.ben, cast.workshop), listing=cast.listing, service_key=KEY)


def test_a_good_service_is_told_so_with_the_time_of_each_step(shop: world.Cast) -> None:
    test = called(shop, silent=0.06)
    assert (test.state, test.status, test.problems, test.fits) == ("done", 200, [], True)
    assert reached(test) == ["resolved", "connected", "sent", "answered", "complete"]
    assert [test.steps[name] for name in reached(test)] == sorted(test.steps.values())
    assert test.steps["answered"] - test.steps["sent"] >= 50
    assert (test.bytes_out, test.address, test.answer) == (16, "127.0.0.1", '{"mood": "good"}')
    (call,) = Service.calls
    assert call["body"] == {"text": "good"}
    assert call["headers"]["X-Guildhall-Test"] == "1"


def test_nothing_is_counted_or_billed(shop: world.Cast) -> None:
    called(shop)
    assert world.written(lambda: UsageRecord.objects.count())() == 0


def test_what_was_tested_is_recorded(shop: world.Cast) -> None:
    called(shop)
    assert world.written(lambda: Entry.objects.filter(verb="listing.tested", org_id=shop.workshop.pk).count())() == 1


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ({"status": 401}, "wants a key"),
        ({"status": 404}, "Is its path right?"),
        ({"status": 405}, "does not take POST"),
        ({"status": 500, "body": b"{}"}, "Look into its log"),
        ({"status": 302, "headers": {"Location": "http://elsewhere.example/"}}, "That is not followed"),
        ({"body": b"<html>hello</html>"}, "not JSON"),
        ({"body": b"[" * 100_000}, "not JSON"),
        ({"body": b'{"mood": 5, "share": "x"}'}, "“What comes out” says otherwise: mood"),
        ({"body": b"{}"}, "'mood' is a required property"),
        ({"hangs_up": True}, "closed the connection without an answer"),
        ({"missing": 9}, "broke in the middle"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(shop: world.Cast, says: dict[str, Any], expected: str) -> None:
    test = called(shop, **says)
    assert expected in " ".join(test.problems), test.problems
    assert test.state == "done"
    assert bool(test.fits) is False


def test_a_slow_answer_is_called_slow_and_not_wrong(
    shop: world.Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(shop)
    client.force_login(shop.ben)
    where = f"/o/{shop.workshop.slug}/listings/{shop.listing.slug}/test/"
    assert "It works, slowly" not in client.get(where).content.decode()
    world.written(lambda: EndpointTest.objects.update(milliseconds=10_001))()
    assert "It works, slowly" in client.get(where).content.decode()


def test_an_answer_that_fits_is_not_said_to_be_wrong(shop: world.Cast) -> None:
    """The control of the schema: the same answer, with a listing that promises what it says."""
    assert called(shop, body=b'{"mood": 5}').fits is False
    leads_to(
        shop,
        rows()[-1].endpoint,
    )
    world.written(lambda: shop.listing.versions.filter(state="draft").update(output_schema={"type": "object"}))()
    test = called(shop, body=b'{"mood": 5}')
    assert (test.problems, test.fits) == ([], True)


def test_a_service_that_keeps_silent_is_told_from_one_that_is_not_there(
    shop: world.Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "IDLE_SECONDS", 0.3)
    test = called(shop, silent=1)
    assert "was silent for" in test.problems[0]
    assert "answered" not in test.steps and "sent" in test.steps
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    settings.GATEWAY_TRUSTED_HOSTS = [nobody]
    leads_to(shop, f"http://{nobody}/")
    test = called(shop)
    assert f"Nobody listens at {nobody}" in test.problems[0]
    assert reached(test) == ["resolved"]


def test_a_name_without_an_address_is_said(shop: world.Cast) -> None:
    leads_to(shop, "https://nobody.invalid/")
    test = called(shop)
    assert "There is no address for the name nobody.invalid" in test.problems[0]
    assert test.steps == {}


def test_a_service_without_a_certificate_is_said(shop: world.Cast, service: str) -> None:
    leads_to(shop, service.replace("http:", "https:"))
    test = called(shop)
    assert "could not be secured" in test.problems[0]
    assert reached(test) == ["resolved", "connected"]


def test_a_test_does_not_reach_inwards(shop: world.Cast, service: str, settings: Any) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = []
    leads_to(shop, service.replace("http:", "https:").replace("127.0.0.1", "localhost"))
    test = called(shop)
    assert "leads into a private network" in test.problems[0]
    assert Service.calls == []


def test_control_without_the_vetting_the_same_test_arrives(
    shop: world.Cast, service: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = []
    monkeypatch.setattr(upstream, "vetted", lambda host, answers: answers[0])
    leads_to(shop, service.replace("http:", "https:").replace("127.0.0.1", "localhost"))
    assert reached(called(shop)) == ["resolved", "connected"]


def test_the_key_goes_where_the_listing_led_when_it_was_stored(shop: world.Cast) -> None:
    store_key(shop)
    test = called(shop)
    assert test.with_key
    assert Service.calls[0]["headers"]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in test.answer


def test_the_key_goes_where_a_moderator_let_it_go(shop: world.Cast, service: str) -> None:
    leads_to(shop, "https://elsewhere.example/")
    store_key(shop)
    leads_to(shop, service)
    approved_at(shop, service)
    assert called(shop).with_key


def test_a_draft_that_leads_elsewhere_does_not_carry_the_key_off(shop: world.Cast, service: str) -> None:
    leads_to(shop, "https://elsewhere.example/")
    store_key(shop)
    leads_to(shop, service)
    assert not called(shop).with_key
    assert "Authorization" not in Service.calls[0]["headers"]


def test_control_without_looking_where_the_key_would_go_along(
    shop: world.Cast, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(shop, "https://elsewhere.example/")
    store_key(shop)
    leads_to(shop, service)
    monkeypatch.setattr(testing, "may_have_key", lambda listing, endpoint: True)
    assert called(shop).with_key
    assert Service.calls[0]["headers"]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/x", "http://a.example/x"),
        ("https://a.example/x", "https://a.example:8443/x"),
        ("https://a.example/x", "https://a.example.evil.example/x"),
        ("https://a.example/x", "https://evil.example/?https://a.example/x"),
    ],
)
def test_another_scheme_host_or_port_is_another_place(one: str, other: str) -> None:
    assert services.origin(one) != services.origin(other)
    assert services.origin(one) == services.origin("https://A.example:443/y")


def test_pressing_twice_calls_once(shop: world.Cast) -> None:
    assert started(shop).pk == started(shop).pk
    testing.run_waiting()
    assert len(Service.calls) == 1


def test_an_organization_has_thirty_an_hour_over_all_its_listings(
    shop: world.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "AN_HOUR", 2)
    other = world.listing(shop.workshop, "Another tool")
    called(shop)
    leads = rows()[0].endpoint
    world.written(lambda: other.versions.update(endpoint=leads))()
    started(shop, listing_id=other.pk)
    testing.run_waiting()
    with pytest.raises(Refused, match="2 tests within an hour"):
        started(shop)
    world.written(lambda: EndpointTest.objects.update(created_at=timezone.now() - timedelta(hours=2)))()
    assert started(shop)


def test_many_at_once_do_not_share_the_last_one_of_an_hour(
    shop: world.Cast, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "AN_HOUR", 3)
    listings = [world.listing(shop.workshop, f"Tool {number}", endpoint=service) for number in range(8)]
    said = at_once(*[lambda one=one: started(shop, listing_id=one.pk) for one in listings])
    assert not [word for word in said if not isinstance(word, EndpointTest | Refused)], said
    assert len(rows()) == 3


def test_a_test_cut_off_by_a_crash_is_not_made_again(shop: world.Cast) -> None:
    started(shop)
    taken = testing._take()
    world.written(lambda: EndpointTest.objects.update(started_at=timezone.now() - timedelta(minutes=10)))()
    testing.run_waiting()
    assert Service.calls == []
    assert "interrupted on our side" in rows()[0].problems[0]
    testing._finish(taken[0], None, upstream.UpstreamFailed("late"), 5)
    assert len(rows()[0].problems) == 1


def test_what_came_back_is_said_in_the_language_of_who_asked(shop: world.Cast) -> None:
    world.written(lambda: type(shop.ben).objects.filter(pk=shop.ben.pk).update(language="de"))()
    assert "an dieser Adresse ist nichts" in called(shop, status=404).problems[0]


def test_a_listing_without_an_address_says_what_to_do_first(shop: world.Cast, client: Client) -> None:
    leads_to(shop, "")
    client.force_login(shop.ben)
    page = client.get(f"/o/{shop.workshop.slug}/listings/{shop.listing.slug}/test/").content.decode()
    assert "Complete the step “How it is called” first" in page
    assert "Call it now" not in page


def test_the_page_shows_the_buyers_form_calls_and_shows_the_answer(shop: world.Cast, client: Client) -> None:
    client.force_login(shop.ben)
    where = f"/o/{shop.workshop.slug}/listings/{shop.listing.slug}/test/"
    page = client.get(where).content.decode()
    assert world.EXAMPLE["text"] in page and "Reviews" in page
    key = page.partition('name="form_key" value="')[2].partition('"')[0]
    refused = client.post(where, {"text": "", "form_key": key})
    assert refused.status_code == 422
    assert rows() == []
    assert client.post(where, {"text": "fine", "form_key": key}).status_code == 302
    assert 'hx-trigger="every 1s"' in client.get(where).content.decode()
    testing.run_waiting()
    page = client.get(where).content.decode()
    assert "Your service answers as the listing says." in page
    assert "First byte of the answer" in page
    assert "hx-trigger" not in page.partition('<section id="tests"')[2].partition(">")[0]
    part = client.get(where, headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith("<section") and "<html" not in part
    assert Service.calls[0]["body"] == {"text": "fine"}
    client.post(where, {"use_example": "1"})
    testing.run_waiting()
    assert Service.calls[1]["body"] == world.EXAMPLE


def test_what_a_service_answers_is_text_on_the_page(shop: world.Cast, client: Client) -> None:
    called(shop, body=b'{"mood": "<script>alert(1)</script>"}')
    client.force_login(shop.ben)
    page = client.get(f"/o/{shop.workshop.slug}/listings/{shop.listing.slug}/test/").content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_only_what_the_page_shows_is_kept_of_inputs_and_answers(shop: world.Cast) -> None:
    for _ in range(testing.LATEST + 2):
        called(shop)
    found = rows()
    assert [bool(test.input) for test in found] == [False, False, *[True] * testing.LATEST]
    assert [bool(test.answer) for test in found] == [False, False, *[True] * testing.LATEST]
    assert all(test.steps for test in found)


def test_tests_are_forgotten_after_thirty_days(shop: world.Cast) -> None:
    called(shop)
    assert testing.forget() == 0
    world.written(lambda: EndpointTest.objects.update(created_at=timezone.now() - timedelta(days=31)))()
    assert (testing.forget(), rows()) == (1, [])
