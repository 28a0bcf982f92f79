"""A JSON-RPC proxy between us and the node that goes wrong on purpose: one fault, or a plan of them drawn from a seed.

By hand: `python -m tests.chain.proxy URL --fault lagging`, or `--seed 3` for a mixture that repeats itself.
"""

import argparse
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx

from tests.chain.illness import Illness

# name → what the one who asks sees
TRANSPORT = {
    "timeout": "the connection stands, no answer comes",
    "drip": "the answer comes a byte at a time",
    "delay": "the answer comes late",
    "too_many": "429 with Retry-After",
    "error_500": "500",
    "html": "200 with a page of somebody else",
    "truncated": "200 with half of the JSON",
    "dropped": "the connection ends before the node was asked",
    "lost_answer": "the connection ends after the node did what was asked",
}
ANSWERS = {
    "wrong_chain": "a backend of another chain answers, with blocks, counts and receipts of its own",
    "stale_head": "the newest block is an older one; all else is there",
    "future_head": "the newest block claims to be a thousand higher",
    "lagging": "the backend is some blocks behind, and answers ranges it does not have with no logs and no error",
    "old_branch": "the backend has not heard of the last reorg: it serves the orphaned blocks, logs and receipts",
    "split": "every other call, also inside a batch, goes to a lagging backend",
    "split_branch": "every other call, also inside a batch, goes to a backend on the orphaned branch",
    "null_block": "every block is null",
    "no_receipt": "receipts are null although the transaction is in a block",
    "empty_logs": "no logs, no error",
    "duplicated_logs": "every log twice",
}
FAULTS = {**TRANSPORT, **ANSWERS}
STATUS = {"error_500": (500, b"Internal Server Error"), "too_many": (429, b'{"error": "slow down"}')}
PAGE = b"<html><body>Please sign in</body></html>"


def planned(seed: int, *, rate: float = 0.3, faults: list[str] | None = None) -> Iterator[str]:
    """A fault for each request to come, the same for the same seed; an illness lasts for one to four requests."""
    chance, names = random.Random(seed), faults or sorted(FAULTS)
    while True:
        if chance.random() >= rate:
            yield "none"
            continue
        name = chance.choice(names)
        yield from [name] * chance.randint(1, 4)


class Handler(BaseHTTPRequestHandler):
    """One request, answered as ill as `proxy` says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: "FaultyNode"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status, content = self.proxy.answer(body)
        if content is None:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if status == 429:
            self.send_header("retry-after", self.proxy.retry_after)
        self.end_headers()
        self._write(content, self.proxy.drip_seconds if self.proxy.fault == "drip" else 0.0)

    def _write(self, content: bytes, pause: float) -> None:
        """Until all is written or nobody listens any more; with a pause after each byte of a dripping answer."""
        step = 1 if pause else len(content) or 1
        try:
            for start in range(0, len(content), step):
                self.wfile.write(content[start : start + step])
                time.sleep(pause)
        except OSError:
            self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # whoever asked gave up
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        pass


class FaultyNode:
    """`fault` says what is wrong with the node now, `behind` by how many blocks it lags; `plan` changes the fault.

    `met` counts what was wrong how often. `rewrite` changes the calls before anything else sees them, as a caller
    that asks otherwise would. `lacks` are methods that the node does not know.
    """

    def __init__(self, url: str, *, port: int = 0) -> None:
        self.fault, self.behind, self.asked = "none", 3, 0
        self.plan: Iterator[str] | None = None
        self.met: Counter[str] = Counter()
        self.patience, self.drip_seconds, self.delay_seconds, self.retry_after = 60.0, 0.05, 0.3, "0"
        self.rewrite: Callable[[dict[str, Any]], dict[str, Any]] = lambda call: call
        self.lacks: set[str] = set()
        self.upstream = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self.illness = Illness(self.ask)
        self._turn, self._closing, self._counting = count(), threading.Event(), threading.Lock()
        handler = type("Handler", (Handler,), {"proxy": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._closing.set()
        self.server.shutdown()
        self.server.server_close()

    def healthy(self) -> None:
        """Well again, and for good."""
        self.plan, self.fault = None, "none"

    def ask(self, method: str, *params: Any) -> Any:
        """The healthy node's own answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self.upstream.post("/", json=body).json().get("result")

    def answer(self, body: Any) -> tuple[int, bytes | None]:
        """Status and content for one request, which may be a batch; nothing at all when the content is None."""
        with self._counting:  # an engine may ask for two things at once
            self.asked += 1
            if self.plan:
                self.fault = next(self.plan)
            fault = self.fault
            self.met[fault] += 1
        if fault in STATUS:
            return STATUS[fault]
        if fault == "html":
            return 200, PAGE
        if fault == "dropped":
            return 0, None
        if fault == "timeout":
            self._closing.wait(self.patience)
            return 0, None
        if fault == "delay":
            time.sleep(self.delay_seconds)
        content = self._content(body, fault)
        if fault == "lost_answer":
            return 0, None
        if fault == "truncated":
            content = content[: len(content) // 2]
        return 200, content

    def _content(self, body: Any, fault: str) -> bytes:
        """What the node says to the calls, each bent by the fault."""
        one = isinstance(body, dict)
        calls = [self.rewrite(call) for call in ([body] if one else body)]
        by_id = {call["id"]: said for call in calls if (said := self._refused(call, fault))}
        if passed_on := [call for call in calls if call["id"] not in by_id]:
            by_id |= {answer["id"]: answer for answer in self.upstream.post("/", json=passed_on).json()}
        bent = [self.bend(call, by_id[call["id"]]) for call in calls]
        return json.dumps(bent[0] if one else bent).encode()

    def _refused(self, call: dict[str, Any], fault: str) -> dict[str, Any] | None:
        """The error with which a call ends before it reaches the node of our chain."""
        error: dict[str, Any] = {}
        if call["method"] in self.lacks:
            error = {"code": -32601, "message": f"the method {call['method']} does not exist"}
        elif fault == "wrong_chain" and call["method"] == "eth_sendRawTransaction":
            error = {"code": -32000, "message": "invalid chain id for signer"}
        return {"jsonrpc": "2.0", "id": call["id"], "error": error} if error else None

    def bend(self, call: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """The answer of an ill node to one call; of a split one, every other call goes to the ill backend."""
        ill = {"split": "lagging", "split_branch": "old_branch"}.get(self.fault)
        backend = self.fault if ill is None else ill if next(self._turn) % 2 else "none"
        return self.illness.bend(call, answer, backend, self.behind)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A JSON-RPC proxy that goes wrong on purpose.", prog="proxy")
    parser.add_argument("url", help="the node's address")
    parser.add_argument("--fault", choices=["none", *FAULTS], default="none", help="what is wrong all the time")
    parser.add_argument("--seed", type=int, help="a mixture of all faults, drawn from this seed")
    parser.add_argument("--rate", type=float, default=0.3, help="how often an illness of the mixture begins")
    parser.add_argument("--behind", type=int, default=3, help="by how many blocks a lagging backend lags")
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    proxy = FaultyNode(asked.url, port=asked.port)
    proxy.fault, proxy.behind = asked.fault, asked.behind
    if asked.seed is not None:
        proxy.plan = planned(asked.seed, rate=asked.rate)
    print(f"{socket.gethostname()}: {proxy.url} stands before {asked.url}", flush=True)  # noqa: T201
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        proxy.close()
        print(dict(proxy.met))  # noqa: T201


if __name__ == "__main__":
    main()
