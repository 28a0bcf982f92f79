"""Calling a provider: bounded in time and size, and never inwards."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from marketplace.gateway import upstream


class Provider(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.seen.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/slow":
            time.sleep(1.5)
        body = b"x" * (11 * 1024 * 1024) if self.path == "/huge" else b'{"ok": true}'
        self.send_response(302 if self.path == "/elsewhere" else 200)
        if self.path == "/elsewhere":
            self.send_header("Location", "/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the caller may have had enough
            self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Provider.seen.clear()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def post(url: str) -> upstream.Answer:
    async def go() -> upstream.Answer:
        async with upstream.pool() as connections:
            return await upstream.post(connections, url, body=b"{}", headers={})

    return asyncio.run(go())


def test_a_trusted_host_answers(provider: str, settings: Any) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = [provider]
    answer = post(f"http://{provider}/")
    assert (answer.status, answer.body) == (200, b'{"ok": true}')


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]"])
def test_an_address_inside_is_never_called(provider: str, settings: Any, host: str) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = []
    port = provider.rpartition(":")[2]
    with pytest.raises(upstream.UpstreamFailed):
        post(f"http://{host}:{port}/")
    assert Provider.seen == []


def test_without_the_vetting_the_same_call_arrives(provider: str, settings: Any, monkeypatch) -> None:
    """The control: a client that does not vet reaches the service inside."""
    settings.GATEWAY_TRUSTED_HOSTS = []
    monkeypatch.setattr(upstream, "vetted", lambda host, answers: answers[0])
    port = provider.rpartition(":")[2]
    assert post(f"http://localhost:{port}/").status == 200
    assert Provider.seen == ["/"]


def test_a_redirect_is_not_followed(provider: str, settings: Any) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = [provider]
    assert post(f"http://{provider}/elsewhere").status == 302
    assert Provider.seen == ["/elsewhere"]


def test_an_answer_without_end_is_cut_off(provider: str, settings: Any) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = [provider]
    with pytest.raises(upstream.UpstreamFailed, match="larger than 10 MB"):
        post(f"http://{provider}/huge")


def test_a_slow_provider_is_given_up(provider: str, settings: Any, monkeypatch) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = [provider]
    monkeypatch.setattr(upstream, "IDLE_SECONDS", 0.3)
    with pytest.raises(upstream.UpstreamSlow, match="did not answer in time"):
        post(f"http://{provider}/slow")


def test_a_provider_that_is_down_is_said(settings: Any) -> None:
    settings.GATEWAY_TRUSTED_HOSTS = ["127.0.0.1:9"]
    with pytest.raises(upstream.UpstreamFailed, match="cannot be reached"):
        post("http://127.0.0.1:9/")


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "http://user@example.com/", "http:///"])
def test_an_address_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(upstream.UpstreamFailed):
        post(url)
