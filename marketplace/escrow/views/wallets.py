"""How the server talks with the page's wallet: JSON in, JSON out, a no as a sentence (see static/js/wallet.js)."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chain.failpoints import LOCAL_CHAINS
from marketplace.escrow.terms import chain_number
from marketplace.lifecycle import Refused
from marketplace.tenancy.door import ActedRequest

Talk = Callable[..., dict[str, Any]]


def talk(view: Talk) -> Callable[..., HttpResponse]:
    """A view that takes what the wallet said as `said` and answers what to do next; Refused becomes its sentence."""

    @require_POST
    @wraps(view)
    def inside(request: ActedRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            said = json.loads(request.body or b"{}")
            if not isinstance(said, dict):
                raise ValueError
        except ValueError:
            return JsonResponse(
                {"sentence": _("This request could not be read. Reload the page and try again.")}, status=400
            )
        try:
            return JsonResponse(view(request, *args, said=said, **kwargs))
        except Refused as refused:
            return JsonResponse({"sentence": str(refused)}, status=422)

    return inside


def text(said: dict[str, Any], name: str) -> str:
    """What the wallet said under a name; raises Refused when it said nothing."""
    value = said.get(name)
    if not isinstance(value, str) or not value or len(value) > 10_000:
        raise Refused(_("Your wallet's answer did not arrive whole. Please try again."))
    return value


def network(chain: str) -> dict[str, Any]:
    """What a wallet is told about a chain that it may not know. Only a local chain's node is named."""
    facts: dict[str, Any] = {
        "chainId": chain_number(chain),
        "name": _("Network %(chain)s") % {"chain": chain_number(chain)},
    }
    if chain in LOCAL_CHAINS:
        facts["name"] = _("Guildhall on this machine")
        facts["rpcUrls"] = [settings.CHAINS[chain]["rpc_url"]]
        facts["currency"] = {"name": _("Ether"), "symbol": "ETH", "decimals": 18}
    return facts
