"""The gateway itself: one address a tool, a key in the header, the provider's answer passed through."""

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any, TypeVar

import httpcore
from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from marketplace.gateway import services, upstream
from marketplace.gateway.charging import Charge
from marketplace.gateway.runs import understood
from marketplace.tenancy import door

MAX_BODY_BYTES = 3 * 1024 * 1024
T = TypeVar("T")
_pool: list[httpcore.AsyncConnectionPool] = []


@csrf_exempt
async def call(request: HttpRequest, slug: str) -> HttpResponse:
    """POST JSON with `Authorization: Bearer gh_…`; the answer is the provider's, or says in words why there is none."""
    try:
        body, key = _checked(request)
        going = await _in_database(services.begin_call, key_text=key, slug=slug, size=len(body))
    except services.CallRefused as refused:
        return _refusal(refused)
    try:
        answer = await upstream.post(_connections(), going.endpoint, body=body, headers=going.headers)
    except upstream.UpstreamFailed as problem:
        slow = isinstance(problem, upstream.UpstreamSlow)
        charge = await _in_database(services.finish_call, going, outcome="timed_out" if slow else "failed")
        code, status = ("provider_slow", 504) if slow else ("provider_failed", 502)
        return _refusal(services.CallRefused(status, code, str(problem)), _told(going, charge))
    ending = understood(answer)
    ended = {"outcome": ending.outcome, "status": ending.status, "size": ending.size}
    charge = await _in_database(services.finish_call, going, **ended)
    if ending.outcome == "failed":
        return _refusal(services.CallRefused(502, "provider_failed", ending.error), _told(going, charge))
    told = _told(going, charge)
    return HttpResponse(answer.body, status=answer.status, content_type="application/json", headers=told)


door.marked(call, "key")


def _checked(request: HttpRequest) -> tuple[bytes, str]:
    if request.method != "POST":
        raise services.CallRefused(405, "post_only", _("Send the input as JSON with POST."))
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY_BYTES:
        raise services.CallRefused(413, "too_large", _("The input is larger than 3 MB."))
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise services.CallRefused(401, "no_key", _("Send your key in the header: Authorization: Bearer gh_…"))
    body = request.body
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        raise services.CallRefused(400, "not_json", _("The input is not valid JSON.")) from None
    return body, key


def _told(call: services.Call, charge: Charge | None) -> dict[str, str]:
    """What a program is told beside the answer: the call's id; the cost of a call that is paid by itself and what is
    left of its deposit, in base units; until when calls pass, in UTC, where the paid time is over.
    """
    told = {"X-Request-Id": call.headers["X-Request-Id"]}
    if charge:
        told |= {"X-Call-Cost": str(charge.cost), "X-Deposit-Left": str(charge.left)}
    if call.grace_ends_at:
        told["X-Grace-Ends"] = f"{call.grace_ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return told


def _refusal(refused: services.CallRefused, told: dict[str, str] | None = None) -> JsonResponse:
    error = {"code": refused.code, "message": str(refused)}
    headers = dict(told or {})
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JsonResponse({"error": error}, status=refused.status, headers=headers)


def _connections() -> httpcore.AsyncConnectionPool:
    if not _pool:
        _pool.append(upstream.pool())
    return _pool[0]


async def _in_database(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a service in a thread, and give its connection back to the pool afterwards."""

    def inside() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    return await sync_to_async(inside, thread_sensitive=False)()
