"""Calling a tool: who may, what is counted, and what the caller is told when it does not work."""

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from django.db import transaction
from django.test import AsyncClient
from django.utils import timezone

from marketplace.catalog.models import Plan
from marketplace.gateway import api, runs, services
from marketplace.gateway.models import ToolRun, UpstreamSecret, UsageRecord
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Order, Subscription
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db(transaction=True)


class Provider(BaseHTTPRequestHandler):
    """A provider's service: answers, refuses an input, or breaks, as its path says."""

    calls: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.calls.append({"body": body, "authorization": self.headers.get("Authorization")})
        status, answer = 200, {"summary": "It went well."}
        if body.get("text") == "wrong":
            status, answer = 422, {"error": {"message": "Line 7 is not a number.", "field": "text"}}
        if body.get("text") == "break":
            status, answer = 500, {"trace": "secret-of-the-provider"}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None: ...


@dataclass
class Deal:
    cast: world.Cast
    actor: Actor
    key: str
    subscription: Subscription


@world.written
def subscribed(cast: world.Cast) -> Subscription:
    """Ada's bakery has paid for the listing, until tomorrow."""
    now, plan = timezone.now(), cast.plan
    both = {"buyer": cast.bakery, "provider": cast.workshop, "listing": cast.listing}
    order = Order.objects.create(
        **both, plan=plan, state="funded", currency=plan.currency, price=plan.price, period_seconds=plan.period_seconds,
        periods=1, max_fee_bps=250, provider_address=world.BEN_ADDRESS, order_ref="0x" + uuid.uuid4().hex * 2,
        expires_at=now,
    )  # fmt: skip
    return Subscription.objects.create(
        **both, order=order, state="active", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=1)
    )


@pytest.fixture
def deal(settings: Any) -> Iterator[Deal]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Provider.calls.clear()
    settings.GATEWAY_TRUSTED_HOSTS = [f"127.0.0.1:{server.server_port}"]
    cast = world.cast()
    with transaction.atomic(), as_system("the tests' world"):
        cast.listing.versions.update(endpoint=f"http://127.0.0.1:{server.server_port}/")
    actor = Actor(cast.ada.pk, cast.bakery.pk, "owner")
    with transaction.atomic(), scope(org_id=cast.bakery.pk):
        _, key = services.create_key(actor, name="Till")
    yield Deal(cast, actor, key, subscribed(cast))
    server.shutdown()
    server.server_close()


def answered(deal: Deal, body: Any = None, *, key: str | None = None, slug: str = "review-mood") -> Any:
    """What one call through the gateway is answered, headers included."""
    headers = {"authorization": f"Bearer {deal.key if key is None else key}"}
    data = body if isinstance(body, bytes) else json.dumps(body or {"text": "good"})

    async def go() -> Any:
        api._pool.clear()  # the pool belongs to an event loop, and each call here has its own
        return await AsyncClient().post(f"/gw/{slug}/", data, content_type="application/json", headers=headers)

    return asyncio.run(go())


def call(deal: Deal, body: Any = None, *, key: str | None = None, slug: str = "review-mood") -> tuple[int, Any]:
    """One call through the gateway; the status and what it said."""
    answer = answered(deal, body, key=key, slug=slug)
    return answer.status_code, json.loads(answer.content)


def usage() -> list[UsageRecord]:
    with transaction.atomic(), as_system("the test counts"):
        return list(UsageRecord.objects.order_by("id"))


def test_on_grace_the_answer_says_until_when_calls_pass(deal: Deal) -> None:
    now = timezone.now().replace(microsecond=0)
    with transaction.atomic(), as_system("the paid time is over"):
        Plan.objects.filter(pk=deal.cast.plan.pk).update(grace_days=1, grace_calls=2)
        Subscription.objects.filter(pk=deal.subscription.pk).update(
            starts_at=now - timedelta(days=30), ends_at=now, grace_ends_at=now + timedelta(days=1)
        )
    ends = f"{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    assert [answered(deal).headers.get("X-Grace-Ends") for _ in range(2)] == [ends, ends]
    assert answered(deal).status_code == 429


