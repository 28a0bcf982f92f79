"""A JSON-RPC proxy between us and the node that goes wrong on purpose. One fault at a time, set by the test."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


class FaultyNode:
    """`fault` says what is wrong with the node now; `behind` by how many blocks it lags.

    none, delay, error_500, html, too_many, dropped, lost_answer; lagging, stale_head, future_head, empty_logs.
    """

    def __init__(self, url: str) -> None:
        self.fault, self.behind, self.asked = "none", 3, 0
        self.upstream = httpx.Client(base_url=url, trust_env=False, timeout=30)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                proxy.asked += 1
                status, content = proxy.answer(json.loads(body))
                if content is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, body: Any) -> tuple[int, bytes | None]:
        if self.fault == "delay":
            time.sleep(0.3)
        if self.fault == "error_500":
            return 500, b"Internal Server Error"
        if self.fault == "too_many":
            return 429, b'{"error": "slow down"}'
        if self.fault == "html":
            return 200, b"<html><body>Please sign in</body></html>"
        if self.fault == "dropped":
            return 0, None
        one = isinstance(body, dict)
        calls = [body] if one else body
        answers = self.upstream.post("/", json=calls).json()
        if self.fault == "lost_answer":
            return 0, None
        by_id = {answer["id"]: answer for answer in answers}
        bent = [self.bend(call, by_id[call["id"]]) for call in calls]
        return 200, json.dumps(bent[0] if one else bent).encode()

    def head(self) -> int:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
        return int(self.upstream.post("/", json=body).json()["result"], 16)

    def known(self) -> int:
        """The newest block of a node that lags."""
        return self.head() - self.behind

    def block(self, number: int) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [hex(number), False]}
        return self.upstream.post("/", json=body).json()["result"]

    def bend(self, call: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """The answer of an ill node to one call."""
        method, params = call["method"], call["params"]
        result = answer.get("result")
        if method == "eth_getLogs":
            return self.bend_logs(params[0], answer)
        if method == "eth_getBlockByNumber" and params[0] == "latest":
            if self.fault in {"lagging", "stale_head"}:
                return {**answer, "result": self.block(self.known())}
            if self.fault == "future_head":
                return {**answer, "result": {**result, "number": hex(int(result["number"], 16) + 1000)}}
        elif method == "eth_getBlockByNumber" and self.fault == "lagging" and int(params[0], 16) > self.known():
            return {**answer, "result": None}
        return answer

    def bend_logs(self, question: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """A lagging node answers a range with what it has and no error; by hash it says what it lacks."""
        if self.fault == "empty_logs" and "result" in answer:
            return {**answer, "result": []}
        if self.fault != "lagging" or "result" not in answer:
            return answer
        known = self.known()
        kept = [log for log in answer["result"] if int(log["blockNumber"], 16) <= known]
        if "blockHash" in question and len(kept) < len(answer["result"]):
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "unknown block"}}
        return {**answer, "result": kept}
