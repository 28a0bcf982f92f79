"""How often somebody may try. Counters live in the cache: without it nobody gets in, and emptied they begin anew.

Rates stand in ACCOUNT_RATE_LIMITS. A try is counted for what is tried (an address, a wallet) together with where it
comes from: the /24 (IPv6: /48) network, or the browser itself when it has signed in there before. So nobody can lock
out somebody elsewhere, and a browser that is known is not locked out by its neighbours either.
"""

import ipaddress
import time

from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import get_client_ip
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import ngettext

from marketplace.accounts import devices

APP = "allauth.account"


class TooMany(Exception):
    """Tried too often; `seconds` until the next try is counted."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        minutes = -(-self.seconds // 60)
        return ngettext(
            "That was tried too often from here. Wait a minute, or try from a device on which you have signed in "
            "before. Nothing is lost, and nobody else can lock you out there.",
            "That was tried too often from here. Wait %(minutes)s minutes, or try from a device on which you have "
            "signed in before. Nothing is lost, and nobody else can lock you out there.",
            minutes,
        ) % {"minutes": minutes}


def network(request: HttpRequest, *, six: int = 48) -> str:
    """The /24, or of IPv6 the /48 or what `six` says, that the request comes from, by the proxy that settings trust or
    by the connection itself."""
    found = get_client_ip(request)
    if not found:
        raise PermissionDenied("Without an address nobody can sign in.")
    address = ipaddress.ip_address(found)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else six}", strict=False))


def place(request: HttpRequest, what: str) -> str:
    """Where tries at `what` are counted: in this browser if it is known to belong there, else in its network."""
    return devices.known(request, what) or network(request)


def consume(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage:
    """Count one try; raises TooMany. The answer can be taken back with `.rollback()`."""
    usage = ratelimit.consume(request, app=APP, action=action, key=key, limit_get=True)
    if usage is None:
        raise TooMany(_wait(request, action, key))
    return usage


def is_spent(request: HttpRequest, action: str, key: str) -> bool:
    """Whether the next try would be one too many; counts nothing."""
    return ratelimit.consume(request, app=APP, action=action, key=key, dry_run=True, limit_get=True) is None


def _wait(request: HttpRequest, action: str, key: str) -> int:
    now, longest = time.time(), 1.0
    for rate in ratelimit.get_rates(app=APP, action=action):
        history = cache.get(ratelimit.get_cache_key(request, app=APP, action=action, rate=rate, key=key), [])
        if len(history) >= rate.amount:
            longest = max(longest, history[rate.amount - 1] + rate.duration - now)
    return int(longest) + 1
