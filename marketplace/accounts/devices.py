"""Browsers in which somebody has signed in before. The cookie opens nothing; it only says where tries are counted."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "device"
SALT = "marketplace.accounts.devices"
LIFETIME = 180 * 86_400
MOST = 5  # people who share a browser


def _digest(name: str) -> str:
    return hashlib.sha256(name.lower().encode()).hexdigest()[:32]


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def known(request: HttpRequest, name: str) -> str:
    """The number of this browser if `name` (an e-mail address or a wallet) has signed in here, else nothing."""
    found = _read(request)
    return str(found["id"]) if _digest(name) in found.get("names", []) else ""


def remember(request: HttpRequest, response: HttpResponse, names: list[str]) -> None:
    """Note that these addresses have signed in here."""
    found = _read(request)
    digests = [_digest(name) for name in names]
    value = {
        "id": found.get("id") or secrets.token_urlsafe(12),
        "names": [*digests, *(old for old in found.get("names", []) if old not in digests)][: 2 * MOST],
    }
    response.set_cookie(
        COOKIE,
        signing.dumps(value, salt=SALT),
        max_age=LIFETIME,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
