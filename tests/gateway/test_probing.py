"""Whether a tool's service answers: probed by the guarded client, kept, summed up, told."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.catalog.models import Listing
from marketplace.gateway import probing
from marketplace.gateway.models import HealthSpan, Probe, Watch
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Service(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str, dict[str, str]]]] = []
    status: ClassVar[int] = 200

    def do_HEAD(self) -> None:
        self.asked.append((self.command, self.path, dict(self.headers)))
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_HEAD

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def service(settings: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Service.asked.clear()
    Service.status = 200
    host = f"127.0.0.1:{server.server_port}"
    settings.GATEWAY_TRUSTED_HOSTS = [host]
    yield host
    server.shutdown()
    server.server_close()


@pytest.fixture
def tool(service: str) -> Listing:
    made = world.listing(world.provider("Ben Workshop"), endpoint=f"http://{service}/mood")
    probing.watch_public()
    return made


@world.written
def fresh(listing: Listing) -> Listing:
    return Listing.objects.get(pk=listing.pk)


@world.written
def verbs(listing: Listing) -> list[str]:
    return list(Entry.objects.for_org(listing.org_id).order_by("sequence").values_list("verb", flat=True))


@world.written
def rows(model: Any) -> list[Any]:
    return list(model.objects.order_by("pk"))


def seen(listing: Listing, at: datetime, is_up: bool, milliseconds: int = 20) -> None:
    probing.keep(probing.Seen(listing.pk, "host", at, is_up, milliseconds))


def test_a_probe_costs_the_provider_nothing_and_carries_no_key(tool: Listing) -> None:
    assert probing.probe_due() == 1
    [(method, path, headers)] = Service.asked
    assert (method, path) == ("HEAD", "/mood")
    assert headers["X-Guildhall-Probe"] == "1"
    assert "Authorization" not in headers
    assert fresh(tool).uptime_bps == 10_000


def test_a_service_is_not_asked_again_before_five_minutes_have_passed(tool: Listing) -> None:
    assert [probing.probe_due(), probing.probe_due()] == [1, 0]
    [watch] = rows(Watch)
    assert 4.4 * MINUTE < watch.due_at - timezone.now() < 5.6 * MINUTE


@pytest.mark.parametrize(
    ("status", "is_up"), [(200, True), (302, True), (401, True), (405, True), (501, True), (500, False), (503, False)]
)
def test_any_answer_that_is_no_failure_counts_as_up(tool: Listing, status: int, is_up: bool) -> None:
    Service.status = status
    probing.probe_due()
    assert [probe.is_up for probe in rows(Probe)] == [is_up]
    assert len(Service.asked) == 1  # a redirect is not followed


def test_a_service_inside_our_network_is_not_probed(tool: Listing, settings: Any) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = []
    probing.probe_due()
    assert Service.asked == []
    assert [probe.is_up for probe in rows(Probe)] == [False]


@pytest.mark.parametrize("state", ["hidden", "suspended", "retired"])
def test_what_is_not_in_the_shop_is_left_alone(tool: Listing, state: str) -> None:
    with transaction.atomic(), as_system("set the stage"):
        Listing.objects.update(state=state)
    assert probing.probe_due() == 0


def test_three_failures_in_a_row_are_down_and_one_answer_is_up_again(tool: Listing) -> None:
    now = timezone.now()
    for minute, is_up in enumerate([False, False, True, False, False]):
        seen(tool, now + minute * MINUTE, is_up)
    assert fresh(tool).is_down_since is None
    seen(tool, now + 5 * MINUTE, False)
    assert fresh(tool).is_down_since == now + 3 * MINUTE
    seen(tool, now + 6 * MINUTE, False)
    assert verbs(tool) == ["listing.down"]
    seen(tool, now + 7 * MINUTE, True)
    assert fresh(tool).is_down_since is None
    assert verbs(tool) == ["listing.down", "listing.up"]


def test_a_tool_that_is_down_for_a_day_leaves_the_first_page_and_its_provider_is_told_once(tool: Listing) -> None:
    now = timezone.now()
    for minute in (0, 5, 10, 15):
        seen(tool, now + minute * MINUTE, False)
    assert Listing.objects.public().answering(now + 20 * MINUTE).exists()
    for minute in (1440, 1445):
        seen(tool, now + minute * MINUTE, False)
    assert verbs(tool) == ["listing.down", "listing.stays_down"]
    assert not Listing.objects.public().answering(now + 1446 * MINUTE).exists()
    assert Listing.objects.public().exists()


def test_the_figures_are_those_of_the_probes(tool: Listing) -> None:
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    for minute in range(40):
        seen(tool, noon + minute * 2 * MINUTE, is_up=minute != 7, milliseconds=minute + 1)
    spans = {(span.seconds, span.starts_at.hour): (span.probes, span.up, span.p95) for span in rows(HealthSpan)}
    assert spans == {(3600, 12): (30, 29, 29), (3600, 13): (10, 10, 40), (86_400, 0): (40, 39, 39)}
    assert fresh(tool).uptime_bps == 9750


def test_when_nobody_answers_anywhere_we_blame_ourselves(tool: Listing) -> None:
    """Or a fault of our own network would tell every provider that its service is down."""
    down = [probing.Seen(n, f"host-{n}", timezone.now(), False, 1) for n in range(5)]
    assert probing.fault_is_ours(down)
    assert not probing.fault_is_ours(down[:4])
    assert not probing.fault_is_ours([*down, probing.Seen(9, "host-9", timezone.now(), True, 1)])
    assert not probing.fault_is_ours([probing.Seen(n, "one-host", timezone.now(), False, 1) for n in range(9)])


def test_old_probes_are_forgotten(tool: Listing) -> None:
    now = timezone.now()
    seen(tool, now - timedelta(days=31), True)
    seen(tool, now, True)
    assert probing.forget() == 1
    assert [probe.at for probe in rows(Probe)] == [now]
    assert sorted(span.seconds for span in rows(HealthSpan)) == [3600, 86_400, 86_400]


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_probe_the_same_service(service: str) -> None:
    org = world.provider("Ben Workshop")
    for n in range(12):
        world.listing(org, f"Tool {n}", endpoint=f"http://{service}/{n}")
    probing.watch_public()
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        probing.probe_due()
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(path for _, path, _ in Service.asked) == sorted(f"/{n}" for n in range(12))


def test_the_tools_page_shows_how_it_answers(client: Client, tool: Listing) -> None:
    assert "We have not looked yet" in client.get("/tools/review-mood/").content.decode()
    now = timezone.now()
    seen(tool, now, True, 42)
    page = client.get("/tools/review-mood/").content.decode()
    for words in ("Up<", "100\N{NARROW NO-BREAK SPACE}%", "42 ms"):
        assert words in page
    assert "Show as table" not in page  # one figure is no course
    for day in (1, 2, 3):
        seen(tool, now - timedelta(days=day), True, 42)
    page = client.get("/tools/review-mood/").content.decode()
    assert page.count("Show as table") == 2
    for minute in (1, 2, 3):
        seen(tool, now + minute * MINUTE, False)
    page = client.get("/tools/review-mood/").content.decode()
    assert "It does not answer" in page
    assert ">Down<" in page
