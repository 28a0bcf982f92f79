"""What a session remembers of wallets: the secret that binds messages to it, and the address that was proved in it."""

import secrets
import time

from django.http import HttpRequest

from marketplace.accounts.services import PROOF_LASTS

BROWSER, PROVEN = "wallet_browser", "wallet_proven"


def browser(request: HttpRequest) -> str:
    """The secret of this browser's session, made when it is first asked for."""
    if BROWSER not in request.session:
        request.session[BROWSER] = secrets.token_urlsafe(24)
    return str(request.session[BROWSER])


def keep(request: HttpRequest, address: str) -> None:
    """Remember for a while that this browser signed with the key of `address`."""
    request.session[PROVEN] = {"address": address, "at": time.time()}


def recent(request: HttpRequest) -> str:
    """The address that was kept, or nothing."""
    found = request.session.get(PROVEN)
    if not found or time.time() - found["at"] > PROOF_LASTS.total_seconds():
        return ""
    return str(found["address"])


def forget(request: HttpRequest) -> None:
    """Use it once."""
    request.session.pop(PROVEN, None)
