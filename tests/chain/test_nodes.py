"""A provider that fails rests, and the next one is asked: a market with two providers outlives either."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from web3 import HTTPProvider

from chain import nodes, sender, watcher
from chain.client import Client, client
from chain.models import Attempt, Block, Log, OutgoingTransaction, State
from chain.outbox import submit
from chain.rpc import NodeUnreachable, Rpc
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, LocalChain, fresh_address
from tests.chain.proxy import FaultyNode

SILENT = ["error_500", "html", "too_many", "dropped", "lost_answer"]
Two = tuple[FaultyNode, FaultyNode]


@pytest.fixture
def two(node: LocalChain, settings: Any) -> Iterator[Two]:
    """Two providers of the same chain, the first preferred; failures have consequences."""
    with ExitStack() as stack:
        found = FaultyNode(node.url), FaultyNode(node.url)
        for each in found:
            stack.callback(each.close)
        settings.NODE_BACKOFF_SECONDS = 30
        settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "rpc_url": ", ".join(each.url for each in found)}}
        yield found


def copied(dollar: Dollar) -> bool:
    return list(Log.objects.in_order().values_list("block_hash", "log_index")) == dollar.node.logs(dollar.address)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", SILENT)
def test_the_market_goes_on_with_the_next_provider_and_leaves_the_failing_one_alone(
    dollar: Dollar, two: Two, fault: str
) -> None:
    first, second = two
    dollar.mint(1)
    first.fault = fault
    assert watcher.watch() == watcher.Outcome.WAITING
    asked = first.asked
    assert watcher.watch() == watcher.Outcome.LEVEL
    assert copied(dollar)
    assert (first.asked, second.asked > 0) == (asked, True)


@pytest.mark.django_db
def test_control_without_a_rest_the_failing_provider_is_asked_for_ever(dollar: Dollar, two: Two, settings: Any) -> None:
    settings.NODE_BACKOFF_SECONDS = 0
    two[0].fault = "error_500"
    for _ in range(5):
        assert watcher.watch() == watcher.Outcome.WAITING
    assert (two[0].asked, two[1].asked) == (5, 0)


@pytest.mark.django_db
def test_one_step_never_mixes_the_answers_of_two_providers(dollar: Dollar, two: Two) -> None:
    """The first provider breaks in the middle of a step: the step ends with nothing, it does not go on elsewhere."""
    first, second = two
    dollar.mint(1)
    healthy, count = first.answer, iter(range(100))

    def breaks(body: Any) -> Any:
        first.fault = "error_500" if next(count) == 1 else "none"
        return healthy(body)

    first.answer = breaks  # type: ignore[method-assign]
    assert watcher.watch() == watcher.Outcome.WAITING
    assert (second.asked, Block.objects.count()) == (0, 0)
    watcher.watch()
    assert second.asked > 0 and copied(dollar)


@pytest.mark.django_db
def test_a_provider_of_another_chain_is_out_until_it_serves_the_right_one(
    dollar: Dollar, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    healthy = first.bend

    def other_chain(call: Any, answer: Any) -> Any:
        return {**answer, "result": "0x1"} if call["method"] == "eth_chainId" else healthy(call, answer)

    monkeypatch.setattr(first, "bend", other_chain)
    dollar.mint(1)
    assert watcher.watch() == watcher.Outcome.WAITING
    assert watcher.watch() == watcher.Outcome.LEVEL
    assert copied(dollar) and second.asked
    monkeypatch.setattr(first, "bend", healthy)
    nodes.health(first.url).rests_until = 0
    asked = first.asked
    watcher.watch()
    assert first.asked > asked


@pytest.mark.django_db
@pytest.mark.parametrize("fault", ["lost_answer", "error_500"])
def test_a_payment_goes_to_the_next_provider_as_the_same_bytes(node: LocalChain, two: Two, fault: str) -> None:
    from chain.signing import signer

    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    sender.sign(client(), signer())
    two[0].fault = fault
    for _ in range(3):
        sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.MINED
    assert (Attempt.objects.count(), node.balance(fresh_address(1))) == (1, 7)


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes = b"{}") -> Iterator[Rpc]:
    """A node that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            for key, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Rpc(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "later", [lambda: "40", lambda: time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 41))]
)
def test_a_provider_that_asks_to_be_left_alone_is_left_alone_for_so_long(
    later: Callable[[], str], settings: Any
) -> None:
    settings.NODE_BACKOFF_SECONDS = 1
    with answering(429, {"Retry-After": later()}) as node:
        with pytest.raises(NodeUnreachable, match="429"):
            node.one("eth_chainId")
        assert 25 < node.health.rest <= 41
        with pytest.raises(NodeUnreachable, match="is not asked for"):
            node.one("eth_chainId")


def test_a_limit_on_requests_counts_also_where_the_answer_looks_healthy(settings: Any) -> None:
    settings.NODE_BACKOFF_SECONDS = 8
    body = b'[{"jsonrpc":"2.0","id":0,"error":{"code":-32005,"message":"daily request count exceeded, rate limited"}}]'
    with answering(200, {}, body) as node:
        with pytest.raises(NodeUnreachable, match="limit on requests"):
            node.one("eth_chainId")
        assert node.health.rest > 0


def test_a_rest_doubles_with_each_failure_up_to_a_minute_and_ends_with_an_answer(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NODE_BACKOFF_SECONDS = 1
    monkeypatch.setattr(nodes.time, "monotonic", lambda: 1000.0)
    known = nodes.Health("http://rests.example")
    rests = []
    for _ in range(12):
        known.failed("a test")
        rests.append(known.rest)
    assert all(2**n / 2 <= rest <= 2**n for n, rest in enumerate(rests[:6]))
    assert all(30 <= rest <= 60 for rest in rests[6:])
    known.worked()
    assert (known.rest, known.failures) == (0, 0)


def test_nobodys_wish_keeps_a_provider_out_for_more_than_ten_minutes(settings: Any) -> None:
    settings.NODE_BACKOFF_SECONDS = 1
    known = nodes.Health("http://greedy.example")
    known.failed("a test", 10**9)
    assert 500 < known.rest <= 600


def test_a_provider_whose_newest_block_never_changes_makes_room_for_the_next(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NODE_BACKOFF_SECONDS = 1
    clock = [1000.0]
    monkeypatch.setattr(nodes.time, "monotonic", lambda: clock[0])
    known = nodes.Health("http://stuck.example")
    for _ in range(130):
        known.saw_head(7)
        clock[0] += 1
    assert known.rest > 20
    known.worked()
    known.saw_head(8)
    assert not known.rest


def test_the_key_in_a_providers_address_is_not_told() -> None:
    assert nodes.name("https://user:secret@node.example:8545/v3/secret?key=secret") == "node.example:8545"


def test_a_question_to_a_contract_asks_the_node_once(dollar: Dollar, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    plain = HTTPProvider.make_request
    noted = lambda self, method, params: asked.append(method) or plain(self, method, params)  # noqa: E731
    monkeypatch.setattr(HTTPProvider, "make_request", noted)
    assert Client(CHAIN, dollar.node.url).read("TestDollar", "decimals", address=dollar.address) == 6
    assert asked == ["eth_call"]
