"""What counts as final, and what an operator hears when providers fall silent."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chain import alarms, freezing, watcher
from chain.models import CopyPosition, Log
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN
from tests.chain.proxy import FaultyNode

pytestmark = pytest.mark.django_db


@pytest.fixture
def without_tags(dollar: Dollar, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A node that does not know the tags of newer chains."""
    proxy = FaultyNode(dollar.node.url)
    healthy = proxy.bend

    def bend(call: Any, answer: Any) -> Any:
        if call["method"] == "eth_getBlockByNumber" and call["params"][0] in {"finalized", "safe"}:
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32602, "message": "unknown block tag"}}
        return healthy(call, answer)

    monkeypatch.setattr(proxy, "bend", bend)
    yield proxy
    proxy.close()


def believe(settings: Any, **options: Any) -> None:
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], **options}}


def kinds() -> list[str]:
    return [alarm.kind for alarm in alarms.sounding(CHAIN)]


@pytest.mark.parametrize("tag", ["finalized", "safe"])
def test_the_nodes_own_tag_decides_where_it_is_asked_for(dollar: Dollar, settings: Any, tag: str) -> None:
    believe(settings, finality=tag, confirmations=0)
    dollar.mint(1)
    watcher.watch()
    tagged = int(dollar.node.rpc("eth_getBlockByNumber", tag, False)["number"], 16)
    assert CopyPosition.objects.get().final_number == tagged < dollar.node.head()
    assert Log.objects.final().exists() is False
    dollar.node.mine(5)
    watcher.watch()
    assert Log.objects.final().exists()


def test_where_the_tag_is_not_known_nothing_is_final_and_an_alarm_says_so(
    dollar: Dollar, settings: Any, without_tags: FaultyNode
) -> None:
    believe(settings, finality="finalized", rpc_url=without_tags.url)
    dollar.mint(1)
    dollar.node.mine(9)
    watcher.watch()
    assert (Log.objects.seen().count(), Log.objects.final().count()) == (1, 0)
    assert kinds() == ["no finality tag"]


def test_confirmations_count_without_the_tag_only_where_that_is_configured(
    dollar: Dollar, settings: Any, without_tags: FaultyNode
) -> None:
    believe(settings, finality="finalized or confirmations", rpc_url=without_tags.url)
    dollar.mint(1)
    watcher.watch()
    assert Log.objects.final().count() == 0
    dollar.node.mine(2)
    watcher.watch()
    assert Log.objects.final().count() == 1


def test_a_minute_of_silence_is_an_alarm_and_ends_with_an_answer(
    dollar: Dollar, settings: Any, without_tags: FaultyNode
) -> None:
    believe(settings, rpc_url=without_tags.url)
    watcher.watch()
    without_tags.fault = "error_500"
    watcher.watch()
    assert kinds() == []
    CopyPosition.objects.update(checked_at=timezone.now() - dt.timedelta(seconds=61))
    watcher.watch()
    assert kinds() == ["nodes silent"]
    without_tags.fault = "none"
    watcher.watch()
    assert kinds() == []


def test_readiness_says_that_a_chain_is_frozen_or_not_confirmed(dollar: Dollar, settings: Any) -> None:
    watcher.watch()
    assert Client().get("/readyz").json()["chain"] == "ok"
    believe(settings, witness_url="http://127.0.0.1:1")
    assert "unconfirmed" in Client().get("/readyz").json()["chain"]
    believe(settings, witness_url="")
    freezing.freeze(CHAIN, "A test.")
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["chain"]) == (503, f"{CHAIN}: frozen. A test.")