def test_a_call_with_a_key_and_a_subscription_is_answered_and_counted(deal: Deal) -> None:
    assert call(deal) == (200, {"summary": "It went well."})
    (record,) = usage()
    assert (record.outcome, record.status, record.buyer_id) == ("answered", 200, deal.cast.bakery.pk)
    assert record.milliseconds is not None


def test_the_provider_sees_its_own_key_and_never_the_buyers(deal: Deal) -> None:
    ben = Actor(deal.cast.ben.pk, deal.cast.workshop.pk, "owner")
    with transaction.atomic(), scope(org_id=deal.cast.workshop.pk):
        services.keep_service_key(ben, listing=deal.cast.listing, service_key="key-of-the-service")
    call(deal)
    assert Provider.calls[-1]["authorization"] == "Bearer key-of-the-service"
    assert deal.key not in str(Provider.calls)


@pytest.mark.parametrize("key", ["", "gh_unknown", "nonsense"])
def test_without_a_known_key_nothing_is_called(deal: Deal, key: str) -> None:
    status, said = call(deal, key=key)
    assert status == 401
    assert said["error"]["message"]
    assert (Provider.calls, usage()) == ([], [])


def test_a_key_that_differs_in_one_letter_is_not_the_key(deal: Deal) -> None:
    assert call(deal, key=deal.key[:-1] + ("a" if deal.key[-1] != "a" else "b"))[0] == 401


def test_a_revoked_key_says_when_it_was_revoked(deal: Deal) -> None:
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        key = deal.cast.bakery.api_keys.get()
        services.revoke_key(deal.actor, key_id=key.pk)
        services.revoke_key(deal.actor, key_id=key.pk)
        assert deal.cast.bakery.api_keys.update(revoked_at=datetime(2027, 2, 1, 23, 59, tzinfo=UTC)) == 1
    status, said = call(deal)
    assert (status, said["error"]["code"]) == (401, "revoked_key")
    assert "revoked on 1 February 2027." in said["error"]["message"]


@pytest.mark.parametrize("change", [{"state": "ended"}, {"ends_at": timezone.now() - timedelta(minutes=1)}])
def test_without_a_running_subscription_the_answer_is_402_with_a_reason(deal: Deal, change: dict[str, Any]) -> None:
    with transaction.atomic(), as_system("the subscription is over"):
        Subscription.objects.update(**change)
    status, said = call(deal)
    assert (status, said["error"]["code"]) == (402, "no_subscription")
    assert said["error"]["message"]
    assert (Provider.calls, usage()) == ([], [])


def test_a_tool_that_is_not_on_the_market_is_not_found(deal: Deal) -> None:
    assert call(deal, slug="no-such-tool")[0] == 404


def test_an_input_that_is_not_json_is_not_sent_on(deal: Deal) -> None:
    assert call(deal, b"{not json")[1]["error"]["code"] == "not_json"
    assert call(deal, b"[" * 100_000)[1]["error"]["code"] == "not_json"
    assert Provider.calls == []


def test_an_input_that_is_too_large_is_not_sent_on(deal: Deal) -> None:
    assert call(deal, b'"' + b"x" * (3 * 1024 * 1024) + b'"')[0] == 413


def test_the_providers_no_to_an_input_reaches_the_caller(deal: Deal) -> None:
    status, said = call(deal, {"text": "wrong"})
    assert (status, said["error"]["message"]) == (422, "Line 7 is not a number.")
    assert usage()[0].outcome == "refused"


def test_a_provider_that_breaks_is_said_without_its_secrets(deal: Deal) -> None:
    status, said = call(deal, {"text": "break"})
    assert (status, said["error"]["code"]) == (502, "provider_failed")
    assert "secret-of-the-provider" not in json.dumps(said)
    assert usage()[0].outcome == "failed"


def test_a_provider_that_is_down_is_said_and_counted_once(deal: Deal, settings: Any) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = ["127.0.0.1:9"]
    with transaction.atomic(), as_system("the service moved"):
        deal.cast.listing.versions.update(endpoint="http://127.0.0.1:9/")
    status, said = call(deal)
    assert (status, said["error"]["message"]) == (502, "The provider's service cannot be reached.")
    assert [record.outcome for record in usage()] == ["failed"]


