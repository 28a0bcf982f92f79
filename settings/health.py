"""Is this process alive; is the market ready to serve?"""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse

from chain import status
from marketplace.tenancy import door
from marketplace.tenancy.checks import bound_role


@door.public
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def _database() -> str:
    """It answers, and to a role that the row policies bind; with any other the market must not serve."""
    faults = bound_role(databases=["default"])
    return str(faults[0].msg) if faults else "ok"


def _cache() -> str:
    cache.set("readyz", "ok", 5)
    return str(cache.get("readyz", "lost"))


def _chain() -> str:
    """Every chain is copied, level with its head, and confirmed by its witness; the reason where one is frozen."""
    faults = [f"{chain}: {_why(lag)}" for chain in settings.CHAINS if not (lag := status.lag(chain)).ok]
    return "; ".join(faults) or "ok"


def _why(lag: status.Lag) -> str:
    if lag.frozen:
        return f"frozen. {lag.frozen}"
    unconfirmed = f", final {lag.final}, {lag.seconds_unconfirmed:.0f} s unconfirmed" if lag.seconds_unconfirmed else ""
    return f"{lag.seconds_behind:.0f} s behind (head {lag.head}, copied {lag.copied}{unconfirmed})"


PARTS: dict[str, Callable[[], str]] = {"database": _database, "valkey": _cache, "chain": _chain}


@door.public
def ready(request: HttpRequest) -> HttpResponse:
    """Database, Valkey and chain, each ok or a sentence; 503 if one is ill."""
    found = {}
    for name, probe in PARTS.items():
        try:
            found[name] = probe()
        except Exception as problem:  # whatever a dead server raises is the answer here
            found[name] = type(problem).__name__
    well = all(state == "ok" for state in found.values())
    return JsonResponse({"status": "ok" if well else "ill", **found}, status=200 if well else 503)
