"""The HTTP side: one asyncio process on the loopback address, HTTP/1.1 by h11, limits on everything a client sends."""

import asyncio
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import h11

from .manifests import MANIFESTS, by_slug
from .pool import Busy, Pool, TooSlow

BODY_LIMIT = 3 * 1024 * 1024
CONNECTIONS = 64
READ_SECONDS = 15.0
IDLE_SECONDS = 75.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
Log = Callable[..., None]


@dataclass
class Reply:
    """One HTTP answer; the body is JSON."""

    status: int
    body: bytes
    log: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)


def refusal(status: int, message: str, *headers: tuple[str, str], field: str | None = None) -> Reply:
    """Return an answer that says no in one sentence."""
    body = json.dumps({"error": {"message": message, "field": field}}, ensure_ascii=False).encode()
    return Reply(status, body, headers=list(headers))


class Service:
    """Answers the requests: manifests to everybody, computations to who has the key."""

    def __init__(self, key: str, pool: Pool, log: Log) -> None:
        self._key, self._pool, self._log = key.encode(), pool, log
        self._connections = 0
        manifests = {manifest.slug: manifest.as_json() for manifest in MANIFESTS}
        self._pages = {f"/{slug}/": json.dumps(one, ensure_ascii=False).encode() for slug, one in manifests.items()}
        self._pages["/"] = json.dumps({"tools": list(manifests.values())}, ensure_ascii=False).encode()
        self._pages["/healthz"] = b'{"status": "ok"}'

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it closes, is idle too long or breaks the protocol."""
        self._connections += 1
        try:
            if self._connections <= CONNECTIONS:
                await self._requests(reader, writer)
        except (ConnectionError, TimeoutError, h11.ProtocolError):
            pass
        finally:
            self._connections -= 1
            writer.close()

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = h11.Connection(h11.SERVER, max_incomplete_event_size=32 * 1024)
        while True:
            try:
                request = await asyncio.wait_for(self._event(wire, reader, writer), IDLE_SECONDS)
                if not isinstance(request, h11.Request):
                    return
                started = time.monotonic()
                reply = await self._reply(request, wire, reader, writer)
            except h11.RemoteProtocolError as error:
                request, started = None, time.monotonic()
                reply = refusal(error.error_status_hint, "The request is not valid HTTP.")
            await self._send(wire, writer, request, reply, started)
            if wire.our_state is not h11.DONE or wire.their_state is not h11.DONE:
                return
            wire.start_next_cycle()

    @staticmethod
    async def _event(
        wire: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = wire.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            if wire.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                writer.write(wire.send(go_on) or b"")
            wire.receive_data(await reader.read(65536))

    async def _reply(
        self, request: h11.Request, wire: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Reply:
        early = self._refused(request)
        if early is not None:
            return early
        body = bytearray()
        try:
            async with asyncio.timeout(READ_SECONDS):
                while isinstance(event := await self._event(wire, reader, writer), h11.Data):
                    body += event.data
                    if len(body) > BODY_LIMIT:
                        return refusal(413, "The request is larger than 3 MB.")
        except TimeoutError:
            return refusal(408, "The request did not arrive in time.")
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionError
        path = request.target.decode("ascii", "replace").partition("?")[0]
        if request.method in (b"GET", b"HEAD"):
            return Reply(200, self._pages[path])
        return await self._computed(path.strip("/"), bytes(body))

    def _refused(self, request: h11.Request) -> Reply | None:
        """Return the answer that needs no body: wrong place, wrong method, no key, too large by its own account."""
        path = request.target.decode("ascii", "replace").partition("?")[0]
        headers = dict(request.headers)
        if path not in self._pages:
            tools = ", ".join(sorted(by_slug()))
            return refusal(404, f"There is no such tool. The tools are: {tools}.")
        if request.method in (b"GET", b"HEAD"):
            return None
        if request.method != b"POST" or path in ("/", "/healthz"):
            allowed = "GET, HEAD" if path in ("/", "/healthz") else "GET, HEAD, POST"
            return refusal(405, "This address does not take that method.", ("Allow", allowed))
        given = headers.get(b"authorization", b"")
        if not hmac.compare_digest(given, b"Bearer " + self._key):
            return refusal(401, "The key is missing or wrong.", ("WWW-Authenticate", "Bearer"))
        if int(headers.get(b"content-length", b"0")) > BODY_LIMIT:
            return refusal(413, "The request is larger than 3 MB.")
        return None

    async def _computed(self, slug: str, body: bytes) -> Reply:
        try:
            answer = await self._pool.ask(slug, body)
        except Busy:
            return refusal(503, "The tools are busy; please try again in a few seconds.", ("Retry-After", "5"))
        except TooSlow:
            return refusal(422, f"This took longer than {self._pool.seconds:g} seconds; please try a smaller file.")
        return Reply(answer.status, answer.body, answer.log)

    async def _send(
        self,
        wire: h11.Connection,
        writer: asyncio.StreamWriter,
        request: h11.Request | None,
        reply: Reply,
        started: float,
    ) -> None:
        given = dict(request.headers).get(b"x-request-id", b"").decode("ascii", "replace") if request else ""
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(reply.body))),
            ("X-Request-Id", request_id),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            *reply.headers,
        ]
        if wire.their_state is not h11.DONE:
            headers.append(("Connection", "close"))
        out = wire.send(h11.Response(status_code=reply.status, headers=headers)) or b""
        head_only = request is not None and request.method == b"HEAD"
        out += (b"" if head_only else wire.send(h11.Data(data=reply.body)) or b"") + (
            wire.send(h11.EndOfMessage()) or b""
        )
        writer.write(out)
        await asyncio.wait_for(writer.drain(), READ_SECONDS)
        if request is not None and reply.status == 200 and (request.target == b"/healthz" or head_only):
            return  # a probe every second would drown the log
        self._log(
            "request",
            level="error" if reply.status >= 500 else "info",
            request_id=request_id,
            method=request.method.decode("ascii", "replace") if request else None,
            path=request.target.decode("ascii", "replace")[:200] if request else None,
            status=reply.status,
            ms=round((time.monotonic() - started) * 1000, 1),
            **({"fault": reply.log} if reply.log else {}),
        )