def run(deal: Deal, text: str = "good", form_key: uuid.UUID | None = None) -> ToolRun:
    """Start a run as the form does, let the worker pass by, and look at it again."""
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        started = runs.start_run(
            deal.actor, listing=deal.cast.listing, payload={"text": text}, form_key=form_key or uuid.uuid4()
        )
    runs.run_waiting()
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        return ToolRun.objects.get(pk=started.pk)


def test_a_run_from_the_browser_keeps_its_result_and_is_counted(deal: Deal) -> None:
    done = run(deal)
    assert (done.state, done.result) == ("done", {"summary": "It went well."})
    assert [record.user_id for record in usage()] == [deal.cast.ada.pk]


def test_a_form_sent_twice_runs_once(deal: Deal) -> None:
    key = uuid.uuid4()
    assert run(deal, form_key=key).pk == run(deal, form_key=key).pk
    assert len(Provider.calls) == len(usage()) == 1


def test_a_run_says_which_input_was_wrong(deal: Deal) -> None:
    failed = run(deal, "wrong")
    assert (failed.state, failed.error, failed.error_field) == ("failed", "Line 7 is not a number.", "text")


def test_a_run_whose_subscription_ended_meanwhile_calls_nobody(deal: Deal) -> None:
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        waiting = runs.start_run(deal.actor, listing=deal.cast.listing, payload={"text": "good"}, form_key=uuid.uuid4())
    with transaction.atomic(), as_system("it ends"):
        Subscription.objects.update(state="ended")
    runs.run_waiting()
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        assert ToolRun.objects.get(pk=waiting.pk).state == "failed"
    assert Provider.calls == []


def test_a_run_that_was_cut_off_is_not_called_again(deal: Deal) -> None:
    started = run(deal)
    long_ago = timezone.now() - timedelta(minutes=10)
    with transaction.atomic(), as_system("the worker died"):
        ToolRun.objects.filter(pk=started.pk).update(state="running", started_at=long_ago)
    runs.run_waiting()
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        kept = ToolRun.objects.get(pk=started.pk)
    assert (kept.state, kept.error) == ("failed", runs.INTERRUPTED)
    assert len(Provider.calls) == 1


def test_without_a_subscription_no_run_starts(deal: Deal) -> None:
    with transaction.atomic(), as_system("it ends"):
        Subscription.objects.update(state="ended")
    with pytest.raises(Refused), transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        runs.start_run(deal.actor, listing=deal.cast.listing, payload={}, form_key=uuid.uuid4())


def test_another_organization_can_neither_see_nor_end_a_key(deal: Deal) -> None:
    key = None
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        key = deal.cast.bakery.api_keys.get()
    stranger = Actor(deal.cast.ben.pk, deal.cast.workshop.pk, "owner")
    with pytest.raises(Refused, match="no such key"), transaction.atomic(), scope(org_id=deal.cast.workshop.pk):
        services.revoke_key(stranger, key_id=key.pk)
    assert call(deal)[0] == 200


def spoil_key(deal: Deal) -> None:
    """A key that cannot be unsealed: its row was swapped, or the sealing key is another."""
    with transaction.atomic(), as_system("the row is spoilt"):
        UpstreamSecret.objects.create(
            org=deal.cast.workshop, listing=deal.cast.listing, key_id="gone", nonce=b"n" * 12, ciphertext=b"c"
        )


def test_a_key_that_cannot_be_opened_fails_its_own_run_and_stops_nobody_elses(deal: Deal) -> None:
    spoil_key(deal)
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        started = runs.start_run(deal.actor, listing=deal.cast.listing, payload={"text": "good"}, form_key=uuid.uuid4())
    assert runs.run_waiting() == 0  # and raises nothing, which would come again each second
    with transaction.atomic(), as_system("the test looks"):
        kept = ToolRun.objects.get(pk=started.pk)
    assert (kept.state, "store it again" in kept.error) == ("failed", True)
    assert (Provider.calls, usage()) == ([], [])
    status, said = call(deal)
    assert (status, said["error"]["code"]) == (502, "provider_key")
    assert usage() == []
