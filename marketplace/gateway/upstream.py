"""The one client that calls addresses which a user gave.

It resolves once, vets all answers and connects to the vetted one; no redirects, no proxies from the environment,
bounded in time and size. A guard test asserts that nobody else in the market constructs an HTTP client.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
from django.conf import settings
from django.utils.translation import gettext as _

from marketplace.gateway.addresses import PointsInwards, vetted

CONNECT_SECONDS = 3
IDLE_SECONDS = 30
TOTAL_SECONDS = 120
PROBE_SECONDS = 10
MAX_ANSWER_BYTES = 10 * 1024 * 1024


class UpstreamFailed(Exception):
    """The provider's service gave no usable answer; the sentence says how."""


class UpstreamSlow(UpstreamFailed):
    """The provider's service took longer than a call may."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said: HTTP status, media type and body."""

    status: int
    content_type: str
    body: bytes


STEPS: Final = {
    "connection.start_tls.complete": "secured",
    "http11.send_request_body.complete": "sent",
    "http11.receive_response_headers.complete": "answered",
}


@dataclass(slots=True)
class Trail:
    """How far one call on a connection of its own has come: each step that was done, with milliseconds from its start.

    The steps are resolved, connected, secured, sent, answered (the first byte) and complete, in this order.
    """

    began: float = field(default_factory=time.monotonic)
    steps: dict[str, int] = field(default_factory=dict)
    address: str = ""

    def note(self, step: str) -> None:
        """This step is done now."""
        self.steps.setdefault(step, self.elapsed())

    def elapsed(self) -> int:
        """Milliseconds from its start until now."""
        return int((time.monotonic() - self.began) * 1000)

    async def hear(self, event: str, _facts: dict[str, Any]) -> None:
        """What the client tells of itself while it works."""
        if event in STEPS:
            self.note(STEPS[event])


class VettingBackend(httpcore.AsyncNetworkBackend):
    """Connects to the address that was vetted, never to one that a second look-up would give."""

    def __init__(self, trail: Trail | None = None) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._trail = trail or Trail()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        target = host
        if f"{host}:{port}" not in settings.GATEWAY_TRUSTED_HOSTS:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            target = vetted(host, [str(entry[4][0]) for entry in found])
        self._trail.address = target
        self._trail.note("resolved")
        stream = await self._inner.connect_tcp(target, port, timeout, local_address, socket_options)
        self._trail.note("connected")
        return stream

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def pool(trail: Trail | None = None) -> httpcore.AsyncConnectionPool:
    """Kept-alive connections to providers; one pool an event loop, or one for the single call that leaves a trail."""
    return httpcore.AsyncConnectionPool(
        max_connections=100, max_keepalive_connections=20, network_backend=VettingBackend(trail)
    )


async def post(
    connections: httpcore.AsyncConnectionPool,
    url: str,
    *,
    body: bytes,
    headers: dict[str, str],
    trail: Trail | None = None,
) -> Answer:
    """POST JSON to a provider's service; raises UpstreamFailed with a sentence when there is no usable answer."""
    sent = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    told = {"trace": trail.hear} if trail else {}
    async with _asked(connections, "POST", url, body=body, headers=sent, total=TOTAL_SECONDS, told=told) as response:
        answer = Answer(response.status, _content_type(response), await _bounded(response))
    if trail:
        trail.note("complete")
    return answer


async def probe(connections: httpcore.AsyncConnectionPool, url: str) -> int:
    """Ask whether a provider's service is there; its HTTP status. Carries no key and no input, so it does no work."""
    headers = {"X-Guildhall-Probe": "1", "Accept": "*/*"}
    async with _asked(connections, "HEAD", url, body=None, headers=headers, total=PROBE_SECONDS) as response:
        return int(response.status)


@asynccontextmanager
async def _asked(
    connections: httpcore.AsyncConnectionPool,
    method: str,
    url: str,
    *,
    body: bytes | None,
    headers: dict[str, str],
    total: float,
    told: dict[str, Any] | None = None,
) -> AsyncIterator[httpcore.Response]:
    """The response to one request, its body unread; every fault, while it is read too, becomes UpstreamFailed."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and not parts.username and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise UpstreamFailed(_("The provider's address is not one that can be called."))
    idle = min(IDLE_SECONDS, total)
    timeouts = {"connect": CONNECT_SECONDS, "read": idle, "write": idle, "pool": CONNECT_SECONDS}
    sent: dict[bytes | str, bytes | str] = {"Host": parts.netloc}
    sent.update(headers)
    extensions = {"timeout": timeouts, **(told or {})}
    try:
        async with asyncio.timeout(total):
            async with connections.stream(method, url, headers=sent, content=body, extensions=extensions) as response:
                yield response
    except PointsInwards as problem:
        raise UpstreamFailed(
            _("The provider's address points into a private network, so it was not called.")
        ) from problem
    except (TimeoutError, httpcore.TimeoutException) as problem:
        raise UpstreamSlow(_("The provider's service did not answer in time.")) from problem
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
        raise UpstreamFailed(_("The provider's service cannot be reached.")) from problem


async def _bounded(response: httpcore.Response) -> bytes:
    chunks, size = [], 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise UpstreamFailed(_("The provider's answer is larger than 10 MB."))
        chunks.append(chunk)
    return b"".join(chunks)


def _content_type(response: httpcore.Response) -> str:
    values = [value.decode("latin-1") for name, value in response.headers if name.lower() == b"content-type"]
    return values[0] if values else "application/octet-stream"
